# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from issuer.errors import InvalidInputError
from issuer.models import Period
from issuer.services.spans import EVER, Span, between, current, neighbours, parts, read_day


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("year", "2026-01-01", "2026-12-31"),
        ("month", "2026-02-01", "2026-02-28"),
        ("week", "2026-02-23", "2026-03-01"),
        ("day", "2026-02-28", "2026-02-28"),
    ],
)
def test_a_period_has_its_last_day(period: str, first: str, last: str) -> None:
    span = current(Period(period), day("2026-02-28"))
    assert (span.first, span.last) == (day(first), day(last))
    assert between(span.first, span.last) == span
    before, after = neighbours(span)
    assert before.last + timedelta(days=1) == span.first
    assert span.last + timedelta(days=1) == after.first
    assert before.period is after.period is span.period


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_ends_on_its_last_day(month: int) -> None:
    span = current(Period.MONTH, date(2028, month, 15))
    assert (span.last + timedelta(days=1)).day == 1
    assert span.last.month == month


def test_other_days_are_a_span_of_their_own() -> None:
    span = between(day("2026-01-05"), day("2026-01-08"))
    assert span.period is None
    before, after = neighbours(span)
    assert (before.first, before.last) == (day("2026-01-01"), day("2026-01-04"))
    assert (after.first, after.last) == (day("2026-01-09"), day("2026-01-12"))
    with pytest.raises(InvalidInputError, match="ends before"):
        between(day("2026-01-05"), day("2026-01-04"))


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        ("2024-12-30", "2026-02-02", "day year month day"),
        ("2025-01-01", "2025-12-31", "year"),
        ("2025-03-01", "2025-04-30", "month"),
        ("2025-03-02", "2025-03-09", "day"),
    ],
)
def test_a_span_is_made_of_kept_periods_without_a_gap(first: str, last: str, wanted: str) -> None:
    found = parts(Span(None, day(first), day(last)))
    assert [part.period for part in found] == wanted.split()
    assert (found[0].first, found[-1].last) == (day(first), day(last))
    for earlier, later in pairwise(found):
        assert earlier.last + timedelta(days=1) == later.first
    assert parts(EVER) == [EVER]


@pytest.mark.parametrize("text", ["", "2026-2-3", "2026-02-30", "26-02-03", "x", "1066-10-14", "٢"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="day"):
        read_day(text)
