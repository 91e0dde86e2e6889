# SPDX-License-Identifier: AGPL-3.0-or-later
"""Puts the site together; read it once from top to bottom."""

from __future__ import annotations

from flask import Flask

from issuer import api, limits
from issuer.config import Settings, load_settings
from issuer.hosted import HTML_VIEWS
from issuer.hosted import blueprint as hosted
from issuer.paths import PACKAGE, data_path
from issuer.site import EXTENSION, Site, close_session
from issuer.web import (
    boards,
    caching,
    compressing,
    errors,
    exploring,
    feeds,
    former,
    health,
    languages,
    pages,
    people,
    portraits,
    preferences,
    rendering,
    security,
    sharing,
    verifying,
)
from issuer.web.login import init_login
from issuer.web.settings import init_settings


def create_app(settings: Settings | None = None, *, site: Site | None = None) -> Flask:
    """Return the application for ``site``, or for ``settings``, or for the configuration."""
    site = site or Site.of(settings or load_settings())
    settings = site.settings

    app = Flask(
        "issuer",
        template_folder=str(data_path("templates")),
        static_folder=str(PACKAGE / "static"),
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.extensions[EXTENSION] = site
    app.teardown_appcontext(close_session)

    compressing.init_app(app)  # first, so that it is the last to see an answer
    caching.init_app(app)
    security.init_app(app, settings)
    languages.init_app(app)
    rendering.init_app(app, settings)
    preferences.init_app(app)
    errors.init_app(app)
    health.init_app(app)
    limits.init_app(app, settings)
    init_login(app, settings)
    init_settings(app, settings)

    app.register_blueprint(hosted)
    for part in (pages, people, portraits, sharing, boards, feeds, former, exploring, verifying):
        app.register_blueprint(part.blueprint)
    app.register_blueprint(api.blueprint)
    boards.init_app(app)
    verifying.init_app(app.extensions["csrf"])
    api.init_app(app.extensions["csrf"])
    app.extensions[HTML_VIEWS] = {
        "badge": pages.badge_html,
        "assertion": lambda uuid: pages.assertion_html(uuid, verifying.verify_own(uuid)),
        "issuer": pages.issuer_html,
    }
    return app
