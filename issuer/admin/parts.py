# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every part of the administration is made of: its place, its forms, its answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Blueprint, current_app, redirect, request

from issuer.access import acting, current_actor
from issuer.errors import (
    ConflictError,
    InvalidInputError,
    KeyUnavailableError,
    NotFoundError,
    OptedOutError,
)
from issuer.services import permissions, tables
from issuer.services.tables import Sort
from issuer.sessions import tell
from issuer.site import current_site, db_session
from issuer.telling import worded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flask_babel.speaklater import LazyString
    from flask_wtf import FlaskForm
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session
    from werkzeug.wrappers import Response

    from issuer.services.cards import Listing
    from issuer.services.permissions import Actor, Right

T = TypeVar("T")

EXTENSION = "accolades_admin"
PREFIX = "/admin"
MAX_SEARCH = 100
MAX_ARGUMENT = 200
#: What a form says of itself when a service refuses it; anything else is our mistake.
REFUSALS = (
    ConflictError,
    InvalidInputError,
    KeyUnavailableError,
    NotFoundError,
    OptedOutError,
)
REFUSED = 422


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the side menu."""

    name: LazyString
    endpoint: str
    right: Right
    group: LazyString  # entries of one group stand together
    place: int


def part(name: str, path: str = "") -> Blueprint:
    """Return the blueprint of a part at ``/admin/<path>``; nobody keeps its answers."""
    made = Blueprint(f"admin_{name}", __name__, url_prefix=f"{PREFIX}/{path}".rstrip("/"))
    made.after_request(never_kept)
    return made


def sections() -> dict[str, list[Section]]:
    """Return the menu of whoever looks, by groups."""
    session, actor, now = db_session(), current_actor(), datetime.now(UTC)
    known: Iterable[Section] = current_app.extensions[EXTENSION]
    mine = {
        right
        for right in {section.right for section in known}
        if permissions.holds(session, actor, right, now=now)
    }
    menu: dict[str, list[Section]] = {}
    for section in sorted(known, key=lambda each: each.place):
        if section.right in mine:
            menu.setdefault(str(section.group), []).append(section)
    return menu


def attempt(form: FlaskForm, change: Callable[[Session, Actor, datetime], T]) -> T | None:
    """Do what a form asks for in one transaction; nothing where it is not right.

    What is wrong stands in the form then, with all that was typed.
    """
    if not form.validate_on_submit():
        return None
    try:
        with current_site().database.writing() as session:
            return change(session, acting(session), datetime.now(UTC))
    except REFUSALS as error:
        form.form_errors.append(worded(error))
        return None


def done(text: str, target: str, *, link: str = "", link_text: str = "") -> Response:
    """Lead to ``target``, where ``text`` says what was done, with a link to the result."""
    tell("good", text, link, link_text)
    return redirect(target, 303)


def failed(text: str, target: str) -> Response:
    """Lead to ``target``, where ``text`` says why nothing was done."""
    tell("bad", text)
    return redirect(target, 303)


@dataclass(frozen=True, slots=True)
class Table:
    """A part of a table, and how it was asked for."""

    listing: Listing[Any]
    sort: Sort
    query: str
    filters: Mapping[str, str]
    is_posted: bool = False  # by a form, because its query may stand in no address

    def arguments(self, **other: str) -> dict[str, str]:
        """Return the arguments of a link to the same table with something changed."""
        kept = {"q": self.query, "sort": str(self.sort), **self.filters, **other}
        return {name: value for name, value in kept.items() if value}


def argument(name: str, longest: int = MAX_ARGUMENT) -> str:
    """Return an argument of the address as any database takes it: without NUL, and not long."""
    return cleaned(request.args.get(name, ""), longest)


def cleaned(text: str, longest: int = MAX_ARGUMENT) -> str:
    """Return a text as any database takes it: without NUL, and not long."""
    return text.replace("\0", "").strip()[:longest]


def searched() -> str:
    """Return what was typed into the search field of a table."""
    return argument("q", MAX_SEARCH)


def table(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    columns: Mapping[str, ColumnElement[Any]],
    *,
    usual: str,
    key: ColumnElement[Any] | InstrumentedAttribute[Any],
    filters: Mapping[str, str] | None = None,
    posted: str = "",
) -> Table:
    """Return the part of a table that the request asks for: sorted, and after a cursor.

    ``posted`` is what was searched for by a form; then the form says the rest, too.
    """
    given = request.form if posted else request.args
    wanted = given.getlist("sort") or [""]  # the button that was pressed comes last
    sort = Sort.of(wanted[-1], columns, usual)
    after = given.get("after", "")
    listing = tables.page(session, statement, columns, sort=sort, key=key, after=after)
    return Table(listing, sort, posted or searched(), filters or {}, bool(posted))


def never_kept(response: Response) -> Response:
    """Let nobody keep an answer."""
    response.headers["Cache-Control"] = "no-store"
    return response
