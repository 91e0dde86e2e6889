# SPDX-License-Identifier: AGPL-3.0-or-later
"""Counts the work of an expression while it runs, so that it ends in bounded time and memory.

A step is about what a few plain operations cost (some 100 ns). Work is charged before it is done,
from the size of the data; how long a machine takes plays no part, so that every machine decides
alike.
"""

from __future__ import annotations

from collections.abc import Sized
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from rules.errors import WorkLimitError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Steps that one evaluation may take.
STEPS = 200_000
#: Characters that may be made or read for one step, as a power of two.
TEXT_SHIFT = 6
MAX_TEXT = 1_000_000
PLAIN = (int, float, date, timedelta, type(None))


class Budget:
    """The steps that an evaluation has left."""

    __slots__ = ("left",)

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def charge(self, steps: int) -> None:
        """Take steps away; raise `WorkLimitError` when there are not enough."""
        self.left -= steps
        if self.left < 0:
            raise WorkLimitError("too much work for one message: make the expression simpler")

    def charge_text(self, characters: int) -> None:
        """Take the steps for reading or making a text."""
        if characters > MAX_TEXT:
            raise WorkLimitError(f"a text of {characters} characters is too long")
        self.charge(1 + (characters >> TEXT_SHIFT))

    def weigh(self, value: object, *, printed: bool = False) -> None:
        """Take the steps for going through a value and all that it holds.

        What is held twice counts twice: comparing or printing it would cost that much too. What is
        to be ``printed`` may hold plain values only: messages and rows would print all they have.
        """
        stack: list[Any] = [value]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                self.charge_text(len(item))
            elif isinstance(item, dict):
                self.charge(1 + 2 * len(item))
                stack.extend(item)
                stack.extend(item.values())
            elif isinstance(item, list | tuple | set | frozenset):
                self.charge(1 + len(item))
                stack.extend(item)
            elif isinstance(item, range):
                self.charge(1 + len(item))
            elif printed and not isinstance(item, PLAIN):
                raise TypeError(f"{shown(item)} has no text")
            else:
                self.charge(1)

    def items(self, value: Any) -> Any:
        """Return what an iterable holds, with its size charged."""
        if isinstance(value, Sized) and hasattr(value, "__iter__"):
            self.charge(1 + len(value))
            return value
        # What a generator gives is charged where it comes from, by `iterate`.
        return list(_generator(value))

    def iterate(self, value: Any, weight: int) -> Any:
        """Return what a loop goes through, with ``weight`` steps charged for each round."""
        if isinstance(value, Sized) and hasattr(value, "__iter__"):
            self.charge(1 + len(value) * weight)
            return value
        return self._metered(_generator(value), weight)

    def _metered(self, values: Iterator[object], weight: int) -> Iterator[object]:
        for value in values:
            self.charge(weight)
            yield value


def _generator(value: Any) -> Iterator[object]:
    if not hasattr(value, "__next__"):
        raise TypeError(f"{shown(value)} cannot be gone through")
    return iter(value)
