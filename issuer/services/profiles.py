# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is shown of a person: who they are, where they stand, and what they are close to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, literal, select, union_all

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
from issuer.services.listing import award_card, award_cards, card_of, plain

if TYPE_CHECKING:
    from sqlalchemy import CompoundSelect
    from sqlalchemy.orm import Session

    from issuer.services.cards import AwardCard, PersonCard

MAX_PINNED = 12


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
    rarest: AwardCard | None


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


def highlights(session: Session, person: Person) -> Highlights:
    """Return what stands out, in one statement."""
    pinned = list(person.pinned)[:MAX_PINNED]
    rows = session.execute(_HIGHLIGHTS, {"person": person.id, "pinned": pinned}).all()
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

#: Which part of the highlights a row is; from the last on, of which badge the pinned award is.
_FIRST, _RAREST, _PINNED = 1, 2, 3


def _make_highlights() -> CompoundSelect[Any]:
    own = award_cards().where(Award.person_id == bindparam("person"))
    first = own.add_columns(literal(_FIRST).label("part")).order_by(Award.issued_at, Award.id)
    holders = func.coalesce(BadgeTotal.holders, 0)
    rarest = (
        own.add_columns(literal(_RAREST).label("part"))
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .order_by(holders, Award.issued_at, Award.id)
    )
    newest = (
        select(func.max(Award.id))
        .where(Award.person_id == bindparam("person"), Award.revoked_at.is_(None))
        .where(Award.badge_id.in_(bindparam("pinned", expanding=True)))
        .group_by(Award.badge_id)
    )
    pinned = (
        award_cards().add_columns((Badge.id + _PINNED).label("part")).where(Award.id.in_(newest))
    )
    return union_all(
        *(select(part.subquery()) for part in (first.limit(1), rarest.limit(1), pinned))
    )


_HIGHLIGHTS = _make_highlights()
