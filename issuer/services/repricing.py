# SPDX-License-Identifier: AGPL-3.0-or-later
"""Brings the kept points of people to what a badge is worth now, in few statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from issuer.services import postgres
from issuer.services.recounting import ON_POSTGRES, ON_SQLITE

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Badge

#: How many points each holder of the badge gets or loses in each period.
_PART = """
SELECT person_id, '{period}' AS period, {start} AS starts_on, count(*) * :change AS points
FROM awards WHERE badge_id = :badge AND revoked_at IS NULL GROUP BY person_id, {start}
"""
#: In the order in which awards lock them, so that nobody waits for another in a circle.
_LOCK = """
WITH moved AS ({parts})
SELECT 1 FROM totals JOIN moved ON totals.person_id = moved.person_id
    AND totals.period = moved.period AND totals.starts_on = moved.starts_on
ORDER BY totals.person_id, totals.period, totals.starts_on FOR UPDATE OF totals
"""
_TOTALS = """
WITH moved AS ({parts})
UPDATE totals SET points = totals.points + moved.points FROM moved
WHERE totals.person_id = moved.person_id AND totals.period = moved.period
    AND totals.starts_on = moved.starts_on
"""
#: The rows of totals are locked by now: what they were is what they are without the change.
_RANKS = """
INSERT INTO rank_histogram (measure, period, starts_on, total, people)
WITH moved AS ({parts}), changed AS (
    SELECT totals.period, totals.starts_on, totals.points AS after,
        totals.points - moved.points AS before
    FROM moved JOIN totals ON totals.person_id = moved.person_id
        AND totals.period = moved.period AND totals.starts_on = moved.starts_on
    JOIN persons ON persons.id = moved.person_id
    WHERE NOT persons.opted_out AND persons.erased_at IS NULL
), steps AS (
    SELECT period, starts_on, before AS total, -1 AS people FROM changed WHERE before > 0
    UNION ALL SELECT period, starts_on, after, 1 FROM changed WHERE after > 0
)
SELECT 'points', period, starts_on, total, sum(people) FROM steps WHERE true
GROUP BY period, starts_on, total ORDER BY period, starts_on, total
ON CONFLICT (measure, period, starts_on, total)
DO UPDATE SET people = rank_histogram.people + excluded.people
"""


def reprice(session: Session, badge: Badge, change: int) -> None:
    """Add ``change`` points to the totals and ranks of people for each award of a badge."""
    on_postgres = postgres.is_used(session)
    starts = ON_POSTGRES if on_postgres else ON_SQLITE
    parts = "UNION ALL".join(
        _PART.format(period=period, start=start.format(column="issued_at"))
        for period, start in starts.items()
    )
    for statement in (*((_LOCK,) if on_postgres else ()), _TOTALS, _RANKS):
        session.execute(text(statement.format(parts=parts)), {"badge": badge.id, "change": change})
