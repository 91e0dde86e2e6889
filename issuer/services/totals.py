# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps the totals that pages show, in the transaction of the award that changes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from issuer.db import inserting
from issuer.models import Award, Badge, BadgeTotal, Period, Person, RankHistogram, Total

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    #: Measure, period, its first day, total, and by how many people it changes.
    _Move = tuple[str, Period, date, int, int]

#: Periods for which ranks are kept; those of any other span come from daily totals.
RANKED = (Period.ALL, Period.YEAR, Period.MONTH, Period.WEEK, Period.DAY)


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


def renew(session: Session, person_id: int) -> None:
    """Make the totals of somebody anew from their awards; ranks are left to whoever calls."""
    statement = (
        select(Award.issued_at, Badge.points)
        .join(Badge, Badge.id == Award.badge_id)
        .where(Award.person_id == person_id, Award.revoked_at.is_(None))
    )
    sums: dict[tuple[Period, date], list[int]] = {}
    for issued_at, points in session.execute(statement):
        for span in starts(issued_at):
            kept = sums.setdefault(span, [0, 0])
            kept[0] += 1
            kept[1] += points
    session.execute(delete(Total).filter_by(person_id=person_id))
    rows = [
        {
            "person_id": person_id,
            "period": period,
            "starts_on": first,
            "badges": badges,
            "points": points,
        }
        for (period, first), (badges, points) in sums.items()
    ]
    if rows:
        session.execute(insert(Total), rows)


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
    moves: list[_Move] = []
    for total in session.scalars(kept.execution_options(populate_existing=True)).all():
        for measure, number in (("badges", total.badges), ("points", total.points)):
            before, after = (number, 0) if sign < 0 else (0, number)
            moves += [
                (measure, total.period, total.starts_on, at, change)
                for at, change in _moved(before, after)
            ]
    _move(session, moves)


def _change(session: Session, award: Change, sign: int) -> None:
    points = award.points
    hidden = select(Person.opted_out | Person.erased_at.is_not(None)).filter_by(id=award.person_id)
    is_ranked = not session.scalars(hidden).one()
    days = dict(starts(award.issued_at))
    adding = inserting(session, Total)
    count = adding.on_conflict_do_update(
        index_elements=("person_id", "period", "starts_on"),
        set_={
            "badges": Total.badges + adding.excluded.badges,
            "points": Total.points + adding.excluded.points,
        },
    ).returning(Total.period, Total.badges, Total.points)
    whose = {"person_id": award.person_id, "badges": sign, "points": sign * points}
    rows = [{**whose, "period": period, "starts_on": days[period]} for period in sorted(days)]
    moves: list[_Move] = []
    for period, badges, sum_of_points in session.execute(count, rows):
        if is_ranked and period in RANKED:
            for measure, before, after in (
                ("badges", badges - sign, badges),
                ("points", sum_of_points - sign * points, sum_of_points),
            ):
                moves += [
                    (measure, period, days[period], total, change)
                    for total, change in _moved(before, after)
                ]
    _move(session, moves)
    _change_badge(session, award, sign)


def _moved(before: int, after: int) -> list[tuple[int, int]]:
    """Return how a histogram changes when one person goes from a total to another.

    Nobody is kept at zero.
    """
    if before == after:
        return []
    return [(total, change) for total, change in ((before, -1), (after, 1)) if total > 0]


def _move(session: Session, moves: list[_Move]) -> None:
    if not moves:
        return
    adding = inserting(session, RankHistogram)
    change = adding.on_conflict_do_update(
        index_elements=("measure", "period", "starts_on", "total"),
        set_={"people": RankHistogram.people + adding.excluded.people},
    )
    # In the order of everybody who changes several, so that nobody waits for another in a circle.
    columns = ("measure", "period", "starts_on", "total", "people")
    session.execute(change, [dict(zip(columns, move, strict=True)) for move in sorted(moves)])


def _change_badge(session: Session, award: Change, sign: int) -> None:
    held = session.scalars(
        select(func.count())
        .select_from(Award)
        .filter_by(badge_id=award.badge_id, person_id=award.person_id)
        .where(Award.revoked_at.is_(None), Award.id != award.award_id)
    ).one()
    adding = inserting(session, BadgeTotal)
    change = adding.on_conflict_do_update(
        index_elements=("badge_id",),
        set_={
            "awards": BadgeTotal.awards + adding.excluded.awards,
            "holders": BadgeTotal.holders + adding.excluded.holders,
        },
    )
    # Somebody with another award of the same badge is a holder before and after.
    values = {"badge_id": award.badge_id, "awards": sign, "holders": 0 if held else sign}
    session.execute(change, values)
