# SPDX-License-Identifier: AGPL-3.0-or-later
"""A browser without a window: somebody is logged in, and forms are sent with their token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import session
from itsdangerous import URLSafeTimedSerializer

from issuer.access import span
from issuer.errors import NotFoundError
from issuer.services import browsers, persons
from issuer.services.browsers import Agent
from issuer.sessions import keep_login, new_mark
from issuer.site import EXTENSION

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

HTML = {"Accept": "text/html"}
ADMINS = "sysadmin-badges"
SEAL = "the-seal-of-this-session"


def sign_in(
    app: Flask,
    username: str,
    *groups: str,
    age: timedelta = timedelta(),
    agent: Agent | None = None,
) -> dict[str, Any]:
    """Sign somebody in; return what the cookie holds. Who has no account has no login either."""
    site, now, mark = app.extensions[EXTENSION], datetime.now(UTC), new_mark()
    with site.database.writing() as database:
        try:
            person = persons.find(database, username)
        except NotFoundError:
            person = None
        if person is not None:
            lasts = span(site.settings, groups)
            row = browsers.begin(database, person, mark, lasts, agent=agent or Agent(), now=now)
            row.began_at = now - age
    with app.test_request_context():
        claims = {"sub": f"subject of {username}", "groups": list(groups)}
        keep_login(username, claims, groups=groups, mark=mark, now=now - age)
        return dict(session)


class Browser:
    """Somebody at the site; nobody where there is no name."""

    def __init__(
        self, app: Flask, username: str = "", *groups: str, age: timedelta = timedelta()
    ) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        if not username:
            return
        kept = sign_in(app, username, *groups, age=age)
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
