# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the parts of a rule stand in its file, in every dialect."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.dialects import is_older
from rules.dialects.templates import Style

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.documents import Node


def _parts(document: Node, name: str) -> Iterator[Node]:
    """Yield the values of a key in what a rule counts, however deep they stand."""
    start = "criteria" if is_older(document) else "previous"
    waiting = [document.value[start]] if start in document.value else []
    while waiting:
        node = waiting.pop()
        if isinstance(node.value, tuple):
            waiting.extend(reversed(node.value))
        else:  # a mapping: a rule that loads has nothing else there
            if name in node.value:
                yield node.value[name]
            waiting.extend(
                value for key, value in reversed(node.value.items()) if key not in _PARTS
            )


_PARTS = frozenset({"filter", "operation", "condition"})


def filters(document: Node) -> Iterator[dict[str, Node]]:
    """Yield each filter."""
    for node in _parts(document, "filter"):
        yield node.value


def operations(document: Node) -> Iterator[Node]:
    """Yield each operation that reads rows."""
    for node in _parts(document, "operation"):
        if node.value != "count":
            yield node.key or node


def conditions(document: Node) -> Iterator[Node]:
    """Yield each condition."""
    if "condition" in document.value:
        yield document.value["condition"].key or document.value["condition"]
    for node in _parts(document, "condition"):
        yield node.key or node


def constant(node: Node) -> str | None:
    """Return the text that a value of a filter of the current dialect stands for, if it is one."""
    try:
        value = ast.literal_eval(node.text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def is_moving(node: Node) -> bool:
    """Whether a moment of a filter depends on the message."""
    if not isinstance(node.value, str):
        return isinstance(node.value, dict)  # a lambda; else a number or nothing
    if any(style.value.search(node.text) for style in Style):
        return True
    text = node.text.strip()
    return not text[:1].isdigit() and constant(node) is None
