# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hosts where one signs in with a code, and those of Badge Connect: by its rules, or as Badgr."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlencode, urlsplit

import requests
from flask import Response, jsonify, redirect, request

from tests.simulators.checking import RefusedError, check
from tests.simulators.serving import Simulator

if TYPE_CHECKING:
    from tests.simulators.serving import Account

SCOPES2 = [
    f"https://purl.imsglobal.org/spec/ob/v2p1/scope/{name}"
    for name in ("assertion.readonly", "assertion.create", "profile.readonly", "profile.update")
]
METADATA = {"token_endpoint_auth_method": "client_secret_basic", "response_types": ["code"]}
ADDRESSES = ("client_uri", "logo_uri", "tos_uri", "policy_uri")
PAGE = """<!doctype html><title>Sign in</title><h1>Sign in</h1>
<form method="post"><input name="email" value="{email}">
<button name="allow" value="yes">Allow</button> <button name="allow" value="no">Deny</button>
</form>"""


@dataclass
class Code:
    """What somebody allowed, until it is redeemed."""

    email: str
    client: str
    redirect_uri: str
    challenge: str


class HostSimulator(Simulator):
    """A host where one signs in with a code."""

    scopes: list[str]
    refuses_offline = False

    def prepare(self) -> None:
        """Add the routes of the login."""
        self.clients: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, Code] = {}
        self.routes(
            ("POST", "/register", self._register),
            ("GET", "/authorize", self._ask),
            ("POST", "/authorize", self._allow),
            ("POST", "/token", self._token),
        )

    def routes(self, *routes: tuple[str, str, Any]) -> None:
        """Add routes."""
        for method, path, view in routes:
            self.app.add_url_rule(path, f"{method} {path}", view, methods=[method])

    def _register(self) -> tuple[Response, int]:
        body = request.get_json()
        needed = ("client_name", *ADDRESSES, "software_id", "software_version", "redirect_uris")
        if missing := [name for name in needed if not body.get(name)]:
            return jsonify(error=f"{missing} required"), 400
        named = [*(body[name] for name in ADDRESSES), *body["redirect_uris"]]
        if len({urlsplit(each).netloc for each in named}) > 1:
            return jsonify(error="URIs do not match"), 400
        if any(urlsplit(each).scheme != "https" and not _is_here(each) for each in named):
            return jsonify(error="URI schemes must be HTTPS"), 400
        if any(body[name] != value for name, value in METADATA.items()):
            return jsonify(error="invalid client metadata"), 400
        logo = requests.get(body["logo_uri"], timeout=20)
        if logo.headers["Content-Type"] not in {"image/png", "image/svg+xml"}:
            return jsonify(error="logo_uri: no picture"), 400
        wanted = set(body["scope"].split())
        if self.refuses_offline and wanted - set(SCOPES2[:3]):
            return jsonify(error="invalid scope"), 400
        name = secrets.token_urlsafe(8)
        # A secret may hold anything.
        secret = f"{secrets.token_urlsafe(8)}+/ :%"
        self.clients[name] = {**body, "client_id": name, "client_secret": secret}
        given = ["authorization_code"] if self.refuses_offline else body["grant_types"]
        return jsonify({**self.clients[name], "grant_types": given}), 201

    def _ask(self) -> str | tuple[str, int]:
        query = request.args
        client = self.clients.get(query.get("client_id", ""))
        is_good = query.get("code_challenge_method") == "S256" and query.get("state")
        if client is None or query["redirect_uri"] not in client["redirect_uris"] or not is_good:
            return "<h1>Wrong request</h1>", 400
        email = next(iter(self.accounts), "")
        return PAGE.format(email=email)

    def _allow(self) -> Any:
        query = request.args
        back = {"state": query["state"]}
        if request.form["allow"] == "yes":
            code = back["code"] = secrets.token_urlsafe(12)
            self.codes[code] = Code(
                request.form["email"],
                query["client_id"],
                query["redirect_uri"],
                query["code_challenge"],
            )
        else:
            back["error"] = "access_denied"
        return redirect(f"{query['redirect_uri']}?{urlencode(back)}")

    def _token(self) -> Response | tuple[Response, int]:
        given = request.authorization
        client = self.clients.get(given.username or "") if given else None
        secret = unquote_plus((given.password or "") if given else "")
        if client is None or client["client_secret"] != secret:
            return jsonify(error="invalid_client"), 401
        form = request.form
        if form["grant_type"] == "refresh_token":
            email = self.renewals.pop(form["refresh_token"], None)
            return self.granted(email) if email else (jsonify(error="invalid_grant"), 400)
        code = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if code is None or (code.challenge, code.redirect_uri) != (challenge, form["redirect_uri"]):
            return jsonify(error="invalid_grant"), 400
        return self.granted(code.email)


