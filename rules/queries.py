# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a rule asks of the archive for one message and one recipient."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rules.errors import EvaluationError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from rules.model import Message

    Value = Callable[[Message, str], Any]

#: Filter keys whose value is a list of texts, in the order of datanommer's arguments.
LIST_KEYS = (
    "users",
    "not_users",
    "packages",
    "not_packages",
    "categories",
    "not_categories",
    "topics",
    "not_topics",
    "agents",
    "not_agents",
    "contains",
)
MOMENT_KEYS = ("start", "end")
NUMBER_KEYS = ("rows_per_page", "page")
TEXT_KEYS = ("msg_id", "order")
KEYS = (*LIST_KEYS, *MOMENT_KEYS, *NUMBER_KEYS, *TEXT_KEYS)

MAX_VALUES = 1_000
MAX_TEXT = 10_000
MAX_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question to the archive; None asks nothing about that point.

    The archive compares topics, categories, packages and message ids for equality, people without
    case, and looks for ``contains`` in the JSON text of the body. Of several values one suffices.
    """

    topics: tuple[str, ...] | None = None
    not_topics: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None
    not_users: tuple[str, ...] | None = None
    packages: tuple[str, ...] | None = None
    not_packages: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    not_categories: tuple[str, ...] | None = None
    agents: tuple[str, ...] | None = None
    not_agents: tuple[str, ...] | None = None
    contains: tuple[str, ...] | None = None
    start: datetime | None = None
    end: datetime | None = None
    msg_id: str | None = None
    rows_per_page: int | None = None
    page: int | None = None
    order: str | None = None

    def matches(self, message: Message, users: Collection[str]) -> bool:
        """Whether an archived message, kept with ``users``, is one that the question finds."""
        agents = [message.agent_name] if message.agent_name else []
        return (
            (self.msg_id is None or message.id == self.msg_id)
            and (self.start is None or self.start <= message.sent_at)
            and (self.end is None or message.sent_at <= self.end)
            and _passes([message.topic], self.topics, self.not_topics)
            and _passes([message.category], self.categories, self.not_categories)
            and _passes(message.packages, self.packages, self.not_packages)
            and _passes(_keys(users), _keys(self.users), _keys(self.not_users))
            and _passes(_keys(agents), _keys(self.agents), _keys(self.not_agents))
            and self._contained(message.body)
        )

    def _contained(self, body: dict[str, Any]) -> bool:
        if not self.contains:
            return True
        text = json.dumps(body, ensure_ascii=False)
        return any(part in text for part in self.contains)


#: The question that finds nothing: no message has an empty id.
NOTHING = Query(msg_id="")


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """The compiled filter of a rule: what makes the values of a `Query`."""

    values: Mapping[str, Value | tuple[Value, ...]]

    def query(self, message: Message, recipient: str) -> Query:
        """Return the question for one message and one recipient.

        Raises `EvaluationError` when an expression fails or gives a value of the wrong kind.
        """
        found: dict[str, Any] = {}
        for key, source in self.values.items():
            if isinstance(source, tuple):
                value: object = [expression(message, recipient) for expression in source]
            else:
                value = source(message, recipient)
            found[key] = READERS[key](key, value)
            if found[key] == () and not key.startswith("not_"):
                return NOTHING
        return Query(**found)


def _passes(
    present: Collection[str | None],
    wanted: Collection[str] | None,
    unwanted: Collection[str] | None,
) -> bool:
    if wanted and not any(value in wanted for value in present):
        return False
    return not (unwanted and any(value in unwanted for value in present))


def _keys(names: Collection[str] | None) -> frozenset[str]:
    return frozenset(name.lower() for name in names or ())


def _texts(key: str, value: object) -> tuple[str, ...] | None:
    """Return the texts; None for an empty list, which asks nothing; () where only None is asked."""
    if not isinstance(value, list | tuple | set | frozenset):
        raise _wrong(key, value, "a list of texts")
    if len(value) > MAX_VALUES:
        raise EvaluationError(f"filter {key}: {len(value)} values are too many")
    texts = [_text(key, item) for item in value if item is not None]
    return tuple(texts) if value else None


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT or "\0" in value:
        raise _wrong(key, value, "a text")
    return value


def _text_or_none(key: str, value: object) -> str | None:
    return None if value is None else _text(key, value)


def _order(key: str, value: object) -> str | None:
    if value not in (None, "asc", "desc"):
        raise _wrong(key, value, '"asc" or "desc"')
    return _text_or_none(key, value)


def _number(key: str, value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_NUMBER:
        raise _wrong(key, value, "a whole number")
    return value


def _moment(key: str, value: object) -> datetime | None:
    """Read a time, an ISO 8601 text or seconds since 1970; without a zone it is in UTC."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise _wrong(key, value, "a time") from None
    if not isinstance(value, datetime):
        raise _wrong(key, value, "a time")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _wrong(key: str, value: object, wanted: str) -> EvaluationError:
    return EvaluationError(f"filter {key}: expected {wanted}, got {shown(value)}")


READERS: Mapping[str, Callable[[str, object], object]] = {
    **dict.fromkeys(LIST_KEYS, _texts),
    **dict.fromkeys(MOMENT_KEYS, _moment),
    **dict.fromkeys(NUMBER_KEYS, _number),
    "msg_id": _text_or_none,
    "order": _order,
}
