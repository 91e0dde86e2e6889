# SPDX-License-Identifier: AGPL-3.0-or-later
"""Compiles what rules of the older dialects ask of the archive: ``criteria`` and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.criteria import AllHold, AnyHolds, Asked, HoldsNot
from rules.dialects import values
from rules.dialects.templates import Style, Template, compile_templated, envelope, names_in
from rules.dialects.triggers import condition, only, placed
from rules.expressions import Scope
from rules.expressions.methods import Found
from rules.model import Previous
from rules.queries import KEYS, LIST_KEYS, Filter
from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rules.criteria import Criteria
    from rules.documents import Node
    from rules.model import Message

    Value = Callable[[Message, str], Any]

CRITERIA = ("datanommer", "any", "all", "not")
PARTS = ("filter", "operation", "condition")
#: Rows that a query has where the filter does not say how many.
ROWS = 100
#: Methods of a query that may be an operation, besides ``count``.
METHODS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "all": list,
    "first": lambda rows: rows[0] if rows else None,
}


def criteria(node: Node, style: Style) -> dict[str, Any]:
    """Return the parts of a rule that its criteria make.

    One count is a count like that of the current dialect; all else is a tree of questions.
    """
    found = _tree(node, style)
    if isinstance(found, Asked) and found.previous.operation is None:
        return {"previous": found.previous, "condition": found.condition}
    return {"criteria": found}


def _tree(node: Node, style: Style) -> Criteria:
    if isinstance(node.value, dict) and "pkgdb" in node.value:
        raise (node.value["pkgdb"].key or node).refused(
            Text("criteria pkgdb asks the package database, which is gone"),
            Text("ask the archive: write `datanommer:`"),
        )
    kind, value = only(node, "criteria", CRITERIA)
    if kind == "datanommer":
        return _asked(value, style)
    if kind == "not":
        return HoldsNot(_tree(value, style))
    if not isinstance(value.value, tuple):
        raise value.refused(
            Text("%(kind)s must be a list of criteria", kind=kind),
            Text("write each after a hyphen"),
        )
    parts = tuple(_tree(part, style) for part in value.value)
    if len(parts) == 1:
        return parts[0]
    return AnyHolds(parts) if kind == "any" else AllHold(parts)


def _asked(node: Node, style: Style) -> Asked:
    found = values.mapping(node, "datanommer")
    for key in values.only_known(found, PARTS):
        hint = values.suggestion(key.text, PARTS)
        raise key.refused(Text("unknown key %(key)r in datanommer", key=key.text), hint)
    for name in PARTS:
        if name not in found:
            raise node.refused(
                Text("datanommer has no %(name)s", name=name), Text("add `%(name)s:`", name=name)
            )
    operation = _operation(found["operation"], style)
    asked = _filter(found["filter"], style, rows=operation is not None)
    previous = Previous(filter=asked, operation=operation, missing_is_zero=False)
    return Asked(previous, condition(found["condition"]))


def _operation(node: Node, style: Style) -> Callable[..., Any] | None:
    """Compile the operation; None counts."""
    if isinstance(node.value, dict):
        _, text = only(node, "operation", ("lambda",))
        compiled = placed(
            text, "operation", lambda text: compile_templated(text, Scope.OPERATION_2014, style)
        )
        return lambda message, rows, allowance=0: compiled(
            Found(rows), envelope(message), allowance=allowance
        )
    if node.value == "count":
        return None
    if node.value not in METHODS:
        hint = Text("use count, %(names)s or a lambda", names=", ".join(METHODS))
        if not node.text:
            raise node.refused(Text("operation must be one word or a lambda"), hint)
        raise node.refused(Text("operation %(text)r is not known", text=node.text), hint)
    method = METHODS[node.value]
    return lambda message, rows, allowance=0: method(rows)


def _filter(node: Node, style: Style, *, rows: bool) -> Filter:
    known = (*KEYS, "usernames") if style is Style.BRACES else KEYS
    found: dict[str, Any] = {}
    for key, value in values.mapping(node, "filter").items():
        if key not in known:
            place = value.key or value
            raise place.refused(
                Text("unknown filter key %(key)r", key=key), values.suggestion(key, known)
            )
        name = "users" if key == "usernames" else key
        if name in found:
            raise (value.key or value).refused(
                Text("users are there twice"), Text("keep one of the keys")
            )
        found[name] = _listed(name, value, style) if name in LIST_KEYS else _value(value, style)
    if "users" in found:
        found["users"] = _users(found["users"])
    if rows:
        found.setdefault("rows_per_page", lambda message, recipient: ROWS)
    return Filter(found)


def _listed(key: str, node: Node, style: Style) -> Value | tuple[Value, ...]:
    if isinstance(node.value, tuple):
        return tuple(_value(item, style) for item in node.value)
    if not isinstance(node.value, dict) and Template(node.text, style).is_constant:
        raise node.refused(
            Text("%(key)s must be a list", key=key),
            Text("write `%(key)s: [%(text)s]`", key=key, text=node.text),
        )
    return _value(node, style)


def _users(source: Value | tuple[Value, ...]) -> Value:
    """Return users as names: a list among them is all there are, of people too who are mappings."""

    def names(message: Message, recipient: str) -> Any:
        if not isinstance(source, tuple):
            return names_in(source(message, recipient))
        found = [item(message, recipient) for item in source]
        lists = [item for item in found if isinstance(item, list)]
        return names_in(lists[-1] if lists else found)

    return names


def _value(node: Node, style: Style) -> Value:
    """Compile one value of a filter: a lambda, a template or a constant."""
    if isinstance(node.value, dict):
        _, text = only(node, "filter value", ("lambda",))
        compiled = placed(
            text, "filter", lambda text: compile_templated(text, Scope.FILTER_2014, style)
        )
        return lambda message, recipient: compiled(values_ := envelope(message), values_)
    if isinstance(node.value, tuple) or node.value is None:
        raise node.refused(
            Text("a filter value must be a text, a number or a lambda"), Text("correct it")
        )
    if isinstance(node.value, str):
        template = Template(node.value, style)
        return lambda message, recipient: template.value(envelope(message))
    constant = node.value
    return lambda message, recipient: constant
