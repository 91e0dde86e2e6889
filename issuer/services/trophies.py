# SPDX-License-Identifier: AGPL-3.0-or-later
"""The badges of a person: in time, by tag, by series.

Every list comes in parts, and a part reads no more of somebody with many than of one with few.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, and_, bindparam, exists, func, select, true, tuple_
from sqlalchemy.orm import aliased

from issuer.db import BigInt, UtcDateTime
from issuer.models import (
    Assertion,
    Award,
    Badge,
    Milestone,
    Person,
    Series,
    Tag,
    badge_tags,
)
from issuer.services.cards import AwardCard, BadgeCard, Listing
from issuer.services.listing import (
    LOOKED_AT,
    award_card,
    award_cards,
    badge_cards,
    belongs_to,
    cards_of,
    cursor,
    newest_first,
    newest_held,
    page_of_awards,
    plain,
    position,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import CTE, FromClause, Select
    from sqlalchemy.orm import Session

#: Of each group so many are shown; the rest is a page of its own.
GROUP_LENGTH = 8
GROUPS = 24
MAX_STEPS = 120


@dataclass(frozen=True, slots=True)
class Group:
    """A tag, how many badges of it a person has, and the newest of them."""

    name: str  # empty for badges without a tag
    number: int
    awards: tuple[AwardCard, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A badge of a series; ``uuid`` names the award of a person who has it."""

    badge: BadgeCard
    uuid: UUID | None


@dataclass(frozen=True, slots=True)
class Row:
    """A series of which a person has a part."""

    slug: str
    name: str
    levels: tuple[Level, ...]

    @property
    def held(self) -> int:
        """How many of its badges the person has."""
        return sum(level.uuid is not None for level in self.levels)


def in_time(
    session: Session, person: Person, *, tag: str = "", after: str = "", limit: int = 48
) -> Listing[AwardCard]:
    """Return the awards of a person after the cursor, newest first; those of one tag or all.

    Of a tag there may be few in a part, or none, and yet more in the next.
    """
    if tag:
        return _tagged(session, person, plain(tag), after, limit)
    return page_of_awards(session, after, limit, (Award.person_id, person.id))


def by_tag(session: Session, person: Person, after: str = "") -> Listing[Group]:
    """Return the newest awards of a person under each tag, the fullest tag first.

    Of somebody with many it is a part: `LOOKED_AT` of them after the cursor.
    """
    rows = session.execute(_by_tag(bool(after)), _values(person, after)).all()
    groups: dict[str, tuple[int, list[AwardCard]]] = {}
    for row in rows:
        groups.setdefault(row.tag, (row.number, []))[1].append(award_card(row))
    found = (Group(tag, number, tuple(cards)) for tag, (number, cards) in groups.items())
    return Listing(tuple(found), _rest(rows))


def by_series(session: Session, person: Person, after: str = "") -> Listing[Row]:
    """Return the series of which a person has a part, whole, so that the gaps are seen.

    Of somebody with many awards it is a part: the series of `LOOKED_AT` of them after the cursor,
    each where its newest award stands, and no more than `MAX_STEPS` badges.
    """
    rows = session.execute(_by_series(bool(after)), _values(person, after)).all()
    found: dict[str, Row] = {}
    places: dict[str, str] = {}
    for row in rows[:MAX_STEPS]:
        if row.series is None:
            break
        level = Level(BadgeCard(*row[:6]), row.uuid)
        known = found.get(row.series, Row(row.series, row.title, ()))
        found[row.series] = replace(known, levels=(*known.levels, level))
        places[row.series] = cursor(row.begun_at, row.begun_id)
    rest = _rest(rows)
    if len(rows) > MAX_STEPS:
        if len(found) > 1:  # the last may lack steps, and begins the next part
            found.popitem()
        rest = places[next(reversed(found))]
    return Listing(tuple(sorted(found.values(), key=lambda row: row.name.casefold())), rest)


def _tagged(
    session: Session, person: Person, tag: str, after: str, limit: int
) -> Listing[AwardCard]:
    values = {**_values(person, after), "tag": tag}
    rows = session.execute(_looked_at_for_tag(bool(after)), values).all()
    own = [row for row in rows[:LOOKED_AT] if row.is_tagged]
    rest = ""
    if len(own) > limit:
        rest = cursor(own[limit - 1].issued_at, own[limit - 1].id)
    elif len(rows) > LOOKED_AT:
        rest = cursor(rows[LOOKED_AT - 1].issued_at, rows[LOOKED_AT - 1].id)
    some = select(Award.id).where(Award.id.in_([row.id for row in own[:limit]])).limit(limit)
    cards = session.execute(cards_of(some).order_by(*newest_first())).all() if own else ()
    return Listing(tuple(award_card(row) for row in cards), rest)


def _values(person: Person, after: str) -> dict[str, Any]:
    """Return what the statements below are asked with."""
    values: dict[str, Any] = {"person": person.id}
    if after:
        values["moment"], values["row"] = position(after)
    return values


def _rest(rows: Sequence[Any]) -> str:
    """Return the cursor of the rest, where more awards were left than are looked at."""
    if not rows or rows[0].looked_at <= LOOKED_AT:
        return ""
    return cursor(rows[0].edge_at, rows[0].edge_id)


