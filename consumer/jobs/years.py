# SPDX-License-Identifier: AGPL-3.0-or-later
"""Years and months as people count them: by the calendar, in UTC."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime, timedelta


def years_after(moment: datetime, years: int) -> datetime:
    """Return the same day of a later year; the 29th of February is the 1st of March without it."""
    moment = moment.astimezone(UTC)
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        if moment.year + years > MAXYEAR:
            return datetime.max.replace(tzinfo=UTC)
        return (moment + timedelta(days=1)).replace(year=moment.year + years)


def longest_run(months: set[int]) -> int:
    """Return how many months in a row there are at most; a month is its number since year 0."""
    best = length = 0
    previous = None
    for month in sorted(months):
        length = length + 1 if previous is not None and month == previous + 1 else 1
        best, previous = max(best, length), month
    return best
