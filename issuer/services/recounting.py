# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes all kept totals and ranks anew from the awards, set by set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from issuer.services import postgres

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

#: The first day of the period in which a column lies, as `totals.starts` has it.
ON_POSTGRES = {
    "day": "({column} AT TIME ZONE 'UTC')::date",
    "week": "date_trunc('week', {column})::date",
    "month": "date_trunc('month', {column})::date",
    "year": "date_trunc('year', {column})::date",
    "all": "date '0001-01-01'",
}
ON_SQLITE = {
    "day": "date({column})",
    "week": "date({column}, 'weekday 0', '-6 days')",
    "month": "date({column}, 'start of month')",
    "year": "date({column}, 'start of year')",
    "all": "'0001-01-01'",
}
_DAYS = """
INSERT INTO totals (person_id, period, starts_on, badges, points)
SELECT person_id, 'day', {start}, count(*), sum(points)
FROM awards JOIN badges ON badges.id = awards.badge_id
WHERE revoked_at IS NULL GROUP BY person_id, {start}
"""
_OTHERS = """
INSERT INTO totals (person_id, period, starts_on, badges, points)
SELECT person_id, '{period}', {start}, sum(badges), sum(points)
FROM totals WHERE period = '{source}' GROUP BY person_id, {start}
"""
_RANKS = """
INSERT INTO rank_histogram (measure, period, starts_on, total, people)
SELECT '{measure}', period, starts_on, {measure}, count(*)
FROM totals JOIN persons ON persons.id = totals.person_id
WHERE {measure} > 0 AND NOT opted_out AND erased_at IS NULL
GROUP BY period, starts_on, {measure}
"""
_BADGES = """
INSERT INTO badge_totals (badge_id, holders, awards)
SELECT badges.id, count(DISTINCT person_id), count(person_id)
FROM badges LEFT JOIN awards ON badge_id = badges.id AND revoked_at IS NULL GROUP BY badges.id
"""
#: From what each kind of period is summed; the days come from the awards.
_SOURCES = (("week", "day"), ("month", "day"), ("year", "month"), ("all", "year"))
STEPS = 4 + len(_SOURCES)


def recount(session: Session, progress: Callable[[], object] = lambda: None) -> None:
    """Replace all totals and histograms by what the awards say; awards made meanwhile wait."""
    on_postgres = postgres.is_used(session)
    starts = ON_POSTGRES if on_postgres else ON_SQLITE
    if on_postgres:
        session.execute(text("LOCK TABLE totals, rank_histogram, badge_totals IN EXCLUSIVE MODE"))
    for table in ("totals", "rank_histogram", "badge_totals"):
        session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 (names of our own)
    statements = [_DAYS.format(start=starts["day"].format(column="issued_at"))]
    statements += [
        _OTHERS.format(period=name, source=source, start=starts[name].format(column="starts_on"))
        for name, source in _SOURCES
    ]
    statements += [_RANKS.format(measure=measure) for measure in ("badges", "points")]
    for statement in (*statements, _BADGES):
        session.execute(text(statement))
        progress()