# Statements are made once: making one costs more than running it.

_PERSON = bindparam("person", type_=Integer)
#: The place of an award in time, and where a part begins: behind it.
_PLACE = tuple_(Award.issued_at, Award.id)
_CURSOR = tuple_(bindparam("moment", type_=UtcDateTime), bindparam("row", type_=BigInt))


def _looked_at(later: bool) -> Select[int, int, datetime]:
    """Select the awards that a part looks at, and one more where there are more."""
    statement = select(Award.id, Award.badge_id, Award.issued_at).where(
        belongs_to(Award.person_id, _PERSON), Award.revoked_at.is_(None)
    )
    if later:
        own = tuple_(Award.person_id, Award.issued_at, Award.id)
        statement = statement.where(own < tuple_(_PERSON, *_CURSOR.clauses))
    return statement.order_by(*newest_first(Award.person_id)).limit(LOOKED_AT + 1)


def _numbered(later: bool) -> CTE:
    """Select the same with the place of each, from 1."""
    some = _looked_at(later).subquery()
    place = func.row_number().over(order_by=(some.c.issued_at.desc(), some.c.id.desc()))
    return select(some, place.label("place")).cte("looked_at")


def _edge(looked: CTE) -> tuple[Any, ...]:
    """Return the columns that tell how many were looked at, and which was the last."""
    last, size = looked.alias(), looked.alias()
    at, row = (
        select(column).where(last.c.place == LOOKED_AT).scalar_subquery()
        for column in (last.c.issued_at, last.c.id)
    )
    number = select(func.max(size.c.place)).scalar_subquery()
    return number.label("looked_at"), at.label("edge_at"), row.label("edge_id")


@lru_cache
def _looked_at_for_tag(later: bool) -> Select[Any]:
    looked = _looked_at(later).subquery()
    tagged = select(badge_tags.c.badge_id).join(Tag).where(Tag.name == bindparam("tag"))
    return select(looked, looked.c.badge_id.in_(tagged).label("is_tagged")).order_by(
        looked.c.issued_at.desc(), looked.c.id.desc()
    )


@lru_cache
def _by_tag(later: bool) -> Select[Any]:
    looked = _numbered(later)
    name = func.coalesce(Tag.name, "")
    tagged = (
        select(
            looked.c.id,
            name.label("tag"),
            func.row_number().over(partition_by=name, order_by=looked.c.place).label("place"),
            func.count().over(partition_by=name).label("number"),
        )
        .select_from(looked)
        .outerjoin(badge_tags, badge_tags.c.badge_id == looked.c.badge_id)
        .outerjoin(Tag, Tag.id == badge_tags.c.tag_id)
        .where(looked.c.place <= LOOKED_AT)
        .subquery()
    )

    def order(rows: FromClause) -> tuple[Any, ...]:
        return rows.c.tag == "", rows.c.number.desc(), rows.c.tag, rows.c.place

    shown = (
        select(tagged)
        .where(tagged.c.place <= GROUP_LENGTH)
        .order_by(*order(tagged))
        .limit(GROUPS * GROUP_LENGTH)
        .subquery()
    )
    return (
        award_cards()
        .add_columns(shown.c.tag, shown.c.number, *_edge(looked))
        .join(shown, shown.c.id == Award.id)
        .order_by(*order(shown))
    )


@lru_cache
def _by_series(later: bool) -> Select[Any]:
    looked = _numbered(later)
    begun = (
        select(Milestone.series_id, func.min(looked.c.place).label("place"))
        .join(looked, looked.c.badge_id == Milestone.badge_id)
        .where(looked.c.place <= LOOKED_AT)
        .group_by(Milestone.series_id)
    )
    if later:
        # A part before has those of which an award is newer.
        other = aliased(Milestone)
        newer = newest_held(_PERSON, other.badge_id, _PLACE >= _CURSOR)
        seen = exists().where(other.series_id == Milestone.series_id, newer.is_not(None))
        begun = begun.where(~seen)
    some = begun.subquery()
    newest = looked.alias()
    steps = (
        badge_cards()
        .add_columns(
            Series.slug.label("series"),
            Series.name.label("title"),
            some.c.place,
            newest.c.issued_at.label("begun_at"),
            newest.c.id.label("begun_id"),
            Milestone.position,
            newest_held(_PERSON, Badge.id).label("award_id"),
        )
        .join(Milestone, Milestone.badge_id == Badge.id)
        .join(Series, Series.id == Milestone.series_id)
        .join(some, some.c.series_id == Series.id)
        .join(newest, newest.c.place == some.c.place)
        .order_by(some.c.place, Milestone.position)
        .limit(MAX_STEPS + 1)
        .subquery()
    )
    # The sum keeps SQLite from reading all assertions to find the award of each.
    own = and_(Assertion.award_id == steps.c.award_id + 0, Assertion.is_default)
    edge = select(*_edge(looked)).subquery()  # one row, also where no series was begun
    return (
        select(steps, Assertion.uuid, edge)
        .select_from(edge)
        .outerjoin(steps, true())
        .outerjoin(Assertion, own)
        .order_by(steps.c.place, steps.c.position)
    )
