# SPDX-License-Identifier: AGPL-3.0-or-later
"""The badges of a person: in time, by tag, by series, and beside those of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import and_, bindparam, case, func, select

from issuer.models import (
    Assertion,
    Award,
    Badge,
    BadgeTotal,
    Milestone,
    Person,
    Series,
    Tag,
    badge_tags,
)
from issuer.services.cards import AwardCard, BadgeCard, Listing
from issuer.services.listing import (
    Shown,
    award_card,
    award_cards,
    badge_cards,
    page_of_awards,
    plain,
)

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

#: Of each group so many are shown; the rest is a page of its own.
GROUP_LENGTH = 8
GROUPS = 24
MAX_STEPS = 300
SIDE_LENGTH = 24

Side = Literal["both", "first", "second"]


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


@dataclass(frozen=True, slots=True)
class Shared:
    """How many badges two people both have, or one of them alone, and the rarest of these."""

    number: int = 0
    badges: tuple[BadgeCard, ...] = ()


def in_time(
    session: Session, person: Person, *, tag: str = "", after: str = "", limit: int = 48
) -> Listing[AwardCard]:
    """Return the awards of a person after the cursor, newest first; those of one tag or all."""
    statement = _own(person)
    if tag:
        tagged = select(badge_tags.c.badge_id).join(Tag).where(Tag.name == plain(tag))
        statement = statement.where(Award.badge_id.in_(tagged))
    return page_of_awards(session, statement, after, limit)


def by_tag(session: Session, person: Person) -> tuple[Group, ...]:
    """Return the newest awards of a person under each tag, the fullest tag first."""
    groups: dict[str, tuple[int, list[AwardCard]]] = {}
    for row in session.execute(_BY_TAG, {"person": person.id}):
        groups.setdefault(row.tag, (row.number, []))[1].append(award_card(row))
    return tuple(Group(tag, number, tuple(cards)) for tag, (number, cards) in groups.items())


def by_series(session: Session, person: Person) -> tuple[Row, ...]:
    """Return the series of which a person has a part, whole, so that the gaps are seen."""
    held = (
        select(Award.badge_id, func.max(Award.id).label("award_id"))
        .where(Award.person_id == person.id, Award.revoked_at.is_(None))
        .group_by(Award.badge_id)
        .subquery()
    )
    begun = select(Milestone.series_id).join(held, held.c.badge_id == Milestone.badge_id)
    statement = (
        badge_cards()
        .add_columns(Series.slug.label("series"), Series.name.label("title"), Assertion.uuid)
        .join(Milestone, Milestone.badge_id == Badge.id)
        .join(Series, Series.id == Milestone.series_id)
        .outerjoin(held, held.c.badge_id == Badge.id)
        .outerjoin(Assertion, and_(Assertion.award_id == held.c.award_id, Assertion.is_default))
        .where(Series.id.in_(begun))
        .order_by(Series.name, Series.id, Milestone.position)
        .limit(MAX_STEPS)
    )
    rows: dict[str, tuple[str, list[Level]]] = {}
    for row in session.execute(statement):
        level = Level(BadgeCard(*row[:6]), row.uuid)
        rows.setdefault(row.series, (row.title, []))[1].append(level)
    return tuple(Row(slug, name, tuple(levels)) for slug, (name, levels) in rows.items())


def compare(session: Session, first: Person, second: Person) -> dict[Side, Shared]:
    """Return which badges two people share and which only one of them has, the rarest first."""
    has_first = func.max(case((Award.person_id == first.id, 1), else_=0))
    has_second = func.max(case((Award.person_id == second.id, 1), else_=0))
    side = case((has_first + has_second == 2, "both"), (has_first == 1, "first"), else_="second")
    held = (
        select(Award.badge_id, side.label("side"))
        .where(Award.person_id.in_((first.id, second.id)), Award.revoked_at.is_(None))
        .group_by(Award.badge_id)
        .subquery()
    )
    holders = func.coalesce(BadgeTotal.holders, 0)
    place = func.row_number().over(partition_by=held.c.side, order_by=(holders, Badge.slug))
    number = func.count().over(partition_by=held.c.side)
    found = (
        select(
            Badge.slug,
            Badge.name,
            Badge.description,
            holders.label("holders"),
            Badge.version,
            Badge.svg_id,
            held.c.side,
            place.label("place"),
            number.label("number"),
        )
        .join(held, held.c.badge_id == Badge.id)
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .subquery()
    )
    statement = select(found).where(found.c.place <= SIDE_LENGTH).order_by(found.c.place)
    sides: dict[Side, tuple[int, list[BadgeCard]]] = {}
    for row in session.execute(statement):
        sides.setdefault(row.side, (row.number, []))[1].append(BadgeCard(*row[:6]))
    empty: tuple[int, list[BadgeCard]] = (0, [])
    names: tuple[Side, ...] = ("both", "first", "second")
    return {
        name: Shared(sides.get(name, empty)[0], tuple(sides.get(name, empty)[1])) for name in names
    }


def _own(person: Person) -> Select[*Shown]:
    return award_cards().where(Award.person_id == person.id)


def _make_by_tag() -> Select[Any]:
    name = func.coalesce(Tag.name, "")
    newest = func.row_number().over(
        partition_by=name, order_by=(Award.issued_at.desc(), Award.id.desc())
    )
    found = (
        award_cards()
        .where(Award.person_id == bindparam("person"))
        .outerjoin(badge_tags, badge_tags.c.badge_id == Badge.id)
        .outerjoin(Tag, Tag.id == badge_tags.c.tag_id)
        .add_columns(
            name.label("tag"),
            newest.label("place"),
            func.count().over(partition_by=name).label("number"),
        )
        .subquery()
    )
    return (
        select(found)
        .where(found.c.place <= GROUP_LENGTH)
        .order_by(found.c.tag == "", found.c.number.desc(), found.c.tag, found.c.place)
        .limit(GROUPS * GROUP_LENGTH)
    )


#: Made once, because making a statement costs more than running it.
_BY_TAG = _make_by_tag()
