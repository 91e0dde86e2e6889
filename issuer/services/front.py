# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the front page shows, each part in one statement that reads what it shows and no more."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, literal, or_, select, union_all

from issuer.models import (
    Award,
    Badge,
    BadgeTotal,
    Period,
    Person,
    RankHistogram,
    Total,
)
from issuer.services import totals
from issuer.services.cards import AwardCard, BadgeCard, Numbers, PersonCard
from issuer.services.listing import SHOWS_PORTRAIT, award_card, award_cards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import CompoundSelect, Select
    from sqlalchemy.orm import Session

LATEST = 6
MINE = 6
NEWEST = 4
RAREST = 4
#: Seven stand like a honeycomb.
POPULAR = 7
LEADERS = 5
#: Periods whose leaders are shown.
LED = (Period.WEEK, Period.MONTH)


@dataclass(frozen=True, slots=True)
class Leader:
    """Somebody who earned many badges in a period; ties share a place (1, 1, 3)."""

    place: int
    person: PersonCard
    badges: int


def awards(session: Session, me: str = "") -> tuple[tuple[AwardCard, ...], tuple[AwardCard, ...]]:
    """Return the newest awards of all, and those of whoever looks."""
    found = session.execute(_awards(bool(me)), {"me": me} if me else {}).all()
    rows = sorted(found, key=lambda row: (row.issued_at, row.id), reverse=True)
    latest, mine = (tuple(award_card(row) for row in rows if row.part == part) for part in (0, 1))
    return latest, mine


def badges(session: Session) -> dict[str, tuple[BadgeCard, ...]]:
    """Return the newest badges, the rarest that somebody holds, and those that most people hold."""
    rows = session.execute(_badges()).all()
    found = {
        name: [BadgeCard(*row[:6]) for row in rows if row.part == name]
        for name in ("newest", "rarest", "popular")
    }
    # Whoever puts the parts together need not keep their order.
    found["rarest"].sort(key=lambda card: (card.holders, card.slug))
    found["popular"].sort(key=lambda card: (-card.holders, card.slug))
    return {name: tuple(cards) for name, cards in found.items()}


def leaders(session: Session, now: datetime) -> dict[Period, tuple[Leader, ...]]:
    """Return who earned most badges in the week and in the month of a moment."""
    spans = dict(totals.starts(now))
    rows = session.execute(_leaders(), {str(period): spans[period] for period in LED}).all()
    found: dict[Period, tuple[Leader, ...]] = {}
    for period in LED:
        own = [row for row in rows if row.part == period.value]
        own.sort(key=lambda row: (-row.badges, -row.person_id))
        sums = [row.badges for row in own]
        found[period] = tuple(
            Leader(sums.index(row.badges) + 1, PersonCard(*row[1:4]), row.badges) for row in own
        )
    return found


def numbers(session: Session, now: datetime) -> Numbers:
    """Return how many awards and holders there are, and the awards of this month."""
    month = dict(totals.starts(now))[Period.MONTH]
    rows = session.execute(_numbers(), {"month": month}).all()
    known = {period: (int(total), int(people)) for period, total, people in rows}
    ever, lately = known.get(Period.ALL, (0, 0)), known.get(Period.MONTH, (0, 0))
    return Numbers(awards=ever[0], people=ever[1], lately=lately[0])


# Statements are made once: making one costs more than running it.


@lru_cache
def _awards(own: bool) -> CompoundSelect[Any]:
    newest = (Award.issued_at.desc(), Award.id.desc())
    all_of_them = award_cards().add_columns(literal(0).label("part"))
    parts = [all_of_them.order_by(*newest).limit(LATEST).subquery()]
    if own:
        me = select(Person.id).where(Person.key == bindparam("me")).scalar_subquery()
        mine = award_cards().add_columns(literal(1).label("part")).where(Award.person_id == me)
        parts.append(mine.order_by(*newest).limit(MINE).subquery())
    return union_all(*(select(part) for part in parts))


@lru_cache
def _badges() -> CompoundSelect[Any]:
    holders, badge = BadgeTotal.holders, BadgeTotal.badge_id
    parts = []
    for name, limit, keys in (
        ("newest", NEWEST, (Badge.created_at.desc(), Badge.id.desc())),
        ("rarest", RAREST, (holders, badge)),
        ("popular", POPULAR, (holders.desc(), badge.desc())),
    ):
        statement = (
            select(
                Badge.slug,
                Badge.name,
                Badge.description,
                holders,
                Badge.version,
                Badge.svg_id,
                literal(name).label("part"),
            )
            .join(BadgeTotal, badge == Badge.id)
            .where(Badge.retired_at.is_(None))
        )
        if name == "rarest":
            statement = statement.where(holders > 0)
        parts.append(select(statement.order_by(*keys).limit(limit).subquery()))
    return union_all(*parts)


@lru_cache
def _leaders() -> CompoundSelect[Any]:
    return union_all(
        *(
            select(
                select(
                    literal(period.value).label("part"),
                    Person.username,
                    Person.display_name,
                    SHOWS_PORTRAIT,
                    Total.badges.label("badges"),
                    Total.person_id.label("person_id"),
                )
                .join(Person, Person.id == Total.person_id)
                .where(Total.period == period, Total.starts_on == bindparam(str(period)))
                .where(Total.badges > 0, Person.opted_out.is_(False), Person.erased_at.is_(None))
                .order_by(Total.badges.desc(), Total.person_id.desc())
                .limit(LEADERS)
                .subquery()
            )
            for period in LED
        )
    )


@lru_cache
def _numbers() -> Select[Period, int, int]:
    this_month = and_(
        RankHistogram.period == Period.MONTH, RankHistogram.starts_on == bindparam("month")
    )
    return (
        select(
            RankHistogram.period,
            func.sum(RankHistogram.total * RankHistogram.people),
            func.sum(RankHistogram.people),
        )
        .where(RankHistogram.measure == "badges", RankHistogram.total > 0)
        .where(or_(RankHistogram.period == Period.ALL, this_month))
        .group_by(RankHistogram.period)
    )
