# SPDX-License-Identifier: AGPL-3.0-or-later
"""The values of the engine: messages, rules, and what a rule asks of the archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rules.criteria import STEPS_PER_ROW
from rules.errors import EvaluationError, MissingValueError, shown
from rules.queries import NOTHING, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from rules.criteria import Criteria
    from rules.matchers import Condition, Trigger
    from rules.queries import Filter

__all__ = ["NOTHING", "Message", "Previous", "Query", "Rule", "Series"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the bus, in the form that rules read."""

    id: str
    topic: str
    body: dict[str, Any]
    sent_at: datetime
    headers: dict[str, Any] = field(default_factory=dict)
    agent_name: str | None = None
    usernames: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    archived_users: tuple[str, ...] | None = None  # where they are not its usernames

    @property
    def users(self) -> tuple[str, ...]:
        """The people that the archive keeps with the message."""
        return self.usernames if self.archived_users is None else self.archived_users

    @property
    def category(self) -> str | None:
        """Fourth dotted part of the topic, or None where the topic is shorter."""
        return category_of(self.topic)


def category_of(topic: str) -> str | None:
    """Return the fourth dotted part of a topic, or None where the topic is shorter."""
    parts = topic.split(".", 4)
    return parts[3] if len(parts) > 3 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The place of a badge in a row of badges that build on each other."""

    slug: str
    name: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Previous:
    """What a rule counts: the messages of the archive that a filter finds."""

    filter: Filter
    operation: Callable[..., Any] | None  # of message and rows; None counts the messages
    missing_is_zero: bool = True  # what a message without a key of the filter makes of the count


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One badge rule: what the badge is, and what earns it."""

    name: str
    slug: str
    badge_id: str
    description: str
    creator: str
    discussion: str
    issuer_id: str
    image_url: str
    tags: tuple[str, ...] = ()
    series: Series | None = None
    points: int = 1
    repeatable: bool = False
    expires_after: timedelta | None = None
    criteria_text: str | None = None
    source: str = ""
    line: int = 1
    text: str = field(default="", repr=False)
    fingerprint: str = ""
    trigger: Trigger = field(repr=False)
    recipient: Callable[[Message], Any] = field(repr=False)
    conversions: tuple[str, ...] = ()
    keeping: tuple[str, ...] = ()  # conversions that leave a name alone which nobody has
    previous: Previous | None = field(default=None, repr=False)
    condition: Condition | None = field(default=None, repr=False)
    criteria: Criteria | None = field(default=None, repr=False)  # in place of both

    @property
    def needs_rows(self) -> bool:
        """Whether the value is made from rows of the archive, not from their number."""
        return self.previous is not None and self.previous.operation is not None

    def query(self, message: Message, recipient: str) -> Query | None:
        """Return what the rule asks of the archive for a recipient, None when it asks nothing.

        A key that the message does not have makes a question that finds nothing; in the dialect of
        2014 it raises `MissingValueError`. Raises `EvaluationError` when the filter is broken.
        """
        if self.previous is None:
            return None
        try:
            return self.previous.filter.query(message, recipient)
        except MissingValueError:
            if not self.previous.missing_is_zero:
                raise
            return NOTHING

    def value(self, message: Message, results: Sequence[Any]) -> int:
        """Return what the operation makes of the rows; a missing key makes 0.

        Raises `EvaluationError` when the operation is broken or gives no whole number.
        """
        if self.previous is None or self.previous.operation is None:
            return len(results)
        try:
            value = self.previous.operation(
                message, results, allowance=STEPS_PER_ROW * len(results)
            )
        except MissingValueError:
            return 0
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, int):
            raise EvaluationError(f"operation gives {shown(value)}: it must give a whole number")
        return int(value)

    def accepts(self, value: int) -> bool:
        """Whether the condition holds for the value; without a condition it does.

        Raises `EvaluationError` when the condition is a broken expression.
        """
        return self.condition is None or self.condition(value)
