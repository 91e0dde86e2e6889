# SPDX-License-Identifier: AGPL-3.0-or-later
"""Criteria of the dialect of 2014 that are more than one count: asked once for a message.

They are a tree of questions to the archive. A message that lacks what a question is about makes it
false. A question that is broken has no answer: the tree has one all the same where the others
decide, and else it is broken too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rules.errors import EvaluationError, MissingValueError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.matchers import Condition
    from rules.model import Message, Previous
    from rules.queries import Query

#: Extra work that an operation or condition may do for each row that it gets.
STEPS_PER_ROW = 50


class Archive(Protocol):
    """Answers questions about the messages so far, the current one among them."""

    def count(self, query: Query) -> int:
        """Return how many messages the question finds."""
        ...

    def rows(self, query: Query) -> Sequence[Any]:
        """Return the messages that the question finds."""
        ...


class Criteria(Protocol):
    """What must hold besides the trigger, or a part of it."""

    def __call__(self, message: Message, archive: Archive) -> bool:
        """Whether it holds for a message; raises `EvaluationError` when that cannot be told."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question to the archive, and what must hold for the answer."""

    previous: Previous
    condition: Condition

    def __call__(self, message: Message, archive: Archive) -> bool:
        """Whether the condition holds for the answer."""
        try:
            query = self.previous.filter.query(message, "")
            if self.previous.operation is None:
                return self.condition(archive.count(query))
            rows = archive.rows(query)
            allowance = STEPS_PER_ROW * len(rows)
            value = self.previous.operation(message, rows, allowance=allowance)
            return self._accepted(value, allowance)
        except MissingValueError:
            return False

    def _accepted(self, value: Any, allowance: int) -> bool:
        try:
            return self.condition(value, allowance=allowance)
        except TypeError as error:
            reason = f"{shown(value)} cannot be compared with {self.condition.number}"
            raise EvaluationError(f"condition: {reason}") from error


@dataclass(frozen=True, slots=True, eq=False)
class AnyHolds:
    """At least one part holds; an empty list holds never."""

    parts: tuple[Criteria, ...]

    def __call__(self, message: Message, archive: Archive) -> bool:
        """Whether one part holds, asked from left to right."""
        return _decided(self.parts, message, archive, enough=True)


@dataclass(frozen=True, slots=True, eq=False)
class AllHold:
    """Every part holds; an empty list holds never."""

    parts: tuple[Criteria, ...]

    def __call__(self, message: Message, archive: Archive) -> bool:
        """Whether all parts hold, asked from left to right."""
        return bool(self.parts) and _decided(self.parts, message, archive, enough=False)


@dataclass(frozen=True, slots=True, eq=False)
class HoldsNot:
    """A part does not hold."""

    part: Criteria

    def __call__(self, message: Message, archive: Archive) -> bool:
        """Whether the part does not hold; a broken part is no proof of that, it raises."""
        return not self.part(message, archive)


def _decided(
    parts: tuple[Criteria, ...], message: Message, archive: Archive, *, enough: bool
) -> bool:
    """Return ``enough`` as soon as a part gives it, else the opposite."""
    broken: EvaluationError | None = None
    for part in parts:
        try:
            if part(message, archive) is enough:
                return enough
        except EvaluationError as error:
            broken = broken or error
    if broken is not None:
        raise broken
    return not enough
