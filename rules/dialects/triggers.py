# SPDX-License-Identifier: AGPL-3.0-or-later
"""Compiles triggers, conditions and single expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rules.dialects.values import mapping, suggestion
from rules.errors import ExpressionError
from rules.expressions import Scope, compile_expression
from rules.matchers import COMPARISONS, AllOf, AnyOf, CategoryIn, Condition, Holds, Not, TopicEnds
from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from rules.documents import Node
    from rules.expressions import Expression
    from rules.matchers import Trigger

Compiled = TypeVar("Compiled")

TRIGGERS = ("topic", "category", "lambda", "any", "all", "not")


def expression(node: Node, name: str, scope: Scope) -> Expression:
    """Compile an expression; raises `ExpressionError` with its place in the file."""
    return placed(node, name, lambda text: compile_expression(text, scope))


def placed(node: Node, name: str, compiler: Callable[[str], Compiled]) -> Compiled:
    """Return what the compiler makes of a text; what it raises gets the place in the file."""
    if isinstance(node.value, tuple | dict):
        raise node.refused(
            Text("%(name)s must be one expression", name=name), Text("write it as one quoted text")
        )
    if node.value is None:
        raise node.refused(Text("%(name)s is empty", name=name), Text("write an expression"))
    # YAML reads `yes` and `0x10` as values of its own: they are constants here.
    text = node.value if isinstance(node.value, str) else str(node.value)
    try:
        return compiler(text)
    except ExpressionError as error:
        first = error.line == 1
        raise ExpressionError(
            Text("%(name)s: %(message)s", name=name, message=error.message),
            error.hint,
            line=node.line + error.line - 1,
            column=node.column + error.column - 1 if first else error.column,
        ) from error


def _holds(node: Node) -> Trigger:
    compiled = expression(node, "lambda", Scope.TRIGGER)
    return Holds(compiled, compiled.text)


def trigger(node: Node, holds: Callable[[Node], Trigger] = _holds) -> Trigger:
    """Compile a trigger and all its parts; ``holds`` compiles the lambdas among them."""
    kind, value = only(node, "trigger", TRIGGERS)
    if kind == "topic":
        return TopicEnds(_plain(value, kind))
    if kind == "category":
        return CategoryIn(_categories(value))
    if kind == "lambda":
        return holds(value)
    if kind == "not":
        return Not(trigger(value, holds))
    if not isinstance(value.value, tuple):
        raise value.refused(
            Text("%(kind)s must be a list of triggers", kind=kind),
            Text("write each after a hyphen"),
        )
    parts = tuple(trigger(part, holds) for part in value.value)
    return AnyOf(parts) if kind == "any" else AllOf(parts)


def condition(node: Node) -> Condition:
    """Compile a condition."""
    kind, value = only(node, "condition", (*COMPARISONS, "lambda"))
    if kind == "lambda":
        return Condition(kind, expression=expression(value, "condition", Scope.CONDITION))
    number = value.value
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise value.refused(
            Text("%(kind)s must be a number", kind=kind), Text("write the number without quotes")
        )
    return Condition(kind, number)


def only(node: Node, name: str, known: Collection[str]) -> tuple[str, Node]:
    """Return the one key of a mapping that has exactly one, and its value."""
    found = mapping(node, name)
    if len(found) != 1:
        hint = Text("use one of %(names)s", names=", ".join(known))
        if found and name == "trigger":
            hint = Text("put them below `any` or `all`")
        if not found:
            raise node.refused(Text("%(name)s is empty", name=name), hint)
        raise node.refused(Text("%(name)s has more than one key", name=name), hint)
    ((kind, value),) = found.items()
    if kind not in known:
        place = value.key or value
        raise place.refused(
            Text("unknown %(name)s %(kind)r", name=name, kind=kind), suggestion(kind, known)
        )
    return kind, value


def _categories(node: Node) -> frozenset[str]:
    """Return the categories: one, or those listed below ``any``."""
    if not isinstance(node.value, dict):
        return frozenset({_plain(node, "category")})
    _, listed = only(node, "category", ("any",))
    if not isinstance(listed.value, tuple):
        raise listed.refused(
            Text("any must be a list of categories"), Text("write each after a hyphen")
        )
    return frozenset(_plain(item, "category") for item in listed.value)


def _plain(node: Node, name: str) -> str:
    if not isinstance(node.value, str):
        hint = Text("write one text, or several triggers below `any`")
        raise node.refused(Text("%(name)s must be a text", name=name), hint)
    return node.value
