# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badgr's own API, as the real one was seen to behave (Badgr facts, section 2)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from tests.simulators.checking import PhotoError, RefusedError, check
from tests.simulators.serving import Simulator

if TYPE_CHECKING:
    from tests.simulators.serving import Account

Answer = Response | tuple[Response, int]

UNKNOWN = "no valid auth token found"
#: It says so to whoever has no confirmed address, lacks a right, or asks for what is not there.
CLOSED = "entity not found or insufficient privileges"
PAGE = "<!doctype html><title>Not Found</title><h1>Not Found</h1>"
READ, WRITE = ("r:backpack", "rw:backpack"), ("rw:backpack",)


def told(description: str, status: int, errors: list[str] | None = None) -> tuple[Response, int]:
    """Return the envelope in which version 2 refuses."""
    head = {"success": False, "description": description}
    answer = jsonify(status=head, result=[], fieldErrors={}, validationErrors=errors or [])
    return answer, status


class BadgrSimulator(Simulator):
    """A Badgr; without version 2 where ``formerly`` is set."""

    formerly = False
    #: The name of the application that everybody may use, and what it may ask for.
    client = "public"
    scopes = frozenset({"rw:profile", "rw:backpack", "rw:issuer"})

    def prepare(self) -> None:
        """Add the routes."""
        self.misses: dict[str, int] = {}
        entities = "/v2/backpack/assertions"
        former = "/v1/earner/badges"
        routes: list[tuple[str, str, Any]] = [
            ("POST", "/o/token", self._token),
            ("GET", "/v2/users/self", self._self),
            ("POST", "/v2/backpack/import", self._import),
            ("GET", entities, self._list),
            ("POST", entities, lambda: Response("NotImplementedError", 500)),
            ("DELETE", f"{entities}/<entity>", self._delete),
            ("GET", former, self._list_formerly),
            ("POST", former, self._import_formerly),
            ("DELETE", f"{former}/<entity>", self._delete_formerly),
        ]
        for method, path, view in routes:
            self.app.add_url_rule(path, f"{method} {path}", view, methods=[method])

    def missing(self) -> Response | None:
        """Return the page that tells it has no version 2."""
        return Response(PAGE, 404) if self.formerly and request.path.startswith("/v2/") else None

    def _token(self) -> Answer:
        form = request.form
        if form.get("client_id", self.client) != self.client:
            return _early({"error": "invalid client_id"}, 400)
        if not set(form.get("scope", "").split()) <= self.scopes:
            return _early({"error": "invalid scope requested"}, 400)
        if form.get("grant_type", "password") == "refresh_token":
            email = self.renewals.pop(form["refresh_token"], None)
            return self.granted(email) if email else (jsonify(error="invalid_grant"), 401)
        username = form.get("username", "")
        account = self.accounts.get(username)
        if self.misses.get(username, 0) >= 3:  # in truth it is a matter of seconds
            said = "Too many login attempts. Please wait and try again."
            return _early({"error": "login attempts throttled", "error_description": said}, 401)
        if account is None or account.password != form.get("password"):
            self.misses[username] = self.misses.get(username, 0) + 1
            said = "Invalid credentials given."
            return jsonify(error="invalid_grant", error_description=said), 401
        return self.granted(username)

    def _self(self) -> Answer:
        account = self.whose()
        if account is None:
            return told(UNKNOWN, 401)
        if not self.may("r:profile", "rw:profile"):
            return told(CLOSED, 404)
        emails = [
            {"email": email, "verified": known, "primary": number == 0, "caseVariants": []}
            for number, (email, known) in enumerate(account.emails.items())
        ]
        return jsonify(status={"success": True, "description": "ok"}, result=[{"emails": emails}])

    def _import(self) -> Answer:
        account = self._opened(*WRITE)
        if not isinstance(account, tuple):
            body = request.get_json()
            if isinstance(body.get("assertion"), str):
                text = 'Expected a dictionary of items but got type "str".'
                return told("bad request", 400, [text])
            if len({"url", "image", "assertion"} & set(body)) != 1:
                text = "Must provide only one of 'url', 'image' or 'assertion'."
                return told("bad request", 400, [text])
            try:
                kept = self._take(account, body["url"])
            except RefusedError as error:
                return told("bad request", 400, error.mixed())
            except PhotoError:
                return Response("<h1>Bad Request (400)</h1>", 400)
            return jsonify(status={"success": True, "description": "ok"}, result=[kept]), 201
        return account

    def _import_formerly(self) -> Answer:
        account = self._opened_formerly(*WRITE)
        if isinstance(account, tuple):
            return account
        try:
            kept = self._take(account, request.get_json()["url"])
        except RefusedError as error:
            return jsonify(error.plain()), 400
        except PhotoError:
            return Response("<h1>Bad Request (400)</h1>", 400)
        return jsonify(id=kept["entityId"], pending=kept["pending"]), 201

    def _take(self, account: Account, url: str) -> dict[str, Any]:
        document, is_pending = check(url, account)
        if document["id"] in account.badges:
            raise RefusedError("DUPLICATE_BADGE", "You already have this badge in your backpack")
        kept = account.badges[document["id"]] = {
            "entityId": secrets.token_urlsafe(16),
            "openBadgeId": document["id"],
            "pending": is_pending,
        }
        self.stored()
        return kept

    def _list(self) -> Answer:
        account = self._opened(*READ)
        if isinstance(account, tuple):
            return account
        hides = request.args.get("include_pending") not in {"1", "true"}
        kept = [each for each in account.badges.values() if not (hides and each.get("pending"))]
        return jsonify(status={"success": True, "description": "ok"}, result=kept)

    def _list_formerly(self) -> Answer:
        account = self._opened_formerly(*READ)
        if isinstance(account, tuple):
            return account
        is_plain = request.args.get("json_format") == "plain"
        ids = [(each.get("entityId"), name) for name, each in account.badges.items()]
        return jsonify(
            [
                {"id": entity, "json": {"id": name if is_plain else {"type": "@id", "id": name}}}
                for entity, name in ids
            ]
        )

    def _delete(self, entity: str) -> Answer:
        account = self._opened(*WRITE)
        if isinstance(account, tuple):
            return account
        return Response(status=204) if _removed(account, entity) else told(CLOSED, 404)

    def _delete_formerly(self, entity: str) -> Answer:
        account = self._opened_formerly(*WRITE)
        if isinstance(account, tuple):
            return account
        is_gone = _removed(account, entity)
        return Response(status=204) if is_gone else (jsonify(detail="Not found."), 404)

    def _opened(self, *rights: str) -> Account | tuple[Response, int]:
        account = self.whose()
        if account is None:
            return told(UNKNOWN, 401)
        return account if account.is_verified and self.may(*rights) else told(CLOSED, 404)

    def _opened_formerly(self, *rights: str) -> Account | tuple[Response, int]:
        account = self.whose()
        if account is None:
            return jsonify(detail="Authentication credentials were not provided."), 401
        if account.is_verified and self.may(*rights):
            return account
        return jsonify(detail="You do not have permission to perform this action."), 403


def _removed(account: Account, entity: str) -> bool:
    for name, kept in list(account.badges.items()):
        if kept.get("entityId") == entity:
            del account.badges[name]
            return True
    return False


def _early(body: dict[str, str], status: int) -> Response:
    """Return what it answers before its OAuth library looks: JSON that it calls a page."""
    answer = jsonify(body)
    answer.status_code, answer.mimetype = status, "text/html"
    return answer
