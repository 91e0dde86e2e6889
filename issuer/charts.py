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
    """One bar: the day with which it begins, its number, and where it stands."""

    start: date
    number: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars from the first to the last."""

    bars: tuple[Bar, ...]
    months: int  # that a bar stands for; 0 where it is none

    @property
    def most(self) -> Bar:
        """The highest bar, the first of several."""
        return max(self.bars, key=lambda bar: bar.number)

    @property
    def first(self) -> date:
        """With what the chart begins."""
        return self.bars[0].start


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
    return bars(
        [
            (today.replace(year=place // 12, month=place % 12 + 1, day=1), number)
            for place, number in sums.items()
        ],
        months=step,
    )


def bars(numbers: Sequence[tuple[date, int]], *, months: int = 0) -> Chart:
    """Return a bar for each number."""
    top = max(1, *(number for _, number in numbers))
    each = WIDTH / len(numbers)
    made = []
    for position, (start, number) in enumerate(numbers):
        height = max(HEIGHT * number / top, 2.0 if number else 0.0)
        made.append(
            Bar(
                start,
                number,
                round(position * each + each * GAP / 2, 2),
                round(HEIGHT - height, 2),
                round(each * (1 - GAP), 2),
                round(height, 2),
            )
        )
    return Chart(tuple(made), months)


def _count(day: date) -> int:
    return day.year * 12 + day.month - 1
