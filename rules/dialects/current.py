# SPDX-License-Identifier: AGPL-3.0-or-later
"""The current dialect: that of fedbadges 2.2 and later, with our additional keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.dialects import values
from rules.dialects.common import BADGE_READERS, REQUIRED, Dialect, Readers, assemble
from rules.dialects.triggers import condition, expression, trigger
from rules.documents import Node
from rules.expressions import Scope
from rules.model import Previous
from rules.queries import KEYS, LIST_KEYS, NUMBER_KEYS, Filter
from rules.words import Text

if TYPE_CHECKING:
    from rules.dialects.findings import Findings
    from rules.expressions import Expression
    from rules.model import Rule

DEFAULT_RECIPIENT = "message.agent_name"


def recipient(node: Node, name: str) -> Expression:
    """Compile the recipient: one expression that gives names."""
    if isinstance(node.value, tuple):
        raise node.refused(
            Text("recipient must be one expression, not a YAML list"),
            Text("write '[first, second]' in quotes"),
        )
    found = expression(node, name, Scope.TRIGGER)
    if found.kind == "number":
        raise node.refused(
            Text("recipient gives no name"), Text('write for example message.body["user"]')
        )
    return found


def previous(node: Node, name: str) -> Previous:
    """Compile what the rule counts."""
    found = values.mapping(node, name)
    known = ("filter", "operation")
    for key in values.only_known(found, known):
        raise key.refused(
            Text("unknown key %(key)r in %(name)s", key=key.text, name=name),
            values.suggestion(key.text, known),
        )
    for key_name in known:
        if key_name not in found:
            raise node.refused(
                Text("%(name)s has no %(key_name)s", name=name, key_name=key_name),
                Text("add `%(key_name)s:`", key_name=key_name),
            )
    return Previous(filter=_filter(found["filter"]), operation=_operation(found["operation"]))


READERS: Readers = {
    **BADGE_READERS,
    "trigger": ("trigger", lambda node, key: trigger(node)),
    "recipient": ("recipient", recipient),
    "previous": ("previous", previous),
    "condition": ("condition", lambda node, key: condition(node)),
}


def compile_rule(document: Node, *, text: str, source: str, findings: Findings) -> Rule | None:
    """Return the rule, or None when the findings say what is wrong with it."""
    default = Node(DEFAULT_RECIPIENT, 1, 1, DEFAULT_RECIPIENT)
    dialect = Dialect(readers=READERS, required=REQUIRED, recipient=recipient(default, "recipient"))
    return assemble(document, dialect, text=text, source=source, findings=findings)


def _filter(node: Node) -> Filter:
    found: dict[str, Expression | tuple[Expression, ...]] = {}
    for key, value in values.mapping(node, "filter").items():
        if key not in KEYS:
            place = value.key or value
            raise place.refused(
                Text("unknown filter key %(key)r", key=key), values.suggestion(key, KEYS)
            )
        found[key] = _listed(key, value) if key in LIST_KEYS else _single(key, value)
    return Filter(found)


def _listed(key: str, node: Node) -> Expression | tuple[Expression, ...]:
    if isinstance(node.value, tuple):
        return tuple(_item(key, item) for item in node.value)
    found = expression(node, key, Scope.FILTER)
    hint = Text("write `%(key)s: [%(text)s]`", key=key, text=node.text)
    if found.kind == "number":
        raise node.refused(Text("%(key)s must be a list, this gives one number", key=key), hint)
    if found.kind:
        raise node.refused(Text("%(key)s must be a list, this gives one text", key=key), hint)
    return found


def _item(key: str, node: Node) -> Expression:
    found = expression(node, key, Scope.FILTER)
    if found.kind == "number":
        raise node.refused(
            Text("%(key)s must be texts, this gives a number", key=key), Text("quote it: '\"...\"'")
        )
    return found


def _single(key: str, node: Node) -> Expression:
    found = expression(node, key, Scope.FILTER)
    wrong = "text" if key in NUMBER_KEYS else "number"
    if found.kind == wrong and key not in {"start", "end"}:
        hint = Text("correct the value of %(key)s", key=key)
        if wrong == "text":
            raise node.refused(Text("%(key)s cannot be a text", key=key), hint)
        raise node.refused(Text("%(key)s cannot be a number", key=key), hint)
    return found


def _operation(node: Node) -> Expression | None:
    if node.value == "count":
        return None
    hint = Text("write `operation: count`, or `lambda:` below it")
    if not isinstance(node.value, dict) or set(node.value) != {"lambda"}:
        raise node.refused(Text("operation must be count or a lambda"), hint)
    return expression(node.value["lambda"], "operation", Scope.OPERATION)
