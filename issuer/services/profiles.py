# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is shown of a person: who they are, where they stand, and what they are close to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, and_, bindparam, func, literal, select, union_all
from sqlalchemy.orm import aliased

from issuer.errors import GoneError, NotFoundError
from issuer.models import (
    Award,
    Badge,
    BadgeTotal,
    CatalogueTotal,
    OldName,
    Period,
    Person,
    RankHistogram,
    Total,
)
from issuer.services.listing import (
    LOOKED_AT,
    award_card,
    award_cards,
    belongs_to,
    card_of,
    cards_of,
    ids_of,
    newest_first,
    newest_held,
    plain,
)

if TYPE_CHECKING:
    from sqlalchemy import CompoundSelect, ScalarSelect
    from sqlalchemy.orm import Session

    from issuer.services.cards import AwardCard, PersonCard

MAX_PINNED = 12
#: Of so many badges, the rarest of the site, one is looked for that somebody with many holds.
RAREST = 400


@dataclass(frozen=True, slots=True)
class Profile:
    """A person, with their totals and their place among all people who have badges."""

    person: Person
    badges: int
    points: int
    rank: int  # by badges; 0 without any
    people: int
    catalogue: int  # badges that can be earned

    @property
    def card(self) -> PersonCard:
        """The person as lists show them."""
        return card_of(self.person)

    @property
    def percentile(self) -> float:
        """How many of a hundred people have fewer badges or as many."""
        return 100 * (self.people - self.rank + 1) / self.people if self.rank else 0.0

    @property
    def top(self) -> int:
        """Among which part of a hundred the person is: 1 for the best hundredth."""
        return max(1, -(-100 * self.rank // self.people)) if self.rank else 0


@dataclass(frozen=True, slots=True)
class Highlights:
    """Awards that stand out: chosen by the person, the first, and of the rarest badge."""

    pinned: tuple[AwardCard, ...]
    first: AwardCard | None
    rarest: AwardCard | None  # missing where one who holds many has none of those that are rare


def profile(session: Session, username: str) -> Profile:
    """Return the person of that name or former name who may be shown.

    Raises `NotFoundError` for unknown people and, in the same words, for those who opted out;
    `GoneError` for those who were erased.
    """
    key = plain(username).lower()
    row = session.execute(_PROFILE.where(Person.key == key)).one_or_none()
    if row is None:
        former = select(OldName.person_id).filter_by(key=key).scalar_subquery()
        row = session.execute(_PROFILE.where(Person.id == former)).one_or_none()
    if row is None or (row[0].opted_out and row[0].erased_at is None):
        raise NotFoundError("person %(person)r: not known here", person=username)
    person, badges, points, above, people, catalogue = row
    if person.erased_at is not None:
        raise GoneError("person %(person)r: was removed", person=username)
    rank = int(above) + 1 if badges > 0 else 0
    return Profile(person, badges, points, rank, int(people), catalogue)


def days(session: Session, person: Person, first: date, last: date) -> dict[date, int]:
    """Return how many badges a person got on each day that had any."""
    statement = select(Total.starts_on, Total.badges).where(
        Total.person_id == person.id,
        Total.period == Period.DAY,
        Total.starts_on.between(first, last),
        Total.badges > 0,
    )
    return dict(session.execute(statement).all())


def highlights(session: Session, profile: Profile) -> Highlights:
    """Return what stands out, in one statement that reads no more for those who hold more."""
    person = profile.person
    pinned = list(person.pinned)[:MAX_PINNED]
    statement = _highlights(profile.badges <= LOOKED_AT)
    rows = session.execute(statement, {"person": person.id, "pinned": pinned}).all()
    cards = {row.part: award_card(row) for row in rows}
    chosen = (cards.get(badge_id + _PINNED) for badge_id in pinned)
    return Highlights(
        tuple(card for card in chosen if card is not None), cards.get(_FIRST), cards.get(_RAREST)
    )


def year_before(today: date) -> date:
    """Return the Monday with which a calendar of the last 53 weeks begins."""
    return today - timedelta(days=today.weekday() + 52 * 7)


_RANKED = (
    RankHistogram.measure == "badges",
    RankHistogram.period == Period.ALL,
    RankHistogram.starts_on == date.min,
)
_BADGES = func.coalesce(Total.badges, 0)
#: Made once: making a statement costs more than running it.
_PROFILE = select(
    Person,
    _BADGES,
    func.coalesce(Total.points, 0),
    select(func.coalesce(func.sum(RankHistogram.people), 0))
    .where(*_RANKED, RankHistogram.total > _BADGES)
    .scalar_subquery(),
    select(func.coalesce(func.sum(RankHistogram.people), 0))
    .where(*_RANKED, RankHistogram.total > 0)
    .scalar_subquery(),
    select(CatalogueTotal.badges).scalar_subquery(),
).outerjoin(
    Total,
    and_(Total.person_id == Person.id, Total.period == Period.ALL, Total.starts_on == date.min),
)

_PERSON = bindparam("person", type_=Integer)
#: Which part of the highlights a row is; from the last on, of which badge the pinned award is.
_FIRST, _RAREST, _PINNED = 1, 2, 3


@lru_cache
def _highlights(few: bool) -> CompoundSelect[Any]:
    """Select the highlights of somebody with few badges, who are most, or with many."""
    earliest = ids_of(Award.person_id, _PERSON).order_by(Award.person_id, Award.issued_at, Award.id)
    first = cards_of(earliest.limit(1)).add_columns(literal(_FIRST).label("part"))
    rarest = (
        award_cards()
        .add_columns(literal(_RAREST).label("part"))
        .where(Award.id == (_rarest_of_few() if few else _rarest_of_many()))
    )
    badge = aliased(Badge)
    newest = select(newest_held(_PERSON, badge.id)).where(
        badge.id.in_(bindparam("pinned", expanding=True))
    )
    pinned = (
        award_cards().add_columns((Badge.id + _PINNED).label("part")).where(Award.id.in_(newest))
    )
    return union_all(*(select(part.subquery()) for part in (first, rarest, pinned)))


def _rarest_of_few() -> ScalarSelect[int]:
    """Look at all that somebody holds."""
    own = (
        select(Award.id, Award.badge_id, Award.issued_at)
        .where(belongs_to(Award.person_id, _PERSON), Award.revoked_at.is_(None))
        .order_by(*newest_first(Award.person_id))
        .limit(LOOKED_AT)
        .subquery()
    )
    return (
        select(own.c.id)
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == own.c.badge_id)
        .order_by(func.coalesce(BadgeTotal.holders, 0), own.c.issued_at, own.c.id)
        .limit(1)
        .scalar_subquery()
    )


def _rarest_of_many() -> ScalarSelect[int]:
    """Look at the rarest badges of the site, until one is found: whoever has many has one soon."""
    rare = (
        select(BadgeTotal.badge_id, BadgeTotal.holders)
        .where(BadgeTotal.holders > 0)
        .order_by(BadgeTotal.holders, BadgeTotal.badge_id)
        .limit(RAREST)
        .subquery()
    )
    held = select(
        rare.c.holders, rare.c.badge_id, newest_held(_PERSON, rare.c.badge_id).label("award_id")
    ).subquery()
    return (
        select(held.c.award_id)
        .where(held.c.award_id.is_not(None))
        .order_by(held.c.holders, held.c.badge_id)
        .limit(1)
        .scalar_subquery()
    )
