# SPDX-License-Identifier: AGPL-3.0-or-later
"""Small charts: numbers over time become bars of a drawing, with words for who cannot see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

#: A bar stands for so many months: the first with which the bars fit in.
STEPS = (1, 3, 12)
MOST_BARS = 24
WIDTH, HEIGHT = 480, 96
GAP = 0.3


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the month with which it begins, its number, and where it stands."""

    month: date
    number: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars from the first month to the last."""

    bars: tuple[Bar, ...]
    months: int  # that a bar stands for
    most: Bar

    @property
    def first(self) -> date:
        """The month with which the chart begins."""
        return self.bars[0].month


def chart(numbers: Sequence[tuple[date, int]], today: date) -> Chart | None:
    """Return the bars of some months up to today; months without a number have an empty bar."""
    if not numbers:
        return None
    end = _count(today)
    span = max(end - _count(numbers[0][0]) + 1, 6)
    step = next((step for step in STEPS if span <= step * MOST_BARS), STEPS[-1])
    first = (end - span + 1) // step * step
    places = range(first, end + 1, step)[-MOST_BARS:]
    sums = dict.fromkeys(places, 0)
    for month, number in numbers:
        place = _count(month) // step * step
        if place in sums:
            sums[place] += number
    top = max(*sums.values(), 1)
    each = WIDTH / len(sums)
    bars = []
    for position, (place, number) in enumerate(sums.items()):
        height = max(HEIGHT * number / top, 2.0 if number else 0.0)
        bars.append(
            Bar(
                today.replace(year=place // 12, month=place % 12 + 1, day=1),
                number,
                round(position * each + each * GAP / 2, 2),
                round(HEIGHT - height, 2),
                round(each * (1 - GAP), 2),
                round(height, 2),
            )
        )
    return Chart(tuple(bars), step, max(bars, key=lambda bar: bar.number))


def _count(day: date) -> int:
    return day.year * 12 + day.month - 1
