# SPDX-License-Identifier: AGPL-3.0-or-later
"""What feeds and site maps list; whoever opted out or was erased is in none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from issuer.errors import NotFoundError
from issuer.models import Award, Badge, Period, Person, Total
from issuer.services.cards import Listing
from issuer.services.listing import (
    belongs_to,
    page_of_awards,
    plain,
    position,
    revoked_awards,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from issuer.services.cards import AwardCard
    from issuer.services.listing import Owner

FEED_LENGTH = 50
#: Of so many that were revoked at most those of hidden people are left out: one account that is
#: erased may have thousands.
LOOKED_AT = 4 * FEED_LENGTH
#: Rows of a table behind one page of the site map, so that its index needs no counting.
MAP_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class NewBadge:
    """A badge that was made."""

    slug: str
    name: str
    description: str
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MapSize:
    """How many pages the site map has of each kind."""

    people: int
    badges: int


def all_awards(session: Session, after: str = "") -> Listing[AwardCard]:
    """Return what happened last to the awards of all."""
    return _happened(session, after)


def awards_of_person(session: Session, person: Person, after: str = "") -> Listing[AwardCard]:
    """Return what happened last to the awards of a person."""
    return _happened(session, after, (Award.person_id, person.id))


def awards_of_badge(session: Session, slug: str, after: str = "") -> tuple[str, Listing[AwardCard]]:
    """Return the name of a badge and what happened last to its awards; raise `NotFoundError`."""
    row = session.execute(select(Badge.id, Badge.name).filter_by(slug=plain(slug))).one_or_none()
    if row is None:
        raise NotFoundError(f"badge {slug!r}: there is none")
    return row.name, _happened(session, after, (Award.badge_id, row.id))


def _happened(session: Session, after: str, owner: Owner | None = None) -> Listing[AwardCard]:
    """Return a part of the awards, and among them those that were revoked in the same time."""
    awarded = page_of_awards(session, after, FEED_LENGTH, owner)
    time: list[ColumnElement[bool]] = [Award.revoked_at.is_not(None)]
    if after:
        time.append(Award.revoked_at < position(after)[0])
    if awarded.after:
        time.append(Award.revoked_at >= position(awarded.after)[0])
    order: tuple[ColumnElement[Any], ...] = (Award.revoked_at.desc(), Award.id.desc())
    if owner is not None:
        time.append(belongs_to(*owner))
        order = (owner[0].desc(), *order)
    some = select(Award.id).where(*time).order_by(*order).limit(LOOKED_AT)
    revoked = revoked_awards(session, some, FEED_LENGTH)
    happened = sorted([*awarded.items, *revoked], key=lambda card: card.changed_at, reverse=True)
    return Listing(tuple(happened), awarded.after)


def new_badges(session: Session) -> list[NewBadge]:
    """Return the newest badges that can still be earned."""
    rows = session.execute(
        select(Badge.slug, Badge.name, Badge.description, Badge.version, Badge.created_at)
        .where(Badge.retired_at.is_(None))
        .order_by(Badge.created_at.desc(), Badge.id.desc())
        .limit(FEED_LENGTH)
    )
    return [NewBadge(*row) for row in rows]


def map_size(session: Session) -> MapSize:
    """Return the size of the site map, from the highest rows."""
    people, badges = session.execute(
        select(
            select(func.max(Person.id)).scalar_subquery(),
            select(func.max(Badge.id)).scalar_subquery(),
        )
    ).one()
    return MapSize(_pages(people), _pages(badges))


def mapped_people(session: Session, page: int) -> list[str]:
    """Return the names of people with badges on one page of the site map."""
    # Looked up for each of the page, or the planner reads the totals of everybody.
    held = (
        select(Total.badges)
        .where(Total.person_id == Person.id, Total.period == Period.ALL)
        .scalar_subquery()
    )
    rows = session.scalars(
        select(Person.username)
        .where(held > 0)
        .where(Person.opted_out.is_(False), Person.erased_at.is_(None))
        .where(Person.id > (page - 1) * MAP_ROWS, Person.id <= page * MAP_ROWS)
        .order_by(Person.id)
    )
    return list(rows)


def mapped_badges(session: Session, page: int) -> list[tuple[str, datetime]]:
    """Return slugs of badges on one page of the site map, and when each changed."""
    rows = session.execute(
        select(Badge.slug, Badge.updated_at)
        .where(Badge.id > (page - 1) * MAP_ROWS, Badge.id <= page * MAP_ROWS)
        .order_by(Badge.id)
    )
    return [(slug, changed) for slug, changed in rows]


def _pages(highest: int | None) -> int:
    return -(-(highest or 0) // MAP_ROWS)
