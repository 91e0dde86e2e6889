# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards as admins and delegates see them: searched, filtered, and one with all its facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import false, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from issuer.errors import NotFoundError
from issuer.models import Assertion, Award, Badge, OldName, Person, Source
from issuer.services import permissions, searching, tables
from issuer.services.cards import Listing
from issuer.services.tables import Sort

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor, Right

MAX_PEOPLE = 200
MAX_BADGES = 100
MINE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked for among awards."""

    query: str = ""  # a person or a badge
    badge: str = ""  # a slug
    source: str = ""
    state: str = ""  # `valid` or `revoked`


@dataclass(frozen=True, slots=True)
class Facts:
    """An award with everybody who had to do with it."""

    award: Award
    awarded_by: Person | None
    revoked_by: Person | None


def listed(
    session: Session, actor: Actor, right: Right, asked: Asked, *, now: datetime
) -> Select[*tuple[Any, ...]]:
    """Return the statement of awards of badges that one may see: award, badge and person."""
    statement = (
        select(Award, Badge, Person)
        .join(Badge, Award.badge_id == Badge.id)
        .join(Person, Award.person_id == Person.id)
        .where(permissions.within(actor, right, now=now))
    )
    if asked.badge:
        found = select(Badge.id).where(Badge.slug == asked.badge.lower())
        statement = statement.where(Award.badge_id == (session.scalar(found) or 0))
    if asked.source in set(Source):
        statement = statement.where(Award.source == asked.source)
    if asked.state in {"valid", "revoked"}:
        is_revoked = Award.revoked_at.is_not(None)
        statement = statement.where(is_revoked if asked.state == "revoked" else ~is_revoked)
    if asked.query:
        statement = statement.where(_about(session, asked.query))
    return cast("Select[*tuple[Any, ...]]", statement)


def one(session: Session, actor: Actor, right: Right, uuid: UUID, *, now: datetime) -> Facts:
    """Return an award with all its facts; raise `NotFoundError` or `ForbiddenError`."""
    given, revoker = aliased(Person), aliased(Person)
    statement = (
        select(Award, given, revoker)
        .outerjoin(given, Award.awarded_by_id == given.id)
        .outerjoin(revoker, Award.revoked_by_id == revoker.id)
        .options(
            joinedload(Award.badge).joinedload(Badge.issuer),
            joinedload(Award.person),
            selectinload(Award.assertions).joinedload(Assertion.edition),
        )
        .where(Award.uuid == uuid)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError("award %(award)s: there is none", award=uuid)
    permissions.require(session, actor, right, row[0].badge, now=now)
    return Facts(*row)


def given_by(session: Session, actor: Actor, *, limit: int = MINE) -> Sequence[Award]:
    """Return what somebody gave by hand last."""
    statement = (
        select(Award)
        .where(Award.awarded_by_id == (actor.person_id or 0))
        .options(joinedload(Award.badge), joinedload(Award.person), selectinload(Award.assertions))
        .order_by(Award.id.desc())
        .limit(limit)
    )
    return session.scalars(statement).all()


def given_page(
    session: Session, actor: Actor, *, after: str = "", limit: int = MINE
) -> Listing[Award]:
    """Return a part of what somebody gave, newest first; raise `InvalidInputError` as a table."""
    statement = (
        select(Award)
        .where(Award.awarded_by_id == (actor.person_id or 0))
        .options(joinedload(Award.badge), joinedload(Award.person), selectinload(Award.assertions))
    )
    columns = {"row": Award.id.expression}
    sort = Sort("row", descending=True)
    found = tables.page(
        session, statement, columns, sort=sort, key=Award.id, after=after, limit=limit
    )
    return Listing(tuple(row[0] for row in found.items), found.after)


def badges_page(
    session: Session, actor: Actor, right: Right, *, now: datetime, after: str = "", limit: int = 50
) -> Listing[Badge]:
    """Return a part of the badges for which somebody has a right, but retired ones, by slug."""
    statement = (
        select(Badge)
        .where(Badge.retired_at.is_(None), permissions.within(actor, right, now=now))
        .options(joinedload(Badge.issuer))
    )
    columns = {"slug": Badge.slug.expression}
    found = tables.page(
        session, statement, columns, sort=Sort("slug"), key=Badge.id, after=after, limit=limit
    )
    return Listing(tuple(row[0] for row in found.items), found.after)


def suggested_badges(
    session: Session, actor: Actor, right: Right, query: str, *, now: datetime, limit: int = 10
) -> list[tuple[str, str]]:
    """Return slug and name of badges that somebody may give and that fit what was typed."""
    text = query.strip().lower()
    wanted = searching.words(text)
    fits: ColumnElement[bool] = Badge.slug.startswith(text, autoescape=True)
    if wanted:
        fits = or_(fits, Badge.id.in_(searching.badge_ids(session, wanted, in_names=True)))
    statement = (
        select(Badge.slug, Badge.name)
        .where(fits, Badge.retired_at.is_(None), permissions.within(actor, right, now=now))
        .order_by(Badge.slug)
        .limit(limit)
    )
    return [(slug, name) for slug, name in session.execute(statement)]


def _about(session: Session, query: str) -> ColumnElement[bool]:
    """Return the condition that an award is about a person or a badge.

    Who and what are found first: so few rows that an index answers the rest.
    """
    key = query.lower()
    own = select(Person.id).where(Person.key == key)
    former = select(OldName.person_id).where(OldName.key == key)
    people = {*session.scalars(own), *session.scalars(former)}
    badges = set(session.scalars(select(Badge.id).where(Badge.legacy_id == query)))
    if wanted := searching.words(query):
        some = searching.person_ids(session, wanted).limit(MAX_PEOPLE)
        people.update(session.scalars(some))
        named = searching.badge_ids(session, wanted, in_names=True).limit(MAX_BADGES)
        badges.update(session.scalars(named))
    ways: list[ColumnElement[bool]] = []
    if people:
        ways.append(Award.person_id.in_(sorted(people)))
    if badges:
        ways.append(Award.badge_id.in_(sorted(badges)))
    return or_(false(), *ways)
