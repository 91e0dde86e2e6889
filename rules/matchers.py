# SPDX-License-Identifier: AGPL-3.0-or-later
"""Compiled triggers and conditions.

A trigger is a tree. Each node also says what a topic must look like for it to hold, so that the
engine can look a message up instead of asking every rule.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rules.expressions import Expression
    from rules.model import Message


@dataclass(frozen=True, slots=True)
class Needs:
    """What a topic must have: one of these endings, or one of these categories."""

    suffixes: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.suffixes | other.suffixes, self.categories | other.categories)


class Trigger(Protocol):
    """A compiled trigger, or a part of one."""

    @property
    def needs(self) -> Needs | None:
        """What a topic must have for the trigger to hold; None when any topic may do."""
        ...

    def __call__(self, message: Message) -> bool:
        """Whether the trigger holds; raises `EvaluationError` when a part is broken."""
        ...


@dataclass(frozen=True, slots=True)
class Never:
    """Nothing triggers it."""

    @property
    def needs(self) -> Needs | None:
        """Return what no topic has."""
        return Needs()

    def __call__(self, message: Message) -> bool:
        """Say no."""
        return False


@dataclass(frozen=True, slots=True)
class TopicEnds:
    """The topic ends with a text."""

    suffix: str

    @property
    def needs(self) -> Needs | None:
        """Return the ending."""
        return Needs(suffixes=frozenset({self.suffix}))

    def __call__(self, message: Message) -> bool:
        """Whether the topic ends so."""
        return message.topic.endswith(self.suffix)


@dataclass(frozen=True, slots=True)
class CategoryIn:
    """The category of the topic is one of a few."""

    categories: frozenset[str]

    @property
    def needs(self) -> Needs | None:
        """Return the categories."""
        return Needs(categories=self.categories)

    def __call__(self, message: Message) -> bool:
        """Whether the message is of one of the categories."""
        return message.category in self.categories


@dataclass(frozen=True, slots=True)
class Holds:
    """An expression holds."""

    expression: Callable[[Message], Any]
    text: str = ""  # as the rule writes it

    @property
    def needs(self) -> Needs | None:
        """Any topic may do."""
        return None

    def __call__(self, message: Message) -> bool:
        """Whether the expression gives something true."""
        return bool(self.expression(message))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; an empty list holds never."""

    parts: tuple[Trigger, ...]

    @property
    def needs(self) -> Needs | None:
        """Return what one of the parts needs."""
        found = Needs()
        for part in self.parts:
            needs = part.needs
            if needs is None:
                return None
            found |= needs
        return found

    def __call__(self, message: Message) -> bool:
        """Whether one part holds, asked from left to right."""
        return any(part(message) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; an empty list holds never."""

    parts: tuple[Trigger, ...]

    @property
    def needs(self) -> Needs | None:
        """Return the needs of the part that fewest topics fulfil."""
        if not self.parts:
            return Needs()
        known = [needs for part in self.parts if (needs := part.needs) is not None]
        return min(known, key=_breadth, default=None)

    def __call__(self, message: Message) -> bool:
        """Whether all parts hold, asked from left to right."""
        return bool(self.parts) and all(part(message) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """A part does not hold."""

    part: Trigger

    @property
    def needs(self) -> Needs | None:
        """Any topic may do."""
        return None

    def __call__(self, message: Message) -> bool:
        """Whether the part does not hold; a broken part is no proof of that, it raises."""
        return not self.part(message)


def _breadth(needs: Needs) -> tuple[int, int]:
    shortest = min((len(suffix) for suffix in needs.suffixes), default=0)
    return len(needs.categories), -shortest


#: The comparisons of a condition, by the words that fedbadges knows.
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "is greater than or equal to": operator.ge,
    "greater than or equal to": operator.ge,
    "greater than": operator.gt,
    "is less than or equal to": operator.le,
    "less than or equal to": operator.le,
    "less than": operator.lt,
    "is equal to": operator.eq,
    "equal to": operator.eq,
    "is not": operator.ne,
    "is not equal to": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What the value of a rule must be: compared with a number, or judged by an expression."""

    comparison: str
    number: float = 0
    expression: Expression | None = None

    def __call__(self, value: Any, *, allowance: int = 0) -> bool:
        """Whether the value is enough; raises `EvaluationError` when the expression is broken."""
        if self.expression is not None:
            return bool(self.expression(value, allowance=allowance))
        return COMPARISONS[self.comparison](value, self.number)
