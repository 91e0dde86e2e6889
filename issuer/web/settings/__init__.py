# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people decide about themselves: every form is theirs alone, and works without a script."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import request

from issuer.services import persons
from issuer.site import db_session
from issuer.tongues import LANGUAGES
from issuer.web.login import current_login
from issuer.web.preferences import remember
from issuer.web.settings import addresses, leaving, logins, profile, tokens
from issuer.web.settings.shown import blueprint

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from issuer.config import Settings

__all__ = ["init_settings"]


def init_settings(app: Flask, settings: Settings) -> None:
    """Add the settings of people to a site where people can log in."""
    if settings.oidc_issuer:
        app.register_blueprint(blueprint)
        app.register_blueprint(profile.blueprint)
        app.register_blueprint(addresses.blueprint)
        app.register_blueprint(leaving.blueprint)
        app.register_blueprint(tokens.blueprint)
        app.register_blueprint(logins.blueprint)
        app.after_request(_bring_choices)


def _bring_choices(response: Response) -> Response:
    """Let a login bring the language and the theme that a person chose, to any browser."""
    login = current_login(datetime.now(UTC)) if request.endpoint == "login.callback" else None
    if login is not None and response.status_code == 302:
        person = persons.find(db_session(), login.username)
        known = person.locale if person.locale in LANGUAGES else ""
        remember(response, theme=person.theme or "", language=known or "")
    return response
