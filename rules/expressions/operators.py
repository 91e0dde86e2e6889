# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands for the operators of an expression where their work depends on the data."""

from __future__ import annotations

import operator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from rules.errors import WorkLimitError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.expressions.budget import Budget

MAX_BITS = 4_096
NUMBERS = (int, float)
SETS = (set, frozenset)
LISTS = (list, tuple)
MOMENTS = (date, timedelta)
HOLDERS = (list, tuple, set, frozenset, dict)


def add(budget: Budget, left: Any, right: Any) -> Any:
    """Stand for ``+``: numbers, texts, lists and times."""
    if isinstance(left, NUMBERS) and isinstance(right, NUMBERS):
        return left + right
    if isinstance(left, str) and isinstance(right, str):
        budget.charge_text(len(left) + len(right))
        return left + right
    if isinstance(left, LISTS) and isinstance(right, LISTS):
        budget.charge(1 + len(left) + len(right))
        both_fixed = isinstance(left, tuple) and isinstance(right, tuple)
        return (*left, *right) if both_fixed else [*left, *right]
    return _of_times(operator.add, "+", left, right)


def subtract(budget: Budget, left: Any, right: Any) -> Any:
    """Stand for ``-``: numbers, sets and times."""
    if isinstance(left, NUMBERS) and isinstance(right, NUMBERS):
        return left - right
    if isinstance(left, SETS) and isinstance(right, SETS):
        return _of_sets(budget, operator.sub, left, right)
    return _of_times(operator.sub, "-", left, right)


def multiply(budget: Budget, left: Any, right: Any) -> Any:
    """Stand for ``*``: numbers only, for a repeated text or list has no bound."""
    if not isinstance(left, NUMBERS) or not isinstance(right, NUMBERS):
        raise TypeError("only numbers can be multiplied")
    whole = [number for number in (left, right) if isinstance(number, int)]
    if len(whole) == 2 and sum(number.bit_length() for number in whole) > MAX_BITS:
        raise WorkLimitError("a number is too large")
    return left * right


def modulo(budget: Budget, left: Any, right: Any) -> Any:
    """Stand for ``%``: numbers only, for templates have no bound."""
    if not isinstance(left, NUMBERS) or not isinstance(right, NUMBERS):
        raise TypeError("% works with numbers only: put texts together with +")
    return left % right


def _bitwise(operation: Callable[[Any, Any], Any], sign: str) -> Callable[..., Any]:
    def guard(budget: Budget, left: Any, right: Any) -> Any:
        if isinstance(left, SETS) and isinstance(right, SETS):
            return _of_sets(budget, operation, left, right)
        if isinstance(left, int) and isinstance(right, int):
            return operation(left, right)
        raise TypeError(f"{sign} works with sets and whole numbers only")

    return guard


def _compared(operation: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def guard(budget: Budget, left: Any, right: Any) -> Any:
        if isinstance(left, HOLDERS) and isinstance(right, HOLDERS):
            budget.weigh(left)
            budget.weigh(right)
        elif isinstance(left, str):
            budget.charge_text(len(left))
        return operation(left, right)

    return guard


def contains(budget: Budget, item: Any, container: Any) -> bool:
    """Stand for ``in``."""
    if isinstance(container, str):
        budget.charge_text(len(container))
    elif isinstance(container, dict | set | frozenset):
        hashed(budget, item)
    elif isinstance(item, HOLDERS):
        budget.weigh(item)
        budget.weigh(container)
    else:
        container = budget.items(container)
    return item in container


def lacks(budget: Budget, item: Any, container: Any) -> bool:
    """Stand for ``not in``."""
    return not contains(budget, item, container)


def same(budget: Budget, left: Any, right: Any) -> bool:
    """Stand for ``is`` with a number or text: of one kind and equal, whatever Python shares."""
    return type(left) is type(right) and bool(left == right)


def differs(budget: Budget, left: Any, right: Any) -> bool:
    """Stand for ``is not`` with a number or text."""
    return not same(budget, left, right)


def hashed(budget: Budget, key: Any) -> Any:
    """Return a key, with the work of hashing it charged."""
    if isinstance(key, tuple | frozenset):
        budget.weigh(key)
    return key


def index(budget: Budget, container: Any, key: Any) -> Any:
    """Stand for ``container[key]``."""
    return container[hashed(budget, key)]


def part(budget: Budget, container: Any, low: Any, high: Any, step: Any) -> Any:
    """Stand for ``container[low:high:step]``."""
    if isinstance(container, str):
        budget.charge_text(len(container))
    else:
        budget.charge(1 + len(container))
    return container[low:high:step]


def as_list(budget: Budget, values: Any) -> Any:
    """Return names as a list: messages and rows keep them as tuples."""
    return list(values) if isinstance(values, tuple) else values


def _of_sets(budget: Budget, operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    budget.charge(1 + len(left) + len(right))
    return operation(left, right)


def _of_times(operation: Callable[[Any, Any], Any], sign: str, left: Any, right: Any) -> Any:
    if isinstance(left, MOMENTS) and isinstance(right, MOMENTS):
        return operation(left, right)
    raise TypeError(f"{shown(left)} {sign} {shown(right)} does not work")


BINARY: dict[str, Callable[..., Any]] = {
    "Add": add,
    "Sub": subtract,
    "Mult": multiply,
    "Mod": modulo,
    "BitOr": _bitwise(operator.or_, "|"),
    "BitAnd": _bitwise(operator.and_, "&"),
    "BitXor": _bitwise(operator.xor, "^"),
}
COMPARE: dict[str, Callable[..., Any]] = {
    "Eq": _compared(operator.eq),
    "NotEq": _compared(operator.ne),
    "Lt": _compared(operator.lt),
    "LtE": _compared(operator.le),
    "Gt": _compared(operator.gt),
    "GtE": _compared(operator.ge),
    "In": contains,
    "NotIn": lacks,
}
GUARDS: dict[str, Callable[..., Any]] = {
    "as_list": as_list,
    "part": part,
    "index": index,
    "hashed": hashed,
    "same": same,
    "differs": differs,
    **BINARY,
    **COMPARE,
}
