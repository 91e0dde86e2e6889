# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lists of badges and awards that pages share, paged by key and not by number."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import and_, func, select, tuple_

from issuer.errors import InvalidInputError
from issuer.models import Assertion, Award, Badge, BadgeTotal, Person
from issuer.services.cards import AwardCard, BadgeCard, Listing, PersonCard

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

    #: Whose awards a list has: the column of the person or of the badge, and the row.
    Owner = tuple[InstrumentedAttribute[int], int]

#: The columns of an award in a list, and its row.
Shown = tuple[UUID, datetime, str, str, str, int, int | None, str, str, bool, int, str | None]

#: Of what a person holds a page looks at so many awards at once; the others are the next pages.
LOOKED_AT = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Where a list of awards goes on: the moment in microseconds, and the row.
CURSOR = re.compile(r"([0-9]{1,16})-([0-9]{1,18})", re.ASCII)
#: Totals and most rows have numbers up to here; PostgreSQL compares them with no larger ones.
LARGEST = 2**31 - 1


def plain(text: str) -> str:
    """Return the text without NUL, which no database can look for."""
    return text.replace("\0", "\ufffd")


#: Whether a person chose a picture: a list then shows it in place of their initials.
SHOWS_PORTRAIT = Person.avatar_hash.is_not(None).label("has_portrait")

#: Made once, because making a statement costs more than running it.
_BADGE_CARDS = (
    select(
        Badge.slug,
        Badge.name,
        Badge.description,
        func.coalesce(BadgeTotal.holders, 0),
        Badge.version,
        Badge.svg_id,
    )
    .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
    .where(Badge.retired_at.is_(None))
)
_NAMED_AWARDS = (
    select(
        Assertion.uuid,
        Award.issued_at,
        Badge.slug,
        Badge.name,
        Badge.description,
        Badge.version,
        Badge.svg_id,
        Person.username,
        Person.display_name,
        SHOWS_PORTRAIT,
        Award.id,
        Award.cause_url,
    )
    .select_from(Award)
    # The sum keeps SQLite from reading all assertions to find the awards of each.
    .join(Assertion, and_(Assertion.award_id == Award.id + 0, Assertion.is_default))
    .join(Badge, Award.badge_id == Badge.id)
    .join(Person, Award.person_id == Person.id)
    .where(Person.opted_out.is_(False), Person.erased_at.is_(None))
)
_AWARD_CARDS = _NAMED_AWARDS.where(Award.revoked_at.is_(None))
_REVOKED_CARDS = _NAMED_AWARDS.add_columns(Award.revoked_at, Award.revocation_reason)


def badge_cards() -> Select[str, str, str, int, int, int | None]:
    """Select the badges that can still be earned, as `BadgeCard` takes them."""
    return _BADGE_CARDS


def award_cards() -> Select[*Shown]:
    """Select the awards that may be shown: not taken back, of people who may be named."""
    return _AWARD_CARDS


def revoked_awards(session: Session, some: Select[int], limit: int) -> list[AwardCard]:
    """Return the awards among some rows that were taken back, the last first, of people to name."""
    statement = (
        _REVOKED_CARDS.where(Award.id.in_(some))
        .order_by(Award.revoked_at.desc(), Award.id.desc())
        .limit(limit)
    )
    return [
        replace(award_card(row), revoked_at=row.revoked_at, reason=row.revocation_reason or "")
        for row in session.execute(statement)
    ]


def belongs_to(
    owner: InstrumentedAttribute[int], row: int | ColumnElement[int] | InstrumentedAttribute[int]
) -> ColumnElement[bool]:
    """Return the condition that an award is of one person or badge, for lists in the order of time.

    As a range, and with the owner first in the order: told that they are equal, PostgreSQL takes
    the order from all awards of the site, and leaves out those of others, for whoever has many.
    """
    return owner.between(row, row)


def ids_of(owner: InstrumentedAttribute[int], row: int | BindParameter[int]) -> Select[int]:
    """Select the awards of one person or badge that may be shown: what is put in order first."""
    statement = select(Award.id).where(belongs_to(owner, row), Award.revoked_at.is_(None))
    if owner is Award.person_id:  # whoever asks knows that the person may be named
        return statement
    return statement.join(Person, Person.id == Award.person_id).where(
        Person.opted_out.is_(False), Person.erased_at.is_(None)
    )


def cards_of(some: Select[int]) -> Select[*Shown]:
    """Select the cards of some awards, in no order; whose they are is not said a second time."""
    chosen = some.subquery()
    return award_cards().join(chosen, chosen.c.id == Award.id)


def newest_first(owner: InstrumentedAttribute[int] | None = None) -> tuple[ColumnElement[Any], ...]:
    """Return the order of awards in time, of all or of an owner (see `belongs_to`)."""
    time = Award.issued_at.desc(), Award.id.desc()
    return time if owner is None else (owner.desc(), *time)


def newest_held(
    person: int | BindParameter[int],
    badge: ColumnElement[int] | InstrumentedAttribute[int],
    *conditions: ColumnElement[bool],
) -> ScalarSelect[int]:
    """Select the newest award of a badge that a person holds: one row of an index.

    As a range too (see `belongs_to`): else all awards of a badge that is awarded again and again
    are read, in the order of their occurrences.
    """
    return (
        select(Award.id)
        .where(Award.person_id == person, belongs_to(Award.badge_id, badge))
        .where(Award.revoked_at.is_(None), *conditions)
        .order_by(*newest_first(Award.badge_id))
        .limit(1)
        .correlate_except(Award)
        .scalar_subquery()
    )


def page_of_awards(
    session: Session, after: str, limit: int, owner: Owner | None = None
) -> Listing[AwardCard]:
    """Return the newest awards before the cursor, of all or of one, and the cursor of the rest."""
    if owner is None:
        statement, place = award_cards(), tuple_(Award.issued_at, Award.id)
        if after:
            statement = statement.where(place < position(after))
        statement = statement.order_by(*newest_first()).limit(limit + 1)
    else:
        column, row = owner
        some, place = ids_of(column, row), tuple_(column, Award.issued_at, Award.id)
        if after:
            some = some.where(place < (row, *position(after)))
        some = some.order_by(*newest_first(column)).limit(limit + 1)
        statement = cards_of(some).order_by(*newest_first())
    rows = session.execute(statement).all()
    cards = tuple(award_card(row) for row in rows[:limit])
    return Listing(
        cards, cursor(rows[limit - 1].issued_at, rows[limit - 1].id) if len(rows) > limit else ""
    )


def award_card(row: Any) -> AwardCard:
    """Return the card of a row that `award_cards` selected."""
    return AwardCard(
        row.uuid,
        row.issued_at,
        BadgeCard(row.slug, row.name, row.description, version=row.version, svg_id=row.svg_id),
        PersonCard(row.username, row.display_name, row.has_portrait),
        why=row.cause_url or "",
    )


def card_of(person: Person) -> PersonCard:
    """Return a person as lists show them."""
    return PersonCard(person.username, person.display_name, person.avatar_hash is not None)


def cursor(issued_at: datetime, award_id: int) -> str:
    """Return the name of the place after an award."""
    microseconds = (issued_at - EPOCH) // timedelta(microseconds=1)
    return f"{microseconds}-{award_id}"


def position(cursor: str) -> tuple[datetime, int]:
    """Return the place that a cursor names; raise `InvalidInputError` for one that is none."""
    match = CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidInputError(
            "place %(place)r: not one that a list names: start anew", place=cursor[:40]
        )
    return EPOCH + timedelta(microseconds=int(match[1])), int(match[2])
