# SPDX-License-Identifier: AGPL-3.0-or-later
"""Announces where an award takes its holder on the leaderboard of all time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from issuer.models import Period, RankHistogram, Total
from issuer.services import outbox, totals

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from issuer.models import Award


def announce_advance(session: Session, given: Award, *, now: datetime) -> None:
    """Queue the rank of a holder after an award that the totals include.

    As in Tahrir one message follows each award, also when others keep the rank as it was, and
    people with the same number of badges share a rank (1, 1, 3).
    """
    _, ever = next(totals.starts(given.issued_at))
    badges = (
        select(Total.badges)
        .filter_by(person_id=given.person_id, period=Period.ALL, starts_on=ever)
        .scalar_subquery()
    )
    held, above, beside = session.execute(
        select(
            badges, _people(RankHistogram.total > badges), _people(RankHistogram.total == badges)
        )
        .select_from(RankHistogram)
        .where(
            RankHistogram.measure == "badges",
            RankHistogram.period == Period.ALL,
            RankHistogram.starts_on == ever,
            RankHistogram.total >= badges,
        )
    ).one()
    person = given.person
    body = {
        "old_rank": None if held == 1 else above + beside,  # all of now's, but this person
        "person": {
            "id": person.id,
            "nickname": person.username,
            "rank": above + 1,
            "bio": person.bio,
            "website": person.website,
            "email": "",  # asked for by the schema, and nobody's business
        },
    }
    outbox.announce(session, outbox.RANK_TOPIC, body, stream=person.key, now=now)


def _people(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, RankHistogram.people), else_=0)), 0)
