# SPDX-License-Identifier: AGPL-3.0-or-later
"""Compiled expressions: checked once, then run at nearly the speed of plain Python."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType, GeneratorType, MappingProxyType
from typing import TYPE_CHECKING, Any

from rules.errors import EvaluationError, MissingValueError
from rules.expressions import functions, methods, operators, shapes
from rules.expressions.budget import STEPS, Budget
from rules.expressions.checking import BUDGET, MODULES, Checker
from rules.expressions.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.expressions.patterns import Pattern
    from rules.expressions.scopes import Scope

#: What data of a message can make an expression raise. Errors of a database are not among them.
FAILURES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)
MAX_REASON = 200
MAX_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression of a rule, ready to be called with the variables of its place."""

    text: str
    kind: str  # "text" or "number" where that is sure, else ""
    function: Callable[..., Any]
    guarded: bool

    def __call__(self, *values: object, allowance: int = 0) -> Any:
        """Return what the expression gives; ``allowance`` is work above the usual bound.

        Raises `MissingValueError` when a key is missing, `WorkLimitError` when it works too much,
        and `EvaluationError` for every other failure.
        """
        budget = Budget(STEPS + allowance) if self.guarded else None
        try:
            result = self.function(*values, budget)
            return list(result) if isinstance(result, GeneratorType) else result
        except KeyError as error:
            raise MissingValueError(
                f"no key {error!s:.{MAX_REASON}} in {self.text:.{MAX_SHOWN}}"
            ) from error
        except FAILURES as error:
            reason = f"{type(error).__name__}: {error}"
            raise EvaluationError(f"{reason:.{MAX_REASON}} in {self.text:.{MAX_SHOWN}}") from error


class _Module:
    """Stands for ``json`` and ``re`` where an expression does not call them; it is empty."""

    __slots__ = ()


def _search(budget: Budget, pattern: Pattern, operation: str, text: object) -> Any:
    return pattern.run(budget, operation, text)


#: All that compiled expressions can reach besides their variables.
RUNTIME = MappingProxyType(
    {
        "__builtins__": {},
        **dict.fromkeys(MODULES, _Module()),
        **functions.CHEAP,
        "isinstance": isinstance,
        **{f"@t.{name}": kind for name, kind in functions.TYPES.items()},
        **{f"@f.{name}": guard for name, (guard, _) in functions.GUARDED.items()},
        **{f"@m.{name}": guard for name, guard in methods.METHODS.items()},
        **{f"@{name}": guard for name, guard in operators.GUARDS.items()},
        "@iterate": Budget.iterate,
        "@search": _search,
    }
)


@lru_cache(maxsize=4_096)
def compile_expression(text: str, scope: Scope) -> Expression:
    """Check and compile an expression; raise `ExpressionError` with the place of what is wrong."""
    return compile_tree(text, read(text), scope)


def compile_tree(text: str, tree: ast.expr, scope: Scope) -> Expression:
    """Check and compile what was read of a text; raise `ExpressionError` as it does."""
    checker = Checker(text, scope.value)
    checked = checker.check(tree)
    names = [*scope.value, BUDGET]
    arguments = ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])
    whole = ast.Expression(ast.Lambda(arguments, checked))
    ast.fix_missing_locations(whole)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(whole, "<rule>", "eval")
    # The code of the lambda, taken out of the code that would make it: nothing has to run.
    body = next(item for item in code.co_consts if isinstance(item, CodeType))
    function = FunctionType(body, {**RUNTIME, **checker.patterns})
    return Expression(text, _kind(tree), function, checker.guarded)


def _kind(tree: ast.expr) -> str:
    if shapes.is_text(tree):
        return "text"
    return "number" if shapes.is_number(tree) else ""
