# SPDX-License-Identifier: AGPL-3.0-or-later
"""The functions that expressions may call, each with its work charged before it is done."""

from __future__ import annotations

import json
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from rules.errors import WorkLimitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.expressions.budget import Budget

MAX_RANGE = 100_000
MAX_DIGITS = 20

#: The types that `isinstance` may ask for.
TYPES: dict[str, type] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "list": list,
    "tuple": tuple,
    "set": set,
    "dict": dict,
}
#: Functions whose work does not depend on the data.
CHEAP: dict[str, Callable[..., Any]] = {"len": len, "bool": bool, "abs": abs}


def any_of(budget: Budget, values: Any) -> bool:
    """Stand for ``any``; a generator is asked only as far as needed."""
    return any(values if isinstance(values, GeneratorType) else budget.items(values))


def all_of(budget: Budget, values: Any) -> bool:
    """Stand for ``all``; a generator is asked only as far as needed."""
    return all(values if isinstance(values, GeneratorType) else budget.items(values))


def total(budget: Budget, values: Any, start: Any = 0) -> Any:
    """Stand for ``sum``: numbers only."""
    numbers = [start, *budget.items(values)]
    if not all(isinstance(number, int | float) for number in numbers):
        raise TypeError("sum() adds numbers only")
    return sum(numbers)


def smallest(budget: Budget, *values: Any, **default: Any) -> Any:
    """Stand for ``min``."""
    return min(_comparable(budget, values), **default)


def largest(budget: Budget, *values: Any, **default: Any) -> Any:
    """Stand for ``max``."""
    return max(_comparable(budget, values), **default)


def ordered(budget: Budget, values: Any, *, reverse: Any = False) -> list[Any]:
    """Stand for ``sorted``."""
    found = _comparable(budget, (values,))
    # Each value is compared some log(n) times.
    for _ in range(len(found).bit_length() // 4):
        budget.weigh(found)
    return sorted(found, reverse=bool(reverse))


def make_list(budget: Budget, values: Any = ()) -> list[Any]:
    """Stand for ``list``."""
    return list(budget.items(values))


def make_tuple(budget: Budget, values: Any = ()) -> tuple[Any, ...]:
    """Stand for ``tuple``."""
    return tuple(budget.items(values))


def make_set(budget: Budget, values: Any = ()) -> set[Any]:
    """Stand for ``set``."""
    found = budget.items(values)
    budget.weigh(found)
    return set(found)


def make_dict(budget: Budget, values: Any = ()) -> dict[Any, Any]:
    """Stand for ``dict``: from a mapping or from pairs."""
    found = budget.items(values)
    if not isinstance(found, dict):
        budget.weigh([pair[0] for pair in found])
    return dict(found)


def make_text(budget: Budget, value: Any = "") -> str:
    """Stand for ``str``."""
    budget.weigh(value, printed=True)
    text = str(value)
    budget.charge_text(len(text))
    return text


def make_int(budget: Budget, value: Any = 0) -> int:
    """Stand for ``int``; Python itself refuses texts with thousands of digits."""
    if isinstance(value, str):
        budget.charge_text(len(value))
    return int(value)


def make_float(budget: Budget, value: Any = 0) -> float:
    """Stand for ``float``."""
    if isinstance(value, str):
        budget.charge_text(len(value))
    return float(value)


def rounded(budget: Budget, value: Any, digits: Any = None) -> Any:
    """Stand for ``round``."""
    if digits is not None and abs(digits) > MAX_DIGITS:
        raise WorkLimitError(f"round() works with up to {MAX_DIGITS} digits")
    return round(value, digits)


def numbered(budget: Budget, values: Any, start: Any = 0) -> list[tuple[int, Any]]:
    """Stand for ``enumerate``."""
    return list(enumerate(budget.items(values), start))


def zipped(budget: Budget, *values: Any) -> list[tuple[Any, ...]]:
    """Stand for ``zip``."""
    return list(zip(*[budget.items(value) for value in values], strict=False))


def backwards(budget: Budget, values: Any) -> list[Any]:
    """Stand for ``reversed``."""
    return list(budget.items(values))[::-1]


def numbers(budget: Budget, *bounds: Any) -> range:
    """Stand for ``range``."""
    found = range(*bounds)
    if len(found) > MAX_RANGE:
        raise WorkLimitError(f"range() of more than {MAX_RANGE} numbers")
    return found


def loads(budget: Budget, text: Any) -> Any:
    """Stand for ``json.loads``."""
    if not isinstance(text, str):
        raise TypeError(f"json.loads() needs a text, not {type(text).__name__}")
    budget.charge_text(len(text))
    budget.charge(len(text) >> 2)
    return json.loads(text)


def dumps(budget: Budget, value: Any, *, sort_keys: Any = False) -> str:
    """Stand for ``json.dumps``."""
    budget.weigh(value, printed=True)
    text = json.dumps(value, sort_keys=bool(sort_keys))
    budget.charge_text(len(text))
    return text


def _comparable(budget: Budget, values: tuple[Any, ...]) -> Any:
    found = budget.items(values[0]) if len(values) == 1 else values
    budget.weigh(found if isinstance(found, list | tuple | dict) else list(found))
    return found


#: Function, and the named arguments that it may be given.
GUARDED: dict[str, tuple[Callable[..., Any], frozenset[str]]] = {
    "any": (any_of, frozenset()),
    "all": (all_of, frozenset()),
    "sum": (total, frozenset({"start"})),
    "min": (smallest, frozenset({"default"})),
    "max": (largest, frozenset({"default"})),
    "sorted": (ordered, frozenset({"reverse"})),
    "list": (make_list, frozenset()),
    "tuple": (make_tuple, frozenset()),
    "set": (make_set, frozenset()),
    "dict": (make_dict, frozenset()),
    "str": (make_text, frozenset()),
    "int": (make_int, frozenset()),
    "float": (make_float, frozenset()),
    "round": (rounded, frozenset()),
    "enumerate": (numbered, frozenset({"start"})),
    "zip": (zipped, frozenset()),
    "reversed": (backwards, frozenset()),
    "range": (numbers, frozenset()),
    "json.loads": (loads, frozenset()),
    "json.dumps": (dumps, frozenset({"sort_keys"})),
}
NAMES = frozenset({*CHEAP, *GUARDED, "isinstance"} - {"json.loads", "json.dumps"})
