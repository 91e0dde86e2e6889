# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badgr's own API, as the real one was seen to behave."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from tests.simulators.checking import RefusedError, check
from tests.simulators.serving import Simulator

if TYPE_CHECKING:
    from tests.simulators.serving import Account

CLOSED = {
    "status": {"success": False, "description": "entity not found or insufficient privileges"},
    "result": [],
}


class BadgrSimulator(Simulator):
    """A Badgr; without version 2 where ``formerly`` is set."""

    formerly = False
    scopes = frozenset({"rw:profile", "rw:backpack", "rw:issuer"})

    def prepare(self) -> None:
        """Add the routes."""
        routes: list[tuple[str, str, Any]] = [
            ("POST", "/o/token", self._token),
            ("GET", "/v2/users/self", self._self),
            ("POST", "/v2/backpack/import", self._import),
            ("GET", "/v2/backpack/assertions", self._list),
            ("POST", "/v2/backpack/assertions", lambda: Response("NotImplementedError", 500)),
            ("DELETE", "/v2/backpack/assertions/<entity>", self._delete),
            ("POST", "/v1/earner/badges", self._import_formerly),
        ]
        for method, path, view in routes:
            self.app.add_url_rule(path, f"{method} {path}", view, methods=[method])

    def _token(self) -> Response | tuple[Response, int]:
        form = request.form
        if form.get("grant_type", "password") == "refresh_token":
            email = self.renewals.pop(form["refresh_token"], None)
            return self.granted(email) if email else (jsonify(error="invalid_grant"), 401)
        if not set(form.get("scope", "").split()) <= self.scopes:
            return jsonify(error="invalid scope requested"), 400
        account = self.accounts.get(form.get("username", ""))
        if account is None or account.password != form.get("password"):
            said = "Invalid credentials given."
            return jsonify(error="invalid_grant", error_description=said), 401
        return self.granted(form["username"])

    def _self(self) -> Response | tuple[Response, int]:
        account = self.whose()
        if account is None:
            return jsonify(detail="Authentication credentials were not provided."), 401
        emails = [
            {"email": email, "verified": known, "primary": number == 0}
            for number, (email, known) in enumerate(account.emails.items())
        ]
        return jsonify(status={"success": True}, result=[{"emails": emails}])

    def _import(self) -> Response | tuple[Response, int]:
        account = self._opened()
        if not isinstance(account, Response):
            if self.formerly:
                return Response("<h1>Not Found</h1>", 404)
            body = request.get_json()
            if isinstance(body.get("assertion"), str):
                return _bad(['Expected a dictionary of items but got type "str".'])
            if len({"url", "image", "assertion"} & set(body)) != 1:
                return _bad(["Must provide only one of 'url', 'image' or 'assertion'."])
            try:
                kept = self._take(account, body["url"])
            except RefusedError as error:
                return _bad(error.mixed())
            return jsonify(status={"success": True, "description": "ok"}, result=[kept]), 201
        return account

    def _import_formerly(self) -> Response | tuple[Response, int]:
        account = self._opened()
        if isinstance(account, Response):
            return account
        try:
            kept = self._take(account, request.get_json()["url"])
        except RefusedError as error:
            return jsonify(error.plain()), 400
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

    def _list(self) -> Response:
        account = self._opened()
        return (
            account
            if isinstance(account, Response)
            else jsonify(result=list(account.badges.values()))
        )

    def _delete(self, entity: str) -> Response:
        account = self._opened()
        if isinstance(account, Response):
            return account
        for name, kept in list(account.badges.items()):
            if kept["entityId"] == entity:
                del account.badges[name]
                return Response(status=204)
        return Response(status=404)

    def _opened(self) -> Account | Response:
        account = self.whose()
        if account is None:
            answer = jsonify(detail="Authentication credentials were not provided.")
            answer.status_code = 401
            return answer
        if not account.is_verified:
            answer = jsonify(CLOSED)
            answer.status_code = 404
            return answer
        return account


def _bad(texts: list[str]) -> tuple[Response, int]:
    status = {"success": False, "description": "bad request"}
    return jsonify(status=status, result=[], fieldErrors={}, validationErrors=texts), 400
