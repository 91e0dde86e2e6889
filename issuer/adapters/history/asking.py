# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every history outside answers, and how the place of a message in it is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from rules.model import Message, Query
    from rules.pushing import Grouped

#: Before every message.
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where a message stands among all others; places compare as messages came."""

    era: int  # 0: a history outside, 1: our archive, which came after it
    moment: datetime  # our archive goes by rows alone
    row: int


FIRST = Place(-1, LONG_AGO, 0)


@dataclass(frozen=True, slots=True)
class Reached:
    """How many messages of a person count, up to as many as are asked for, and the last of them."""

    person: str  # without case
    topic: str | None  # where each topic is counted for itself
    number: int
    place: Place


class Archive(Protocol):
    """Messages that can be counted for everybody at one go, and looked at."""

    def reached(self, asked: Grouped) -> Iterator[Reached]:
        """Yield for each person the message that made the number, or the last one before it."""
        ...

    def places(self, asked: Grouped, number: int, people: Collection[str]) -> Iterator[Reached]:
        """Yield the message that is the one of that number for each of a few people."""
        ...

    def fetch(self, places: Collection[Place]) -> Iterator[tuple[Place, Message]]:
        """Yield messages by their places, in any order."""
        ...

    def after(
        self, place: Place, concerned: Callable[[str], bool]
    ) -> Iterator[tuple[Place, Message]]:
        """Yield all messages after a place that are of the topics concerned, in order."""
        ...


class History(Protocol):
    """What was on the bus before a moment, as somebody else kept it.

    Whatever is asked raises `HistoryAwayError` when the answer is not there, or not whole, after a
    few tries, and `HistoryRefusedError` when it never will be. No answer is ever a part of one.
    """

    def count(self, query: Query, *, until: datetime, without: Collection[str]) -> int:
        """Return how many messages sent before ``until`` a question finds, each id once."""
        ...

    def messages(
        self, concerned: Callable[[str], bool], known: Collection[str], *, until: datetime
    ) -> Iterator[Message]:
        """Yield the messages sent before ``until`` of the topics concerned, the oldest first.

        ``known`` are topics that the asker knows, for a history that cannot list its own.
        """
        ...

    def size(
        self, concerned: Callable[[str], bool], known: Collection[str], *, until: datetime
    ) -> int:
        """Return how many messages `messages` yields, or a few more."""
        ...

    def archive(self, *, until: datetime, without: Collection[str]) -> Archive | None:
        """Return it as it counts for everybody, None where it cannot."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
