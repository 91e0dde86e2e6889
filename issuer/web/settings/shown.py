# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of settings, and who may see it: the person whose settings they are."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from babel.units import format_unit
from flask import Blueprint, abort, make_response, redirect, render_template, request, session

from issuer.access import span
from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.services import browsers, emails, persons, preferences
from issuer.site import current_site, db_session
from issuer.telling import worded
from issuer.web.languages import locale
from issuer.web.login import current_login

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import Person
    from issuer.services.browsers import Span

blueprint = Blueprint("settings", __name__)

PAGE = "/settings"


@blueprint.get(PAGE)
def show() -> Response:
    """Show what a person may decide about themselves."""
    return page()


def page(*, trouble: str = "", status: int = 200, link: str = "") -> Response:
    """Return the page, with what was wrong where something was; what was typed is kept."""
    database = db_session()
    person = me(database)
    site = current_site().settings
    now = datetime.now(UTC)
    login = current_login(now)
    html = render_template(
        "settings/page.html",
        person=person,
        given=request.form if trouble else {},
        addresses=emails.listed(database, person),
        portrait_hash=emails.portrait_hash,
        trophies=[each for each in preferences.trophies(database, person) if each.place],
        account_address=f"{person.username}@{site.email_domain}".lower(),
        sends_mail=bool(site.mail_host),
        has_portraits=bool(site.avatar_url),
        logins=browsers.listed(database, person, now=now),
        this_login=browsers.hash_of(login.mark) if login else "",
        spans=_spelled(span(site, login.groups if login else ())),
        done=request.args.get("done", ""),
        trouble=trouble,
        link=link,
    )
    return make_response(html, status)


def _spelled(found: Span) -> list[str]:
    """Return how long a login lasts, altogether and unused, in the reader's language."""
    told = []
    for minutes in (int(found.lasts.total_seconds()) // 60, int(found.idle.total_seconds()) // 60):
        hours, rest = divmod(minutes, 60)
        unit = ("duration-minute", minutes) if rest else ("duration-hour", hours)
        told.append(format_unit(unit[1], unit[0], locale=locale()))
    return told


def me(database: Session) -> Person:
    """Return who is logged in; anybody else is sent to the login and back.

    A login that outlived its account, which was erased meanwhile, ends here.
    """
    login = current_login(datetime.now(UTC))
    if login is None:
        target = request.full_path.rstrip("?") if request.method == "GET" else PAGE
        abort(redirect(f"/login?{urlencode({'next': target})}"))
    try:
        person = persons.find(database, login.username)
    except NotFoundError:
        person = None
    if person is None or person.erased_at is not None:
        session.clear()
        abort(redirect("/"))
    return person


@contextmanager
def changing() -> Iterator[tuple[Session, Person]]:
    """Give a session that commits at the end, and in it who is logged in."""
    with current_site().database.writing() as database:
        yield database, me(database)


def done(what: str) -> Response:
    """Lead back to the page, which says that it was done."""
    return redirect(f"{PAGE}?done={what}#{what}", 303)


def refused(error: Exception) -> Response:
    """Show the page again, with what was wrong."""
    return page(trouble=worded(error), status=409 if isinstance(error, ConflictError) else 400)


def guard(part: Blueprint) -> None:
    """Let a part of the settings show its errors on the page, and let nobody keep its answers."""
    part.register_error_handler(InvalidInputError, refused)
    part.register_error_handler(ConflictError, refused)
    part.after_request(_never_kept)


def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


guard(blueprint)
