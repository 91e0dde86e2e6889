# SPDX-License-Identifier: AGPL-3.0-or-later
"""A browser without a window: somebody is logged in, and forms are sent with their token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flask import session
from itsdangerous import URLSafeTimedSerializer

from issuer.sessions import keep_login

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

HTML = {"Accept": "text/html"}
ADMINS = "sysadmin-badges"
SEAL = "the-seal-of-this-session"


class Browser:
    """Somebody at the site; nobody where there is no name."""

    def __init__(
        self, app: Flask, username: str = "", *groups: str, age: timedelta = timedelta()
    ) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        if not username:
            return
        with app.test_request_context():
            claims = {"sub": f"subject of {username}", "groups": list(groups)}
            keep_login(username, claims, groups=groups, now=datetime.now(UTC) - age)
            kept = dict(session)
        with self.client.session_transaction() as current:
            current.update(kept)
            current["csrf_token"] = SEAL

    @property
    def token(self) -> str:
        """The token that all forms of this session have."""
        key = self.app.config["SECRET_KEY"]
        return str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(SEAL))

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, headers=HTML)

    def post(self, path: str, /, **values: object) -> TestResponse:
        """Send a form, with the token that all forms of this session have."""
        return self.client.post(path, data={**values, "csrf_token": self.token}, headers=HTML)

    def follow(self, answer: TestResponse) -> str:
        """Return the page to which a form led after it was sent."""
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["Location"]).text
