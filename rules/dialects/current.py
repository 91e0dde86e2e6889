# SPDX-License-Identifier: AGPL-3.0-or-later
"""The current dialect: that of fedbadges 2.2 and later, with our additional keys."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from rules.dialects import values
from rules.dialects.triggers import condition, expression, trigger
from rules.documents import Node
from rules.expressions import Scope
from rules.model import Previous, Rule
from rules.queries import KEYS, LIST_KEYS, NUMBER_KEYS, Filter
from rules.recipients import CONVERSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.dialects.findings import Findings
    from rules.expressions import Expression

DEFAULT_RECIPIENT = "message.agent_name"
REQUIRED = (
    "name",
    "image_url",
    "description",
    "creator",
    "discussion",
    "issuer_id",
    "trigger",
)
MAX_LINKS = 2_000


def recipient(node: Node, name: str) -> Expression:
    """Compile the recipient: one expression that gives names."""
    if isinstance(node.value, tuple):
        raise node.refused(
            "recipient must be one expression, not a YAML list", "write '[first, second]' in quotes"
        )
    found = expression(node, name, Scope.TRIGGER)
    if found.kind == "number":
        raise node.refused("recipient gives no name", 'write for example message.body["user"]')
    return found


def previous(node: Node, name: str) -> Previous:
    """Compile what the rule counts."""
    found = values.mapping(node, name)
    known = ("filter", "operation")
    for key in values.only_known(found, known):
        raise key.refused(f"unknown key {key.text!r} in {name}", values.suggestion(key.text, known))
    for key_name in known:
        if key_name not in found:
            raise node.refused(f"{name} has no {key_name}", f"add `{key_name}:`")
    return Previous(filter=_filter(found["filter"]), operation=_operation(found["operation"]))


#: Every key that is no conversion: where its value goes, and how it is read.
READERS: dict[str, tuple[str, Callable[[Node, str], Any]]] = {
    "name": ("name", lambda node, key: values.text(node, key, longest=values.MAX_NAME)),
    "slug": ("slug", values.slug),
    "description": ("description", values.text),
    "criteria_text": ("criteria_text", values.text),
    "image_url": ("image_url", lambda node, key: values.text(node, key, longest=MAX_LINKS)),
    "creator": ("creator", values.text_or_empty),
    "discussion": ("discussion", values.text_or_empty),
    "issuer_id": ("issuer_id", values.text_or_empty),
    "tags": ("tags", values.tags),
    "series": ("series", values.series),
    "points": (
        "points",
        lambda node, key: values.whole(node, key, low=0, high=values.MAX_POINTS),
    ),
    "repeatable": ("repeatable", values.truth),
    "expires_after": ("expires_after", values.span),
    "trigger": ("trigger", lambda node, key: trigger(node)),
    "recipient": ("recipient", recipient),
    "previous": ("previous", previous),
    "condition": ("condition", lambda node, key: condition(node)),
}
KNOWN = (*READERS, *CONVERSIONS)


def compile_rule(document: Node, *, text: str, source: str, findings: Findings) -> Rule | None:
    """Return the rule, or None when the findings say what is wrong with it."""
    if not isinstance(document.value, dict):
        findings.add(
            document, "the file is no rule", "write `name:`, `trigger:` and the other keys"
        )
        return None
    keys: dict[str, Node] = document.value
    _check_keys(document, keys, findings)
    found = _read(keys, findings)
    if "name" in found and "slug" not in found and "slug" not in keys:
        found["slug"] = values.slug_of(found["name"])
        if not found["slug"]:
            findings.add(keys["name"], "no slug can be made from the name", "add `slug:`")
    if findings.errors:
        return None
    if "recipient" not in found:
        default = Node(DEFAULT_RECIPIENT, 1, 1, DEFAULT_RECIPIENT)
        found["recipient"] = recipient(default, "recipient")
    return Rule(
        **found,
        badge_id=values.badge_id(found["name"]),
        conversions=tuple(key for key in CONVERSIONS if key in keys and _is_on(keys[key])),
        source=source,
        line=document.line,
        text=text,
        fingerprint=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def _check_keys(document: Node, keys: dict[str, Node], findings: Findings) -> None:
    for key in values.only_known(keys, KNOWN):
        findings.add(key, f"unknown key {key.text!r}", values.suggestion(key.text, KNOWN))
    for name in REQUIRED:
        if name not in keys:
            findings.add(document, f"the key {name!r} is missing", f"add `{name}:`")


def _read(keys: dict[str, Node], findings: Findings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, node in keys.items():
        if key not in READERS or (node.value is None and key not in REQUIRED):
            continue
        attribute, reader = READERS[key]
        with findings.collecting():
            found[attribute] = reader(node, key)
    return found


def _is_on(node: Node) -> bool:
    """Whether a conversion is switched on: any value that is not empty or false does it."""
    return bool(node.value)


def _filter(node: Node) -> Filter:
    found: dict[str, Expression | tuple[Expression, ...]] = {}
    for key, value in values.mapping(node, "filter").items():
        if key not in KEYS:
            place = value.key or value
            raise place.refused(f"unknown filter key {key!r}", values.suggestion(key, KEYS))
        found[key] = _listed(key, value) if key in LIST_KEYS else _single(key, value)
    return Filter(found)


def _listed(key: str, node: Node) -> Expression | tuple[Expression, ...]:
    if isinstance(node.value, tuple):
        return tuple(_item(key, item) for item in node.value)
    found = expression(node, key, Scope.FILTER)
    if found.kind:
        raise node.refused(
            f"{key} must be a list, this gives one {found.kind}", f"write `{key}: [{node.text}]`"
        )
    return found


def _item(key: str, node: Node) -> Expression:
    found = expression(node, key, Scope.FILTER)
    if found.kind == "number":
        raise node.refused(f"{key} must be texts, this gives a number", "quote it: '\"...\"'")
    return found


def _single(key: str, node: Node) -> Expression:
    found = expression(node, key, Scope.FILTER)
    wrong = "text" if key in NUMBER_KEYS else "number"
    if found.kind == wrong and key not in {"start", "end"}:
        raise node.refused(f"{key} cannot be a {wrong}", f"correct the value of {key}")
    return found


def _operation(node: Node) -> Expression | None:
    if node.value == "count":
        return None
    hint = "write `operation: count`, or `lambda:` below it"
    if not isinstance(node.value, dict) or set(node.value) != {"lambda"}:
        raise node.refused("operation must be count or a lambda", hint)
    return expression(node.value["lambda"], "operation", Scope.OPERATION)
