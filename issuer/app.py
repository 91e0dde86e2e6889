# SPDX-License-Identifier: AGPL-3.0-or-later
"""Puts the site together; read it once from top to bottom."""

from __future__ import annotations

from flask import Flask

from issuer import access, api, limits
from issuer.admin import init_admin
from issuer.api.wallets import init_openbadges
from issuer.config import Settings, load_settings
from issuer.hosted import HTML_VIEWS
from issuer.hosted import blueprint as hosted
from issuer.paths import PACKAGE, data_path
from issuer.site import EXTENSION, Site, close_session
from issuer.waking import join
from issuer.web import (
    boards,
    caching,
    claims,
    compressing,
    endorsing,
    errors,
    exploring,
    exporting,
    feeds,
    former,
    health,
    invitations,
    languages,
    pages,
    people,
    portraits,
    preferences,
    rendering,
    security,
    sharing,
    verifying,
    wallets,
)
from issuer.web.apps import init_apps
from issuer.web.backpacks import init_backpacks
from issuer.web.login import init_login
from issuer.web.settings import init_settings

#: Blueprints that are for everybody, and for everybody who is logged in, as wholes.
PUBLIC = (
    "api",
    "boards",
    "bootstrap",
    "credentials",
    "discovery",
    "exchange",
    "exploring",
    "feeds",
    "former",
    "healthz",
    "hosted",
    "login",
    "oauth",
    "pages",
    "people",
    "portraits",
    "preferences",
    "profiles",
    "sharing",
    "static",
    "verifying",
)
MEMBER = (
    "settings",
    "profile",
    "addresses",
    "api_tokens",
    "logins",
    "leaving",
    "exporting",
    "exports",
    "wallets",
    "backpacks",
    "connecting",
    "consent",
    "my_apps",
)

#: What has pages or answers of its own and is there on every site.
PAGES = (pages, people, portraits, sharing, boards, feeds, former, exploring, verifying, *api.PARTS)

#: What there is where people can log in, in this order.
FOR_MEMBERS = (
    init_login,
    init_settings,
    init_backpacks,
    init_apps,
    init_openbadges,
    exporting.init_exporting,
    wallets.init_wallets,
    claims.init_claims,
)


def create_app(settings: Settings | None = None, *, site: Site | None = None) -> Flask:
    """Return the application for ``site``, or for ``settings``, or for the configuration."""
    site = join(site or Site.of(settings or load_settings()))
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
    access.init_app(app, public=PUBLIC, member=MEMBER)
    for add in FOR_MEMBERS:
        add(app, settings)
    invitations.init_app(app)
    init_admin(app, settings)

    app.register_blueprint(hosted)
    for part in PAGES:
        app.register_blueprint(part.blueprint)
    boards.init_app(app)
    verifying.init_app(app.extensions["csrf"])
    for part in api.PARTS:
        app.extensions["csrf"].exempt(part.blueprint)  # where no cookie counts, none can be misused
    app.extensions[HTML_VIEWS] = {
        "badge": pages.badge_html,
        "assertion": lambda uuid: pages.assertion_html(uuid, verifying.verify_own),
        "issuer": pages.issuer_html,
        "endorsement": endorsing.endorsement_html,
    }
    return app
