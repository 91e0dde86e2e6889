# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spans of days, first and last day included, and the kept periods they are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from issuer.errors import InvalidInputError
from issuer.models import Period

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: Years that a page may name: what lies outside is a mistake, and arithmetic stays possible.
FIRST_YEAR, LAST_YEAR = 1970, 2999


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last; ``period`` where totals of just these days are kept."""

    period: Period | None
    first: date
    last: date

    @property
    def is_all(self) -> bool:
        """Whether it is the whole of time."""
        return self.period is Period.ALL


#: The whole of time, as its totals are kept.
EVER = Span(Period.ALL, date.min, date.max)


def current(period: Period, today: date) -> Span:
    """Return the period of a kind in which a day lies."""
    if period is Period.ALL:
        return EVER
    if period is Period.YEAR:
        return Span(period, today.replace(month=1, day=1), today.replace(month=12, day=31))
    if period is Period.MONTH:
        return Span(period, today.replace(day=1), _month_end(today))
    if period is Period.WEEK:
        monday = today - timedelta(days=today.weekday())
        return Span(period, monday, monday + timedelta(days=6))
    return Span(period, today, today)


def between(first: date, last: date) -> Span:
    """Return the span of two days, known as a year, month, week or day where it is one.

    Raises `InvalidInputError` when it ends before it begins.
    """
    if last < first:
        raise InvalidInputError(
            "period %(first)s to %(last)s: ends before it begins", first=first, last=last
        )
    for period in (Period.YEAR, Period.MONTH, Period.WEEK, Period.DAY):
        found = current(period, first)
        if (found.first, found.last) == (first, last):
            return found
    return Span(None, first, last)


def read_day(text: str) -> date:
    """Return a day written like 2026-03-01; raise `InvalidInputError` for anything else."""
    try:
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidInputError("day %(text)r: write it like 2026-03-01", text=text[:20])
    return day


def neighbours(span: Span) -> tuple[Span, Span]:
    """Return the period of the same kind before and after one; of any other span, as many days."""
    before, after = span.first - timedelta(days=1), span.last + timedelta(days=1)
    if span.period is not None:
        return current(span.period, before), current(span.period, after)
    length = span.last - span.first
    return between(before - length, before), between(after, after + length)


def parts(span: Span) -> list[Span]:
    """Return the kept periods that a span is made of, as few as there can be.

    Those of one kind that follow each other come as one, from the first start to the last.
    """
    if span.is_all:
        return [span]
    found = []
    for period, group in groupby(_steps(span), key=lambda step: step.period):
        steps = list(group)
        found.append(Span(period, steps[0].first, steps[-1].last))
    return found


def _steps(span: Span) -> Iterator[Span]:
    day = span.first
    while day <= span.last:
        for period in (Period.YEAR, Period.MONTH, Period.DAY):
            step = current(period, day)
            if step.first == day and step.last <= span.last:
                yield step
                day = step.last + timedelta(days=1)
                break


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
