# SPDX-License-Identifier: AGPL-3.0-or-later
"""Draws the days of a year, each as strong as it had badges: one SVG without style or script."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from babel.dates import format_date
from markupsafe import Markup

from issuer.web import languages, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

CELL, GAP, HEAD = 12, 3, 18
#: From so many badges on a day is of that level.
LEVELS = (1, 2, 3, 5)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The drawing of some weeks, and what it says in words."""

    drawing: Markup
    badges: int
    best: date | None  # the day with most badges, the latest of several
    most: int
    first: date
    last: date


def calendar(badges: Mapping[date, int], first: date, last: date) -> Calendar:
    """Return the days from first to last, a column a week."""
    start = first - timedelta(days=first.weekday())
    weeks = (last - start).days // 7 + 1
    width, height = weeks * (CELL + GAP), HEAD + 7 * (CELL + GAP)
    shown = {day: number for day, number in badges.items() if first <= day <= last}
    parts = [
        f'<svg class="calendar" viewBox="0 0 {width} {height}" role="img"'
        ' aria-labelledby="calendar-words">',
        _months(first, last, languages.locale()),
        f'<path class="day" d="{_squares(first, last)}"/>',
    ]
    for day, number in sorted(shown.items()):
        level = sum(number >= least for least in LEVELS)
        words = escape(f"{texts.day(day)}: {texts.number(number)}")
        square = _square(day, start)
        parts.append(f'<path class="day-{level}" d="{square}"><title>{words}</title></path>')
    parts.append("</svg>")
    most = max(shown.values(), default=0)
    best = max((day for day, number in shown.items() if number == most), default=None)
    drawing = Markup("".join(parts))  # noqa: S704 (numbers of our own, and escaped words)
    return Calendar(drawing, sum(shown.values()), best, most, first, last)


def _square(day: date, start: date) -> str:
    week, weekday = divmod((day - start).days, 7)
    x, y = week * (CELL + GAP), HEAD + weekday * (CELL + GAP)
    return f"M{x} {y}h{CELL}v{CELL}h-{CELL}z"


@lru_cache(maxsize=64)
def _squares(first: date, last: date) -> str:
    """Draw all days; they are the same for everybody."""
    start = first - timedelta(days=first.weekday())
    days = (last - first).days + 1
    return "".join(_square(first + timedelta(days=n), start) for n in range(days))


@lru_cache(maxsize=64)
def _months(first: date, last: date, locale: str) -> str:
    """Name each month above the first week that begins in it."""
    start = week = first - timedelta(days=first.weekday())
    found = []
    while week <= last:
        begins = week.day <= 7 and week >= first - timedelta(days=6)
        if begins and (last - week).days >= 14:
            x = (week - start).days // 7 * (CELL + GAP)
            name = escape(format_date(week, "LLL", locale=locale))
            found.append(f'<text x="{x}" y="{HEAD - 6}">{name}</text>')
        week += timedelta(days=7)
    return "".join(found)