class ConnectSimulator(HostSimulator):
    """A host of Badge Connect; with ``as_badgr`` it deviates as Badgr does."""

    scopes = SCOPES2
    #: So many badges it lists at once, however many are asked for.
    most = 20

    def __init__(self, *, as_badgr: bool = False) -> None:
        self.as_badgr = self.refuses_offline = as_badgr
        self.api = "/bcv1" if as_badgr else "/ims/ob/v2p1"
        super().__init__()

    def prepare(self) -> None:
        """Add the routes."""
        super().prepare()
        self.routes(
            ("GET", "/.well-known/badgeconnect.json", self._manifest),
            ("GET", "/bcv1/manifest/domain", self._document),
            ("GET", f"{self.api}/profile", self._profile),
            ("GET", f"{self.api}/assertions", self._list),
            ("POST", f"{self.api}/assertions", self._create),
        )

    def _manifest(self) -> Any:
        return redirect(f"{self.url}/bcv1/manifest/domain") if self.as_badgr else self._document()

    def _document(self) -> Response:
        api = {
            "name": "Simulated",
            "apiBase": f"{self.url}{self.api}",
            "version": "v1p0" if self.as_badgr else "v2p1",
            "scopesOffered": self.scopes[:3] if self.as_badgr else [*self.scopes, "offline_access"],
            "registrationUrl": f"{self.url}/register",
            "authorizationUrl": f"{self.url}/authorize",
            "tokenUrl": f"{self.url}/token",
        }
        return jsonify(
            {"id": f"{self.url}/.well-known/badgeconnect.json", "badgeConnectAPI": [api]}
        )

    def _profile(self) -> Response | tuple[Response, int]:
        account = self._opened()
        if isinstance(account, tuple):
            return account
        emails = [email for email, known in account.emails.items() if known]
        if self.as_badgr:
            return jsonify(status=None, results=[{"name": "Somebody", "email": emails[0]}])
        return jsonify(status={"statusCode": 200}, profile={"type": "Profile", "email": emails[0]})

    def _list(self) -> Response | tuple[Response, int]:
        account = self._opened()
        if isinstance(account, tuple):
            return account
        first, many = int(request.args["offset"]), min(int(request.args["limit"]), self.most)
        listed = [{"id": each} for each in account.badges][first : first + many]
        return jsonify({"results" if self.as_badgr else "assertions": listed})

    def _create(self) -> Response | tuple[Response, int]:
        account = self._opened()
        if isinstance(account, tuple):
            return account
        body = request.get_json()
        if not isinstance(body.get("assertion"), dict):
            return self._said(400, "REQUEST_VALIDATION_ERROR", "assertion required")
        try:
            document, _pending = check(body["assertion"]["id"], account)
            if document["id"] in account.badges and self.as_badgr:
                raise RefusedError("DUPLICATE_BADGE", "You already have this badge")
        except RefusedError as error:
            return self._refused(error)
        # The specification does not ask a host to know a badge again.
        number = len(account.badges)
        name = document["id"] if document["id"] not in account.badges else f"twice {number}"
        account.badges[name] = document
        self.stored()
        return jsonify(
            status={"statusCode": 200, "statusText": "OK"}
        ), 201 if self.as_badgr else 200

    def _opened(self) -> Account | tuple[Response, int]:
        account = self.whose()
        if account is None:
            return self._said(401, "UNAUTHENTICATED", None)
        if not account.is_verified:
            # Badgr says 401 there, for a token that is good.
            return self._said(401 if self.as_badgr else 403, "PERMISSION_DENIED", None)
        return account

    def _refused(self, error: RefusedError) -> tuple[Response, int]:
        if self.as_badgr:
            return self._said(400, "REQUEST_VALIDATION_ERROR", error.mixed())
        mismatch = error.name == "VERIFY_RECIPIENT_IDENTIFIER"
        text = "RECIPIENT_PROFILE_MISMATCH" if mismatch else "INVALID_BADGE"
        return self._said(400, text, error.raw or error.description)

    def _said(self, status: int, text: str, error: str | list[str] | None) -> tuple[Response, int]:
        return jsonify(status={"statusCode": status, "statusText": text, "error": error}), status


def _is_here(address: str) -> bool:
    """Whether an address is of this machine: tests have no certificates."""
    return urlsplit(address).hostname == "127.0.0.1"
