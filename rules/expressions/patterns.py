# SPDX-License-Identifier: AGPL-3.0-or-later
"""Regular expressions whose worst case is known before they run.

Python's matcher goes back and tries again; with nested repetition that takes time without end.
Patterns are therefore read here first: constructs without a bound are refused, and for the rest
the number of tries in the worst case is worked out and charged before each search.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rules.errors import ExpressionError
from rules.words import Text

if TYPE_CHECKING:
    from rules.expressions.budget import Budget

MAX_LENGTH = 300
MAX_DEPTH = 10
#: Repetition up to this bound multiplies the tries; above it counts as unbounded.
MAX_BOUND = 32
MAX_TRIES = 4_096
#: Characters that a try may read at no extra cost.
SHORT = 32
#: Tries of the matcher that one step pays for.
TRIES_PER_STEP = 100

BOUNDS = re.compile(r"\{(\d*)(?:(,)(\d*))?\}")
GROUP = re.compile(r"\(\?(?::|P<[A-Za-z_]\w*>)")
OPERATIONS = frozenset({"match", "search", "fullmatch", "findall"})
FLAGS = {
    "I": re.IGNORECASE,
    "IGNORECASE": re.IGNORECASE,
    "M": re.MULTILINE,
    "MULTILINE": re.MULTILINE,
    "S": re.DOTALL,
    "DOTALL": re.DOTALL,
    "A": re.ASCII,
    "ASCII": re.ASCII,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Tries in the worst case on n characters: ``tries * n ** power``, each of ``width`` steps.

    ``open_end`` says that the last repetition is not followed by anything that could fail.
    """

    tries: int = 1
    power: int = 0
    open_end: bool = False
    width: int = 1

    @property
    def factor(self) -> int:
        """What the tries cost as a multiple of short ones."""
        return self.tries * max(1, self.width // SHORT)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that was found safe, and what it may cost."""

    regex: re.Pattern[str]
    cost: Cost
    anchored: bool

    def run(self, budget: Budget, operation: str, text: Any) -> Any:
        """Apply ``match``, ``search``, ``fullmatch`` or ``findall``, charged at the worst case."""
        if not isinstance(text, str):
            raise TypeError(f"re.{operation}() needs a text, not {type(text).__name__}")
        power = self.cost.power
        if self.cost.open_end and operation != "fullmatch":
            power -= 1
        if operation in {"search", "findall"} and not self.anchored:
            power += 1
        budget.charge_text(len(text))
        budget.charge(self.cost.factor * len(text) ** power // TRIES_PER_STEP)
        return getattr(self.regex, operation)(text)


def safe_pattern(text: str, flags: int = 0) -> Pattern:
    """Compile a pattern; raise `ExpressionError` when its work has no acceptable bound."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            Text("the pattern is too long"),
            Text("use at most %(limit)s characters", limit=MAX_LENGTH),
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            regex = re.compile(text, flags)
    except (re.error, RecursionError, OverflowError, ValueError) as error:
        raise ExpressionError(
            Text("not a regular expression: %(error)s", error=str(error)),
            Text("correct the pattern"),
        ) from error
    reader = _Reader(text)
    cost = reader.alternatives(0)
    anchored = text.startswith(("^", "\\A")) and not reader.split and not flags & re.MULTILINE
    return Pattern(regex, cost, anchored)


class _Reader:
    """Goes through a pattern that Python has accepted, and works out its cost."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.split = False  # alternatives outside of groups

    def alternatives(self, depth: int) -> Cost:
        if depth > MAX_DEPTH:
            raise _refused(Text("its groups are nested too deeply"))
        costs = [self.sequence(depth)]
        while self.peek() == "|":
            self.at += 1
            self.split = self.split or depth == 0
            costs.append(self.sequence(depth))
        if len(costs) == 1:
            return costs[0]
        tries, width = sum(cost.tries for cost in costs), sum(cost.width for cost in costs)
        return _bounded(Cost(tries, max(cost.power for cost in costs), width=width))

    def sequence(self, depth: int) -> Cost:
        whole = Cost(width=0)
        while self.peek() not in {"", "|", ")"}:
            cost = self.quantified(self.atom(depth))
            tries, power = whole.tries * cost.tries, whole.power + cost.power
            whole = _bounded(Cost(tries, power, cost.open_end, whole.width + cost.width))
        return whole

    def atom(self, depth: int) -> Cost:
        char = self.peek()
        self.at += 1
        if char == "\\":
            if self.peek().isdigit():
                raise _refused(Text("it refers back to a group"))
            self.at += 1
        elif char == "[":
            self.bracket()
        elif char == "(":
            return self.group(depth)
        return Cost()

    def group(self, depth: int) -> Cost:
        if self.peek() == "?":
            opened = GROUP.match(self.text, self.at - 1)
            if opened is None:
                raise _refused(Text("it looks around, refers back, or sets flags inside"))
            self.at = opened.end()
        cost = self.alternatives(depth + 1)
        self.at += 1
        return cost

    def bracket(self) -> None:
        """Skip a set of characters; a ] that comes first belongs to it."""
        if self.peek() == "^":
            self.at += 1
        first = self.at
        while self.peek() != "]" or self.at == first:
            self.at += 2 if self.peek() == "\\" else 1
        self.at += 1

    def quantified(self, cost: Cost) -> Cost:
        bounds = self.bounds()
        if bounds is None:
            return cost
        if self.peek() in {"?", "+"}:
            self.at += 1  # as few as possible, or without going back: costs no more
        low, high = bounds
        if high is not None and high <= MAX_BOUND:
            if cost.power and high > 1:
                raise _refused(Text("it repeats a repetition"))
            tries = sum(cost.tries**count for count in range(low, high + 1))
            open_end = cost.open_end and high == 1
            return _bounded(Cost(max(tries, 1), cost.power, open_end, cost.width * high))
        if cost.power or cost.tries > 1:
            raise _refused(Text("it repeats a repetition or a choice"))
        width = cost.width * max(1, min(low, MAX_BOUND))
        return Cost(1, 1, open_end=low <= MAX_BOUND, width=width)

    def bounds(self) -> tuple[int, int | None] | None:
        char = self.peek()
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(char)
        if simple is not None:
            self.at += 1
            return simple
        found = BOUNDS.match(self.text, self.at) if char == "{" else None
        if found is None or found[0] in {"{}"}:
            return None
        self.at = found.end()
        low = int(found[1] or 0)
        if found[2] is None:
            return low, low
        return low, int(found[3]) if found[3] else None

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]


def _bounded(cost: Cost) -> Cost:
    if cost.factor > MAX_TRIES:
        raise _refused(Text("it can match in too many ways"))
    return cost


def _refused(reason: str) -> ExpressionError:
    return ExpressionError(
        Text("the pattern may take too long: %(reason)s", reason=reason),
        Text("use a simpler pattern, or startswith(), endswith() or in"),
    )
