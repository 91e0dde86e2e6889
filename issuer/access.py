# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may open which page: every route says it, and a route that says nothing opens to nobody."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlencode

from flask import current_app, g, redirect, request, session
from sqlalchemy.exc import OperationalError

from issuer import bearers, limits
from issuer.errors import ForbiddenError, NotFoundError
from issuer.services import browsers, permissions, persons
from issuer.services.browsers import Span
from issuer.services.permissions import EVERY_ISSUER, Actor, Policy, Right
from issuer.sessions import LIFETIME, current_login
from issuer.site import current_site, db_session

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from flask import Flask
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.config import Settings
    from issuer.sessions import CurrentLogin

log = logging.getLogger(__name__)

View = TypeVar("View", bound="Callable[..., object]")

#: For everybody, and for everybody who is logged in.
PUBLIC: Final = "public"
MEMBER: Final = "member"
EXTENSION = "accolades_access"
_DECLARED = "_accolades_access"
READING = {"GET", "HEAD"}
#: When a session was last sent to the provider to have its groups read anew.
ASKED = "rights_asked"
ASK_SECONDS = 300


def needs(what: Right | str) -> Callable[[View], View]:
    """Declare who may open a view: whoever has a right, `MEMBER` or `PUBLIC`.

    Or whoever brings a token: `bearers.TOKEN` any, a `Scope` one for that.
    """

    def declare(view: View) -> View:
        setattr(view, _DECLARED, what)
        return view

    return declare


def init_app(app: Flask, *, public: Collection[str], member: Collection[str]) -> None:
    """Ask before every view; ``public`` and ``member`` name blueprints as wholes."""
    whole = dict.fromkeys(public, PUBLIC) | dict.fromkeys(member, MEMBER)
    app.extensions[EXTENSION] = whole
    app.before_request(_guard)
    app.context_processor(lambda: {"current_actor": current_actor, "may": _may})


def declared(app: Flask, endpoint: str) -> Right | str | None:
    """Return who may open an endpoint, or nothing where nobody said it."""
    own = getattr(app.view_functions[endpoint], _DECLARED, None)
    blueprint = endpoint.rpartition(".")[0]
    found: str | None = own or app.extensions[EXTENSION].get(blueprint or endpoint)
    return found


def policy(settings: Settings) -> Policy:
    """Return which groups make which role."""
    managers: dict[str, frozenset[str]] = {}
    for entry in settings.manager_groups:
        issuer, _, group = entry.rpartition(":")
        managers[group] = managers.get(group, frozenset()) | {issuer or EVERY_ISSUER}
    return Policy(
        admins=frozenset(settings.admin_groups),
        reviewers=frozenset(settings.reviewer_groups),
        managers=managers,
    )


def span(settings: Settings, groups: Collection[str]) -> Span:
    """Return how long a login with those groups lasts: with rights it ends sooner when unused."""
    minutes = settings.idle_minutes
    if groups:
        minutes = min(minutes, settings.rights_minutes)
    return Span(LIFETIME, timedelta(minutes=minutes))


def signed_in() -> CurrentLogin | None:
    """Return who makes the request by a login that nobody ended and that was used lately.

    The database is asked once a request, and only where there is a cookie that says so.
    """
    if "login" not in g:
        g.login = None  # also where the database is away: the page of the error asks again
        g.login = _checked(current_login(datetime.now(UTC)))
    login: CurrentLogin | None = g.login
    return login


def _checked(login: CurrentLogin | None) -> CurrentLogin | None:
    if login is None:
        return None
    now = datetime.now(UTC)
    row = browsers.find(db_session(), login.mark, now=now)
    if row is None:
        session.clear()
        return None
    lasts = span(current_site().settings, login.groups)
    if now - row.last_used_at >= lasts.noted:
        try:
            with current_site().database.writing() as database:
                browsers.note_use(database, row, lasts, now=now)
        except OperationalError as error:  # reading goes on while nothing can be written
            log.warning("the use of a login could not be noted: %s", type(error.orig).__name__)
    return login


def current_actor() -> Actor:
    """Return who makes the request, with their roles."""
    if "actor" not in g:
        login = signed_in()
        g.actor = Actor(origin=limits.caller())
        if login is not None:
            settings = current_site().settings
            groups = login.groups if login.age <= _rights_last(settings) else ()
            g.actor = permissions.actor(
                policy(settings), login.username, groups, origin=limits.caller()
            )
    actor: Actor = g.actor
    return actor


def acting(database: Session) -> Actor:
    """Return who makes the request, with their row in the database, as services want to know it.

    Raises `ForbiddenError` for somebody whose account is not there any more.
    """
    known = current_actor()
    try:
        person = persons.find(database, known.username)
    except NotFoundError:
        person = None
    if person is None or person.erased_at is not None:
        raise ForbiddenError("your account is not there any more: sign out and in again")
    rules = policy(current_site().settings)
    found = permissions.actor(
        rules, person.username, known.groups, person_id=person.id, origin=known.origin
    )
    return replace(found, scopes=known.scopes)


def _may(right: str) -> bool:
    """Whether whoever looks has a right for some badge; templates ask it."""
    return permissions.holds(db_session(), current_actor(), Right(right), now=datetime.now(UTC))


def _guard() -> Response | None:
    if request.endpoint is None or request.endpoint not in current_app.view_functions:
        return None  # there is no such page
    what = declared(current_app, request.endpoint)
    if what == PUBLIC:
        return None
    if what is None:
        log.error("%s: nobody declared who may open it", request.endpoint)
        raise ForbiddenError("%(path)s: is closed", path=request.path)
    if bearers.is_for_tokens(what):
        g.actor = bearers.admitted(what)  # whatever cookie there is, it counts for nothing
        return None
    return _ask_login(what)


def _ask_login(what: str) -> Response | None:
    if not current_actor().username:
        return _to_login()
    if what == MEMBER:
        return None
    if _is_old():
        return _to_login()
    if not _may(what):
        raise ForbiddenError(
            "%(path)s: you have no right to %(what)s", path=request.path, what=what
        )
    return None


def _rights_last(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.rights_minutes)


def _is_old() -> bool:
    """Whether the provider has to be asked again which groups somebody is in.

    A page asks after half of the time, so that the form on it can still be sent in the other half;
    once in a while only, so that a provider that is away closes nothing before its time.
    """
    login, last = signed_in(), _rights_last(current_site().settings)
    if login is None or not login.groups:
        return False
    if request.method not in READING:
        if login.age > last:
            raise ForbiddenError(
                "your rights were last checked too long ago: sign in again in another tab, "
                "then send this once more"
            )
        return False
    asked = session.get(ASKED, 0)
    now = time.time()
    if login.age <= last / 2 or (login.age <= last and now - asked < ASK_SECONDS):
        return False
    session[ASKED] = now
    return True


def _to_login() -> Response:
    """Send to the login and back; what was to be done can only be asked for again."""
    if "login.login" not in current_app.view_functions:
        raise ForbiddenError("nobody can sign in here: set oidc_issuer")
    here = request.full_path.rstrip("?")
    reading = request.method in READING
    target = here if reading else _page_above(request.path)
    return redirect(f"/login?{urlencode({'next': target})}", 302 if reading else 303)


def _page_above(path: str) -> str:
    """Return the nearest page at or above an address that only takes forms."""
    routes = current_app.url_map.bind("")
    while path != "/" and not routes.test(path, "GET"):
        path = path.rstrip("/").rpartition("/")[0] or "/"
    return path
