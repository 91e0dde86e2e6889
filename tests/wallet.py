# SPDX-License-Identifier: AGPL-3.0-or-later
"""A wallet of somebody: it makes itself known to a site, is let in by its owner, and fetches."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from issuer.services.apps import READ_BADGES, READ_PROFILE, WRITE_BADGES, WRITE_PROFILE

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.browsing import Browser

ALL = (READ_BADGES, WRITE_BADGES, READ_PROFILE, WRITE_PROFILE)
BACK = "https://wallet.example/back"
API = "/ims/ob/v3p0"


@dataclass
class Wallet:
    """A program with a name of its own at one site."""

    app: Flask
    redirect_uri: str = BACK
    auth: str = "client_secret_basic"
    scopes: tuple[str, ...] = ALL
    about: dict[str, Any] = field(default_factory=dict)
    verifier: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.app.test_client(use_cookies=False)
        self.known = self.register().get_json()

    def register(self, **changes: Any) -> TestResponse:
        """Make itself known."""
        said = {
            "client_name": "My Wallet",
            "client_uri": "https://wallet.example",
            "redirect_uris": [self.redirect_uri],
            "token_endpoint_auth_method": self.auth,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": " ".join(self.scopes),
            **self.about,
            **changes,
        }
        return self.client.post("/oauth/register", json=said)

    def request(self, **changes: str | None) -> dict[str, str]:
        """Return what it asks with; None leaves something out."""
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.known["client_id"],
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(self.scopes),
            "state": "of this login",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def ask(self, browser: Browser, **changes: str | None) -> TestResponse:
        """Lead somebody to the page that asks them."""
        return browser.get(f"/oauth/authorize?{urlencode(self.request(**changes))}")

    def code(self, browser: Browser, *, address: str = "", **changes: str | None) -> str:
        """Be let in by somebody; return the code."""
        asked = self.request(**changes)
        answer = browser.post("/oauth/authorize", **asked, decision="allow", address=address)
        assert answer.status_code == 302, answer.text
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    def token(self, **form: str | None) -> TestResponse:
        """Ask for tokens, or at another address for what one asks with the same proof."""
        return self.post("/oauth/token", **form)

    def post(self, path: str, /, **form: str | None) -> TestResponse:
        """Send a form, with the proof of who it is."""
        given = {name: value for name, value in form.items() if value is not None}
        own = {"client_id": self.known["client_id"]}
        secret = self.known.get("client_secret", "")
        if self.auth == "client_secret_basic":
            pair = base64.b64encode(f"{own['client_id']}:{secret}".encode()).decode()
            return self.client.post(path, data=given, headers={"Authorization": f"Basic {pair}"})
        if secret:
            own["client_secret"] = secret
        return self.client.post(path, data={**given, **own})

    def redeem(self, code: str, /, **changes: str | None) -> TestResponse:
        """Ask for tokens for a code."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.token(**{**form, **changes})

    def renew(self, token: str = "", **changes: str | None) -> TestResponse:
        """Ask for new tokens for the refresh token."""
        token = token or self.tokens["refresh_token"]
        answer = self.token(**{"grant_type": "refresh_token", "refresh_token": token, **changes})
        if answer.status_code == 200:
            self.tokens = answer.get_json()
        return answer

    def enter(self, browser: Browser, **changes: Any) -> Wallet:
        """Be let in by somebody, and get the tokens."""
        answer = self.redeem(self.code(browser, **changes))
        assert answer.status_code == 200, answer.text
        self.tokens = answer.get_json()
        return self

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        """Ask the API with the token."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self.client.open(f"{API}{path}", method=method, headers=headers, **more)

    def get(self, path: str) -> TestResponse:
        """Read something of the API."""
        return self.call("GET", path)
