# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fair comparisons: contenders take turns within one run, and ratios are taken round by round.

Rates count processor time of the process that works, so that what else the machine does matters
little; the first thing a benchmark does is `pin`, because moving between cores costs time too.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Measures for about the given seconds, and returns how often a second it got through.
Contender = Callable[[float], float]

ROUNDS = 7
SECONDS = 0.5
_STRETCH = 0.05


@dataclass(frozen=True, slots=True)
class Figures:
    """The rates of each contender, one a round."""

    rates: Mapping[str, tuple[float, ...]]

    def rate(self, name: str) -> float:
        """Return the median rate of a contender."""
        return statistics.median(self.rates[name])

    def ratio(self, name: str, base: str) -> float:
        """Return the median of the ratios of two contenders, each taken within one round."""
        pairs = zip(self.rates[name], self.rates[base], strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)


def pin() -> None:
    """Keep this process, and those it starts from now on, on one core where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def repeated(action: Callable[[], object]) -> Contender:
    """Return the contender that repeats an action."""

    def measure(seconds: float) -> float:
        count, times, start = 0, 1, time.process_time()
        while True:
            for _ in range(times):
                action()
            count += times
            passed = time.process_time() - start
            if passed >= seconds:
                return count / passed
            # The clock is asked only now and then: it costs as much as a small action.
            times = max(1, int(count / passed * _STRETCH)) if passed else times * 2

    return measure


def compare(
    contenders: Mapping[str, Contender], *, rounds: int = ROUNDS, seconds: float = SECONDS
) -> Figures:
    """Let the contenders take turns, after a short round that counts for nothing."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for measure in contenders.values():
        measure(seconds / 5)
    for turn in range(rounds):
        # Nobody always follows the same neighbour.
        names = list(contenders)[:: -1 if turn % 2 else 1]
        for name in names:
            rates[name].append(contenders[name](seconds))
    return Figures({name: tuple(found) for name, found in rates.items()})


def show(title: str, figures: Figures, ratios: Mapping[str, tuple[str, str, str]]) -> None:
    """Print median rates, and each ratio: its words, then contender, base and what is wanted."""
    lines = [f"{title} (median of {len(next(iter(figures.rates.values())))} rounds)"]
    for name, rates in figures.rates.items():
        spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
        lines.append(f"  {name:<44} {figures.rate(name):>10,.0f} a second  ({spread})")
    for words, (name, base, wanted) in ratios.items():
        lines.append(f"  {words:<44} {figures.ratio(name, base):>10.2f}  (wanted: {wanted})")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
