# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be told of a node without running it."""

from __future__ import annotations

import ast

NUMBER_CALLS = frozenset({"len", "abs", "bool"})
TEXT_METHODS = frozenset(
    {"lower", "upper", "casefold", "title", "capitalize", "strip", "lstrip", "rstrip", "replace"}
)
TEXT_FIELDS = frozenset({"topic", "id", "agent_name"})


def is_constant(node: ast.expr) -> bool:
    """Whether the node is a number, a text, a truth value or None as written."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)


def is_value(node: ast.expr) -> bool:
    """Whether the node is a number or a text as written."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) and not isinstance(node.value, bool | None)


def is_sequence(node: ast.expr) -> bool:
    """Whether the node is a text or a collection as written."""
    kinds = ast.List | ast.Tuple | ast.ListComp | ast.JoinedStr
    return isinstance(node, kinds) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def is_cheap(left: ast.expr, sign: ast.cmpop, right: ast.expr) -> bool:
    """Whether a comparison costs little whatever the data, because one side is small."""
    if isinstance(sign, ast.In | ast.NotIn):
        if isinstance(right, ast.Tuple | ast.List):
            return all(is_constant(item) for item in right.elts)
        return is_constant(right)
    if isinstance(sign, ast.Is | ast.IsNot):
        return not is_value(left) and not is_value(right)
    return _is_small(left) or _is_small(right)


def is_text(node: ast.expr) -> bool:
    """Whether the node gives a text for sure, seen before it is rewritten."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.Name):
        return node.id == "recipient"
    if isinstance(node, ast.Attribute):
        of_message = isinstance(node.value, ast.Name) and node.value.id == "message"
        return of_message and node.attr in TEXT_FIELDS
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and (is_text(node.left) or is_text(node.right))
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Name):
            return called.id == "str"
        return isinstance(called, ast.Attribute) and called.attr in TEXT_METHODS
    return False


def is_number(node: ast.expr) -> bool:
    """Whether the node gives a number or a truth value for sure."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) or is_number(node.operand)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float)
    return isinstance(node, ast.Compare) or _is_number_call(node)


def _is_small(node: ast.expr) -> bool:
    return is_constant(node) or _is_number_call(node)


def _is_number_call(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in NUMBER_CALLS
    )
