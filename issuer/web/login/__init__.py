# SPDX-License-Identifier: AGPL-3.0-or-later
"""Login with OpenID Connect: to the provider, back, and out again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, current_app, redirect, request, session
from flask_wtf.csrf import validate_csrf
from sqlalchemy.exc import SQLAlchemyError
from wtforms import ValidationError

from issuer.access import policy, signed_in, span
from issuer.errors import InvalidInputError
from issuer.limits import limiter
from issuer.limits import logins as login_limit
from issuer.services import browsers, grants, logins, permissions
from issuer.sessions import (
    SEAL,
    TARGET,
    CurrentLogin,
    current_login,
    held_groups,
    keep_login,
    new_mark,
    trim_states,
)
from issuer.site import current_site
from issuer.web.login.provider import LOOPBACK, Provider
from issuer.web.login.targets import local_target

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from issuer.config import Settings

__all__ = ["CurrentLogin", "current_login", "init_login"]

log = logging.getLogger(__name__)

EXTENSION = "accolades_login"
CALLBACK = "/login/callback"

blueprint = Blueprint("login", __name__)


def init_login(app: Flask, settings: Settings) -> None:
    """Add the login to the app; without a configured provider there is none.

    The app must have its secret key before. Raises `ConfigurationError` with every mistake.
    """
    if not settings.oidc_issuer:
        app.context_processor(lambda: {"login_enabled": False, "current_person": None})
        return
    app.extensions[EXTENSION] = Provider(app, settings)
    app.register_blueprint(blueprint)
    app.context_processor(_who)


@blueprint.get("/login")
@limiter.limit(login_limit)
def login() -> Response:
    """Begin a login that leads to the page ``next``."""
    base_url = current_site().settings.base_url
    target = local_target(request.args.get("next"), base_url)
    if _is_by_another_name(base_url):
        # The provider leads back to the configured name, where this one's cookie is not sent.
        return redirect(f"{base_url}/login?{urlencode({'next': target})}")
    response = _provider().send_away(base_url + CALLBACK)
    session[TARGET] = target
    trim_states()
    return response


@blueprint.get(CALLBACK)
@limiter.limit(login_limit)
def callback() -> Response:
    """End a login: the provider sends people here."""
    site, now = current_site(), datetime.now(UTC)
    claims = _provider().claims()
    target, former, mark = session.get(TARGET, "/"), current_login(now), new_mark()
    seal = session.get(SEAL)
    agent = browsers.read_agent(request.headers.get("User-Agent", ""))
    with site.database.writing() as database:
        person = logins.record_login(database, claims, now=now)
        username = person.username
        rules = policy(site.settings)
        groups = rules.groups | permissions.granted_groups(database)
        held = held_groups(claims, groups, rules.groups)
        actor = permissions.actor(rules, username, held)
        is_delegate = grants.holds_any(database, actor, now=now)
        renews = (
            former is not None
            and browsers.end(database, former.mark)
            and former.username == username
        )
        lasts = span(site.settings, held)
        browsers.begin(database, person, mark, lasts, agent=agent, now=now)
    log.info("%s logged in", username)
    keep_login(username, claims, groups=held, mark=mark, now=now, is_delegate=is_delegate)
    if seal and renews:
        session[SEAL] = seal  # forms that are open in other tabs can still be sent
    return redirect(target)


@blueprint.post("/logout")
def logout() -> Response:
    """Forget the login, and let every copy of its cookie be worth nothing."""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError as error:
        raise InvalidInputError("This page is too old to log out from: reload it.") from error
    login = current_login(datetime.now(UTC))
    session.clear()  # also where the database is away
    if login is not None:
        with current_site().database.writing() as database:
            browsers.end(database, login.mark)
        log.info("%s logged out", login.username)
    return redirect("/")


@blueprint.after_request
def _never_cached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_by_another_name(base_url: str) -> bool:
    """Whether a browser on this machine calls it `localhost` where we say 127.0.0.1, or so.

    Elsewhere a proxy may ask by a name of its own, and would be led round in a circle.
    """
    names = {urlsplit(base_url).hostname, urlsplit(request.host_url).hostname}
    return len(names) == 2 and names <= LOOPBACK


def _who() -> dict[str, Any]:
    try:
        person = signed_in()
    except SQLAlchemyError:  # this is the page of that error
        person = None
    return {"login_enabled": True, "current_person": person}


def _provider() -> Provider:
    return cast("Provider", current_app.extensions[EXTENSION])
