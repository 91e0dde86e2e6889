# SPDX-License-Identifier: AGPL-3.0-or-later
"""All people, some at a time, with what jobs ask about each; few are in memory at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select

from issuer.models import Award, Badge, Milestone, Person, Series, Source
from issuer.services import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

BATCH = 500


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may get badges."""

    id: int
    username: str
    avatar_hash: str | None


def batches(
    reading: Callable[[], AbstractContextManager[Session]], *, after: str = ""
) -> Iterator[Sequence[Member]]:
    """Yield everybody who wants badges, in the order of their rows, from after one of them.

    No transaction is open between two batches.
    """
    last = int(after) if after.isdecimal() else 0
    while True:
        with reading() as session:
            rows = session.execute(
                select(Person.id, Person.username, Person.avatar_hash)
                .where(Person.id > last, Person.opted_out.is_(False), Person.erased_at.is_(None))
                .order_by(Person.id)
                .limit(BATCH)
            ).all()
        if not rows:
            return
        yield [Member(*row) for row in rows]
        last = rows[-1].id


def size(session: Session) -> int:
    """Return how many people want badges."""
    wanted = select(func.count()).where(Person.opted_out.is_(False), Person.erased_at.is_(None))
    number: int = session.scalars(wanted).one()
    return number


def first_awards(session: Session, members: Sequence[Member]) -> dict[int, datetime]:
    """Return when people got their first award, by their rows."""
    statement = select(Award.person_id, func.min(Award.issued_at)).where(_held_by(members))
    rows = session.execute(statement.group_by(Award.person_id))
    return {row[0]: row[1] for row in rows}


def active_months(session: Session, members: Sequence[Member]) -> dict[int, set[int]]:
    """Return in which months people earned an award, by their rows; months since year 0.

    What a job gave is not counted: a badge for going on would make somebody go on.
    """
    month = _month(session).label("month")
    statement = select(Award.person_id, month).where(_held_by(members), Award.source != Source.JOB)
    found: dict[int, set[int]] = defaultdict(set)
    for person, text in session.execute(statement.distinct()):
        year, _, number = text.partition("-")
        found[person].add(int(year) * 12 + int(number))
    return found


def series(session: Session) -> dict[int, tuple[str, str, int]]:
    """Return slug, name and number of badges of each series of two or more that can be earned."""
    statement = (
        select(Series.id, Series.slug, Series.name, func.count())
        .join(Milestone, Milestone.series_id == Series.id)
        .join(Badge, Badge.id == Milestone.badge_id)
        .where(Badge.retired_at.is_(None))
        .group_by(Series.id, Series.slug, Series.name)
        .having(func.count() > 1)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(statement)}


def progress(session: Session, members: Sequence[Member]) -> dict[int, dict[int, int]]:
    """Return how many badges that can be earned people hold of each series, by their rows."""
    held = func.count(Award.badge_id.distinct())
    statement = (
        select(Award.person_id, Milestone.series_id, held)
        .join(Milestone, Milestone.badge_id == Award.badge_id)
        .join(Badge, Badge.id == Award.badge_id)
        .where(_held_by(members), Badge.retired_at.is_(None))
        .group_by(Award.person_id, Milestone.series_id)
    )
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for person, row, number in session.execute(statement):
        found[person][row] = number
    return found


def _held_by(members: Sequence[Member]) -> ColumnElement[bool]:
    ids = [member.id for member in members]
    return and_(Award.person_id.in_(ids), Award.revoked_at.is_(None))


def _month(session: Session) -> ColumnElement[str]:
    if postgres.is_used(session):
        return func.to_char(func.timezone("UTC", Award.issued_at), "YYYY-MM")
    return func.strftime("%Y-%m", Award.issued_at)
