# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the parts of the generator hand to each other: a draft of a message, and repeatable dice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

FEDORA = "org.fedoraproject.prod."
START = datetime(2023, 7, 1, tzinfo=UTC)
# The sample ends here; whoever loads it may move it to the present.
END = datetime(2025, 6, 30, 18, tzinfo=UTC)
DAYS = (END - START).days


@dataclass(frozen=True, slots=True)
class Draft:
    """One message before it is put into its envelope.

    ``credits`` names what the message counts for: pairs of a series or badge and a username.
    """

    topic: str
    schema: str
    body: dict[str, Any]
    at: datetime
    credits: tuple[tuple[str, str], ...] = ()


class Dice:
    """Numbers that a name decides: the same on every machine and Python version."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._throws = 0

    def _throw(self) -> str:
        self._throws += 1
        return hashlib.sha256(f"{self._name}#{self._throws}".encode()).hexdigest()

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, not including, ``limit``."""
        return int(self._throw(), 16) % limit

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of ``choices``."""
        return choices[self.below(len(choices))]

    def digest(self, length: int = 40) -> str:
        """Return ``length`` hexadecimal digits, as a commit or a signature would have."""
        return self._throw()[:length]


def stamp(at: datetime) -> str:
    """Return a time in ISO 8601 with its zone."""
    return at.isoformat()


def epoch(at: datetime) -> str:
    """Return a time as Pagure writes it: whole seconds, in a string."""
    return str(int(at.timestamp()))
