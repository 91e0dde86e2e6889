# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks the calls of an expression: functions, methods, ``json`` and ``re``."""

from __future__ import annotations

import ast
from difflib import get_close_matches
from typing import TYPE_CHECKING

from rules.errors import ExpressionError
from rules.expressions import functions, shapes
from rules.expressions.methods import CHEAP_WITH_CONSTANT, METHODS
from rules.expressions.patterns import FLAGS, OPERATIONS, safe_pattern
from rules.words import Text

if TYPE_CHECKING:
    from rules.expressions.checking import Checker


def check_call(checker: Checker, node: ast.Call) -> ast.expr:
    """Return the rewritten call; raises `ExpressionError` when it is not allowed."""
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            raise checker.refused(
                argument, Text("a * argument is not allowed"), Text("name each argument")
            )
    for keyword in node.keywords:
        if keyword.arg is None:
            raise checker.refused(
                keyword, Text("a ** argument is not allowed"), Text("name each argument")
            )
    called = node.func
    if isinstance(called, ast.Name):
        return _function(checker, node, called.id)
    if not isinstance(called, ast.Attribute):
        checker.check(called)
        raise checker.refused(
            called, Text("only functions and methods can be called"), Text("remove the call")
        )
    if isinstance(called.value, ast.Name) and called.value.id in {"json", "re"}:
        return _of_module(checker, node, called.value.id, called.attr)
    return _method(checker, node, called)


def _function(checker: Checker, node: ast.Call, name: str) -> ast.expr:
    if name in checker.local or name not in functions.NAMES:
        close = get_close_matches(name, functions.NAMES, n=1)
        hint = (
            Text("did you mean %(name)s()?", name=close[0])
            if close
            else Text("rules may only read the message")
        )
        raise checker.refused(
            node, Text("the function %(name)s() is not available", name=name), hint
        )
    if name == "isinstance":
        return _isinstance(checker, node)
    if name == "range":
        _check_range(checker, node)
    if name in functions.CHEAP:
        if len(node.args) != 1 or node.keywords:
            raise checker.refused(
                node,
                Text("%(name)s() takes one value", name=name),
                Text("write %(name)s(value)", name=name),
            )
        return ast.Call(ast.Name(name, ast.Load()), [checker.check(node.args[0])], [])
    return _guarded(checker, node, name)


def _guarded(checker: Checker, node: ast.Call, name: str) -> ast.expr:
    allowed = functions.GUARDED[name][1]
    named: dict[str, ast.expr] = {}
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg not in allowed:
            raise checker.refused(
                keyword,
                Text("%(name)s() takes no argument %(arg)r", name=name, arg=keyword.arg),
                Text("remove it"),
            )
        named[keyword.arg] = checker.check(keyword.value)
    arguments = [checker.check(argument) for argument in node.args]
    return checker.guard(f"f.{name}", *arguments, **named)


def _isinstance(checker: Checker, node: ast.Call) -> ast.expr:
    value, kinds = node.args if len(node.args) == 2 and not node.keywords else (node, node)
    listed = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    if not all(isinstance(kind, ast.Name) and kind.id in functions.TYPES for kind in listed):
        known = ", ".join(functions.TYPES)
        raise checker.refused(
            node, Text("isinstance() takes a value and types"), Text("use %(names)s", names=known)
        )
    types = [ast.Name(f"@t.{kind.id}", ast.Load()) for kind in listed if isinstance(kind, ast.Name)]
    arguments: list[ast.expr] = [checker.check(value), ast.Tuple([*types], ast.Load())]
    return ast.Call(ast.Name("isinstance", ast.Load()), arguments, [])


def _check_range(checker: Checker, node: ast.Call) -> None:
    bounds = [bound.value for bound in node.args if isinstance(bound, ast.Constant)]
    whole = [bound for bound in bounds if isinstance(bound, int)]
    if any(bound > functions.MAX_RANGE for bound in whole):
        raise checker.refused(
            node,
            Text("range() is too long"),
            Text("use at most %(limit)s numbers", limit=functions.MAX_RANGE),
        )


def _method(checker: Checker, node: ast.Call, called: ast.Attribute) -> ast.expr:
    name = called.attr
    value = checker.check(called.value)
    if name not in METHODS:
        close = get_close_matches(name, METHODS, n=1)
        hint = (
            Text("did you mean .%(name)s()?", name=close[0])
            if close
            else Text("rules may only read the message")
        )
        if name in {"format", "format_map"}:
            hint = Text("put texts together with +")
        raise checker.refused(
            called, Text("the method .%(name)s() is not allowed", name=name), hint
        )
    if node.keywords:
        raise checker.refused(
            node,
            Text(".%(name)s() takes no named arguments", name=name),
            Text("leave the names out"),
        )
    arguments = [checker.check(argument) for argument in node.args]
    if name in CHEAP_WITH_CONSTANT and arguments and shapes.is_constant(arguments[0]):
        return ast.Call(ast.Attribute(value, name, ast.Load()), arguments, [])
    return checker.guard(f"m.{name}", value, *arguments)


def _of_module(checker: Checker, node: ast.Call, module: str, name: str) -> ast.expr:
    full = f"{module}.{name}"
    if full in functions.GUARDED:
        return _guarded(checker, node, full)
    if module == "re" and name in OPERATIONS:
        return _search(checker, node, name)
    known = sorted(OPERATIONS) if module == "re" else ["dumps", "loads"]
    hint = Text("use %(names)s", names=", ".join(f"{module}.{item}" for item in known))
    raise checker.refused(node, Text("%(name)s() is not available", name=full), hint)


def _search(checker: Checker, node: ast.Call, operation: str) -> ast.expr:
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    flags = node.args[2] if len(node.args) == 3 else named.pop("flags", None)
    if not 2 <= len(node.args) <= 3 or named:
        raise checker.refused(
            node,
            Text("re.%(operation)s() takes a pattern, a text and flags", operation=operation),
            Text('write re.%(operation)s("...", text)', operation=operation),
        )
    pattern = node.args[0]
    if not isinstance(pattern, ast.Constant) or not isinstance(pattern.value, str):
        raise checker.refused(
            node, Text("a pattern must stand in the expression as a text"), Text("put it in quotes")
        )
    try:
        compiled = safe_pattern(pattern.value, _flags(checker, flags) if flags else 0)
    except ExpressionError as error:
        raise checker.refused(pattern, error.message, error.hint) from error
    place = f"@pattern{len(checker.patterns)}"
    checker.patterns[place] = compiled
    arguments = (ast.Name(place, ast.Load()), ast.Constant(operation), checker.check(node.args[1]))
    return checker.guard("search", *arguments)


def _flags(checker: Checker, node: ast.expr) -> int:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _flags(checker, node.left) | _flags(checker, node.right)
    written = ast.unparse(node)
    if written.startswith("re.") and written[3:] in FLAGS:
        return FLAGS[written[3:]]
    raise checker.refused(
        node,
        Text("these flags are not available"),
        Text("use re.%(value)s", value=", re.".join(FLAGS)),
    )
