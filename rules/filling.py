# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads the fields of `rules.building` from the text of a rule, where fields can show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.building import (
    GROUPS,
    LEAVES,
    MAX_COUNTED,
    MAX_LEVELS,
    MAX_LINES,
    OFFERED,
    Counted,
    Counting,
    Fields,
    Part,
)
from rules.dialects import is_older
from rules.dialects.common import KEEP
from rules.dialects.findings import Findings
from rules.documents import read_document
from rules.errors import DefinitionError
from rules.queries import LIST_KEYS, MAX_NUMBER
from rules.recipients import CONVERSIONS

if TYPE_CHECKING:
    from typing import Any

    from rules.documents import Node

#: What the dialect calls the comparisons besides the names that are offered.
SAME = {f"is {name}": name for name in OFFERED} | {"is not equal to": "is not"}
HINT = "keep it as text"


class NotShownError(DefinitionError):
    """Fields cannot show a part of a rule."""


def fill(text: str) -> Fields:
    """Return the fields of a rule that loads; raises `NotShownError` for what they cannot show."""
    document = read_document(text)
    keys: dict[str, Node] = document.value
    if is_older(document):
        place = keys["criteria"].key or document
        raise _unseen(
            place, "fields show the current dialect only", "run `accolades rules migrate`"
        )
    findings = Findings()
    found: dict[str, Any] = {}
    for reader in (_trigger, _recipient, _counting, _condition):
        with findings.collecting():
            found |= reader(keys)
    if findings.errors:
        raise findings.errors[0]
    return Fields(**found)


def _unseen(node: Node, message: str, hint: str = HINT) -> NotShownError:
    return NotShownError(message, hint, line=node.line, column=node.column)


def _trigger(keys: dict[str, Node]) -> dict[str, Any]:
    (kind, node), *_ = keys["trigger"].value.items()
    lines = _Lines()
    if kind in GROUPS:
        parts = tuple(lines.part(each, 1) for each in node.value)
        if not parts:
            raise _unseen(node, "the trigger has no line")
        return {"join": kind, "trigger": parts}
    return {"join": "all", "trigger": (lines.part(keys["trigger"], 1),)}


class _Lines:
    """Reads the lines of a trigger, and counts them."""

    def __init__(self) -> None:
        self.number = 0

    def part(self, node: Node, level: int) -> Part:
        """Return a line with all below it."""
        self.number += 1
        if self.number > MAX_LINES or level > MAX_LEVELS:
            what = f"fields show {MAX_LINES} lines on {MAX_LEVELS} levels"
            raise _unseen(node, f"the trigger is too large: {what}")
        ((kind, inner),) = node.value.items()
        negated = kind == "not"
        if negated:
            ((kind, inner),) = inner.value.items()
        if kind in GROUPS and inner.value:
            below = tuple(self.part(each, level + 1) for each in inner.value)
            return Part(kind, "", below, negated)
        if kind not in LEAVES or isinstance(inner.value, tuple | dict):
            raise _unseen(inner.key or inner, f"fields cannot show this {kind!r}")
        return Part(kind, _line(inner, kind), (), negated)


def _line(node: Node, name: str) -> str:
    """Return an expression or a text that stands on one line."""
    text = node.text if isinstance(node.value, str) else str(node.value)
    text = text if name in {"topic", "category"} else text.strip()
    if not text or text != text.strip() or len(text.splitlines()) > 1:
        raise _unseen(node, f"{name}: fields show one line of text")
    return text


def _recipient(keys: dict[str, Node]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "recipient" in keys and keys["recipient"].value is not None:
        found["recipient"] = _line(keys["recipient"], "recipient")
    used = [key for key in CONVERSIONS if key in keys and keys[key].value]
    if len(used) > 1:
        raise _unseen(keys[used[1]].key or keys[used[1]], "fields show one kind of name")
    if used:
        found |= {"conversion": used[0], "keeping": keys[used[0]].value == KEEP}
    return found


def _counting(keys: dict[str, Node]) -> dict[str, Any]:
    previous = _given(keys, "previous")
    condition = _given(keys, "condition")
    if previous is None:
        kind = Counting.NOTHING if condition is None else Counting.TRIGGERS
        return {"counting": kind}
    if condition is None:
        raise _unseen(previous.key or previous, "fields show a count with its condition only")
    asked = previous.value["filter"].value
    if len(asked) > MAX_COUNTED:
        raise _unseen(previous, f"fields show {MAX_COUNTED} lines of a filter")
    operation = previous.value["operation"]
    return {
        "counting": Counting.MESSAGES,
        "filter": tuple(_counted(key, node) for key, node in asked.items()),
        "operation": ""
        if operation.value == "count"
        else _line(operation.value["lambda"], "operation"),
    }


def _counted(key: str, node: Node) -> Counted:
    if key not in LIST_KEYS:
        raise _unseen(node.key or node, f"fields cannot show the filter {key!r}")
    if not isinstance(node.value, tuple):
        return Counted(key, (_line(node, key),), whole=True)
    if not node.value:
        raise _unseen(node, f"{key}: fields cannot show an empty list")
    return Counted(key, tuple(_line(item, key) for item in node.value))


def _condition(keys: dict[str, Node]) -> dict[str, Any]:
    node = _given(keys, "condition")
    if node is None:
        return {}
    ((name, inner),) = node.value.items()
    if name == "lambda":
        return {"expression": _line(inner, "condition")}
    if not isinstance(inner.value, int) or not 0 <= inner.value <= MAX_NUMBER:
        raise _unseen(inner, f"fields show whole numbers from 0 to {MAX_NUMBER}")
    return {"comparison": SAME.get(name, name), "number": inner.value}


def _given(keys: dict[str, Node], name: str) -> Node | None:
    node = keys.get(name)
    return node if node is not None and node.value is not None else None
