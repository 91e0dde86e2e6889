# SPDX-License-Identifier: AGPL-3.0-or-later
"""The methods and fields that expressions may use: none of them changes anything."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.expressions.budget import Budget

#: What may be read of messages, rows of the archive, their users and times.
FIELDS = frozenset(
    {
        *("id", "topic", "category", "body", "headers", "sent_at", "agent_name"),
        *("usernames", "packages", "msg_id", "msg", "users", "name", "timestamp"),
        *("year", "month", "day", "hour", "minute", "second", "days", "seconds"),
    }
)
#: Fields that hold names: an expression sees them as lists.
NAME_FIELDS = frozenset({"usernames", "packages", "users"})

#: Methods of texts whose work grows with the text and their arguments.
OF_TEXTS = (
    *("lower", "upper", "casefold", "capitalize", "title"),
    *("removeprefix", "removesuffix", "startswith", "endswith", "find", "rfind"),
    *("split", "rsplit", "splitlines", "partition", "rpartition"),
    *("isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum", "isspace", "isupper", "islower"),
)
OF_SETS = ("union", "intersection", "difference", "issubset", "issuperset", "isdisjoint")
OF_MATCHES = ("group", "groups", "groupdict", "start", "end")
OF_DATES = ("weekday", "isoweekday", "isoformat")


def _of_text(name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    def guard(budget: Budget, text: Any, *arguments: Any) -> Any:
        _must_be(str, text, name)
        length = len(text)
        for argument in arguments:
            length += _length(argument)
        budget.charge_text(length)
        found = method(text, *arguments)
        if isinstance(found, list):
            budget.charge(len(found))
        return found

    return guard


def _stripped(name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    def guard(budget: Budget, text: Any, characters: Any = None) -> Any:
        _must_be(str, text, name)
        budget.charge_text(len(text) * max(1, _length(characters)))
        return method(text, characters)

    return guard


def _of_set(name: str) -> Callable[..., Any]:
    def guard(budget: Budget, value: Any, *others: Any) -> Any:
        _must_be((set, frozenset), value, name)
        given = [budget.items(other) for other in others]
        budget.weigh(given)
        budget.charge(1 + len(value))
        return getattr(value, name)(*given)

    return guard


def _of_match(name: str) -> Callable[..., Any]:
    def guard(budget: Budget, match: Any, *arguments: Any) -> Any:
        _must_be(re.Match, match, name)
        budget.charge_text(len(match.string))
        return getattr(match, name)(*arguments)

    return guard


def _of_date(name: str) -> Callable[..., Any]:
    def guard(budget: Budget, value: Any) -> Any:
        _must_be(date, value, name)
        return getattr(value, name)()

    return guard


def _view(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    def guard(budget: Budget, value: Any) -> Any:
        _must_be(dict, value, name)
        budget.charge(1 + len(value))
        return list(method(value))

    return guard


def get(budget: Budget, value: Any, key: Any, default: Any = None) -> Any:
    """Stand for ``mapping.get()``."""
    _must_be(dict, value, "get")
    if isinstance(key, tuple | frozenset):
        budget.weigh(key)
    return value.get(key, default)


class Found(tuple[Any, ...]):
    """The rows that ``query`` stands for in the dialect of 2014: a query that was answered."""

    __slots__ = ()


def all_rows(budget: Budget, query: Any) -> list[Any]:
    """Stand for ``query.all()``."""
    _must_be(Found, query, "all")
    budget.charge(1 + len(query))
    return list(query)


def first_row(budget: Budget, query: Any) -> Any:
    """Stand for ``query.first()``: None where there is no row."""
    _must_be(Found, query, "first")
    return query[0] if query else None


def count(budget: Budget, value: Any, *items: Any) -> int:
    """Stand for ``query.count()``, and for ``.count()`` of texts and lists."""
    if isinstance(value, Found) and not items:
        return len(value)
    (item,) = items
    _charge_search(budget, value, item, "count")
    found: int = value.count(item)
    return found


def index(budget: Budget, value: Any, item: Any) -> int:
    """Stand for ``.index()`` of texts and lists."""
    _charge_search(budget, value, item, "index")
    found: int = value.index(item)
    return found


def join(budget: Budget, separator: Any, texts: Any) -> str:
    """Stand for ``.join()``."""
    _must_be(str, separator, "join")
    found = list(budget.items(texts))
    budget.charge_text(len(separator) * len(found) + sum(len(text) for text in found))
    return str(separator.join(found))


def replace(budget: Budget, text: Any, old: Any, new: Any, most: Any = -1) -> str:
    """Stand for ``.replace()``."""
    for value in (text, old, new):
        _must_be(str, value, "replace")
    budget.charge_text(len(text) + text.count(old) * len(new))
    return str(text.replace(old, new, most))


def total_seconds(budget: Budget, value: Any) -> float:
    """Stand for ``.total_seconds()`` of a span of time."""
    _must_be(timedelta, value, "total_seconds")
    return float(value.total_seconds())


def _charge_search(budget: Budget, value: Any, item: Any, name: str) -> None:
    _must_be((str, list, tuple), value, name)
    budget.weigh(value)
    budget.weigh(item)


def _must_be(kind: type | tuple[type, ...], value: Any, name: str) -> None:
    if not isinstance(value, kind):
        raise AttributeError(f"{type(value).__name__!r} has no {name}()")


def _length(argument: Any) -> int:
    if isinstance(argument, tuple):
        return sum(len(item) for item in argument if isinstance(item, str))
    return len(argument) if isinstance(argument, str) else 0


METHODS: dict[str, Callable[..., Any]] = {
    **{name: _of_text(name) for name in OF_TEXTS},
    **{name: _stripped(name) for name in ("strip", "lstrip", "rstrip")},
    **{name: _of_set(name) for name in OF_SETS},
    **{name: _of_match(name) for name in OF_MATCHES},
    **{name: _of_date(name) for name in OF_DATES},
    **{name: _view(name) for name in ("keys", "values", "items")},
    "all": all_rows,
    "first": first_row,
    "get": get,
    "count": count,
    "index": index,
    "join": join,
    "replace": replace,
    "total_seconds": total_seconds,
}
#: Methods that need no guard when their first argument is a constant: its size bounds the work.
CHEAP_WITH_CONSTANT = frozenset({"get", "startswith", "endswith"})
