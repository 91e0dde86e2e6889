# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps the totals that pages show, in the transaction of the award that changes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from issuer.db import insert_once
from issuer.models import Award, BadgeTotal, Period, Person, RankHistogram, Total

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from sqlalchemy.orm import Session

#: Periods for which ranks are kept; those of any other span come from daily totals.
RANKED = (Period.ALL, Period.YEAR, Period.MONTH, Period.WEEK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the totals have to know of an award."""

    award_id: int
    badge_id: int
    person_id: int
    points: int
    issued_at: datetime

    @classmethod
    def of(cls, award: Award) -> Change:
        """Return what an award changes."""
        return cls(
            award_id=award.id,
            badge_id=award.badge_id,
            person_id=award.person_id,
            points=award.badge.points,
            issued_at=award.issued_at,
        )


def add(session: Session, change: Change) -> None:
    """Count a new award in. On PostgreSQL `ledgers.write` does the same for many at once."""
    _change(session, change, 1)


def take_back(session: Session, change: Change) -> None:
    """Count a revoked award out."""
    _change(session, change, -1)


def leave(session: Session, person_id: int) -> None:
    """Take somebody out of all ranks; the totals stay, for the day they come back."""
    _move_all(session, person_id, -1)


def come_back(session: Session, person_id: int) -> None:
    """Put somebody back into all ranks."""
    _move_all(session, person_id, 1)


def starts(moment: datetime) -> Iterator[tuple[Period, date]]:
    """Yield each period that a moment lies in, with its first day (in UTC; weeks on Monday)."""
    day = moment.date()
    yield Period.ALL, day.replace(1, 1, 1)
    yield Period.YEAR, day.replace(month=1, day=1)
    yield Period.MONTH, day.replace(day=1)
    yield Period.WEEK, day.fromordinal(day.toordinal() - day.weekday())
    yield Period.DAY, day


def _move_all(session: Session, person_id: int, sign: int) -> None:
    # Locked, so that an award of this moment is counted before or after, and not beside.
    kept = (
        select(Total)
        .where(Total.person_id == person_id, Total.period.in_(RANKED))
        .order_by(Total.period, Total.starts_on)
        .with_for_update()
    )
    for total in session.scalars(kept.execution_options(populate_existing=True)).all():
        for measure in ("badges", "points"):
            number = getattr(total, measure)
            before, after = (number, 0) if sign < 0 else (0, number)
            _move(session, measure, total.period, total.starts_on, before, after)


def _change(session: Session, award: Change, sign: int) -> None:
    points = award.points
    hidden = select(Person.opted_out | Person.erased_at.is_not(None)).filter_by(id=award.person_id)
    is_ranked = not session.scalars(hidden).one()
    for period, day in starts(award.issued_at):
        values = {"person_id": award.person_id, "period": period, "starts_on": day}
        insert_once(
            session,
            Total,
            {**values, "badges": 0, "points": 0},
            unique=("person_id", "period", "starts_on"),
        )
        total = session.execute(
            update(Total)
            .filter_by(**values)
            .values(badges=Total.badges + sign, points=Total.points + sign * points)
            .returning(Total.badges, Total.points)
        ).one()
        if is_ranked and period in RANKED:
            _move(session, "badges", period, day, total.badges - sign, total.badges)
            _move(session, "points", period, day, total.points - sign * points, total.points)
    _change_badge(session, award, sign)


def _move(
    session: Session, measure: str, period: Period, day: date, before: int, after: int
) -> None:
    """Move one person in a histogram; nobody is kept at zero."""
    for total, change in sorted(((before, -1), (after, 1))):
        if total <= 0 or before == after:
            continue
        key = {"measure": measure, "period": period, "starts_on": day, "total": total}
        insert_once(session, RankHistogram, {**key, "people": 0}, unique=tuple(key))
        session.execute(
            update(RankHistogram).filter_by(**key).values(people=RankHistogram.people + change)
        )


def _change_badge(session: Session, award: Change, sign: int) -> None:
    held = session.scalars(
        select(func.count())
        .select_from(Award)
        .filter_by(badge_id=award.badge_id, person_id=award.person_id)
        .where(Award.revoked_at.is_(None), Award.id != award.award_id)
    ).one()
    unique = ("badge_id",)
    values = {"badge_id": award.badge_id, "holders": 0, "awards": 0}
    insert_once(session, BadgeTotal, values, unique=unique)
    session.execute(
        update(BadgeTotal)
        .filter_by(badge_id=award.badge_id)
        .values(
            awards=BadgeTotal.awards + sign,
            # Somebody with another award of the same badge is a holder before and after.
            holders=BadgeTotal.holders + (0 if held else sign),
        )
    )
