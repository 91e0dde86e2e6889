# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rewrites the expressions and templates of the older dialects into those of the current one.

What is not touched stays as its author wrote it: only the parts of a text that mean something else
are replaced. `UntranslatableError` says what the current dialect has no words for.
"""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

from rules.dialects.templates import Marker, Style, Template
from rules.errors import RuleError
from rules.expressions.reading import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: What lambdas know as parts of ``msg``, in the words of the current dialect.
PARTS = {"topic": "message.topic", "msg": "message.body", "msg_id": "message.id"}
#: Names that the current dialect has for itself: no loop can use them.
TAKEN = frozenset({"message", "results", "recipient"})
FIRST = "(results[0] if results else None)"


class UntranslatableError(RuleError):
    """A part of a rule has no counterpart in the current dialect."""


def path(key: str) -> str:
    """Return the expression for what a template names, as ``msg.user.name``."""
    root, _, rest = key.partition(".")
    if root not in PARTS or (rest and root != "msg"):
        raise UntranslatableError(f"messages have no {key!r} any more")
    return PARTS[root] + "".join(f"[{json.dumps(part)}]" for part in rest.split(".") if rest)


def template(text: str, style: Style, *, names: bool = False) -> str:
    """Return the expression for a template, of which ``names`` may be mappings with a name."""
    whole = style.value.fullmatch(text)
    if whole and whole["key"]:
        value = path(whole["key"])
        return _named(value, value) if names and whole["key"].endswith("s") else value
    found = Template(text, style)
    if found.whole and not found.fields:
        raise UntranslatableError(f"{text!r} may be a text or stand for {found.whole!r}")
    return " + ".join(_pieces(text, style)) or '""'


def people(text: str, style: Style) -> str:
    """Return the expression for all users, where one template may stand for a list; or nothing."""
    whole = style.value.fullmatch(text)
    if not whole or not (whole["key"] or "").endswith("s"):
        return ""
    value = path(whole["key"])
    return _named(value, f"({value} if isinstance({value}, list) else [{value}])")


def trigger(text: str) -> str:
    """Return the expression for a lambda of a trigger."""
    return _replaced(text, _Uses("msg", {}).found(read(text)))


def asked(text: str, style: Style) -> str:
    """Return the expression for a lambda of a filter."""
    marker = Marker(text, style)
    return _replaced(marker.marked, _Uses("msg", marker.places, style).found(read(marker.marked)))


def operation(text: str, style: Style) -> tuple[str, bool, bool]:
    """Return the expression for a lambda of an operation.

    And whether it surely gives a whole number, and whether it looks for keys.
    """
    marker = Marker(text, style)
    tree = read(marker.marked)
    written = _replaced(marker.marked, _Uses("query", marker.places, style).found(tree))
    return (
        written,
        _is_whole_number(tree),
        any(isinstance(node, ast.Subscript) for node in ast.walk(tree)),
    )


def judged(text: str, value: str) -> str:
    """Return a condition with an expression in the place of ``value``."""
    spans: list[tuple[ast.expr, str]] = [
        (node, f"({value})")
        for node in ast.walk(read(text))
        if isinstance(node, ast.Name) and node.id == "value"
    ]
    return _replaced(text, spans)


def _named(value: str, otherwise: str) -> str:
    """Return the expression for names that may stand in mappings."""
    return f'[who.get("name") for who in {value} if isinstance(who, dict)] or {otherwise}'


def _is_whole_number(tree: ast.expr) -> bool:
    """Whether an expression gives a whole number or a truth value for sure."""
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        return isinstance(tree, ast.Compare)
    first = tree.args[0] if tree.args else None
    if tree.func.id == "sum" and isinstance(first, ast.GeneratorExp | ast.ListComp):
        item = first.elt
        return isinstance(item, ast.Constant) and isinstance(item.value, int)
    return tree.func.id in {"len", "int", "bool"}


def _pieces(text: str, style: Style) -> Iterator[str]:
    """Yield the expressions that make the text when they are put together."""
    plain, end = "", 0
    for place in style.value.finditer(text):
        plain += text[end : place.start()]
        end = place.end()
        if place["sign"]:
            plain += "%"
        elif place["key"] is None:
            raise UntranslatableError(f"{text!r} is no template: a single % stands in it")
        else:
            if plain:
                yield json.dumps(plain, ensure_ascii=False)
            yield f"str({path(place['key'])})"
            plain = ""
    plain += text[end:]
    if plain:
        yield json.dumps(plain, ensure_ascii=False)


class _Uses:
    """Finds the parts of a tree that mean something else in the current dialect."""

    def __init__(
        self, variable: str, places: Mapping[str, str], style: Style = Style.PERCENT
    ) -> None:
        self.variable = variable
        self.places = places
        self.style = style

    def found(self, tree: ast.expr) -> list[tuple[ast.expr, str]]:
        """Return each part with what stands for it."""
        spans: list[tuple[ast.expr, str]] = []
        rest: list[ast.AST] = [tree]
        while rest:
            node = rest.pop()
            self._check(node)
            if isinstance(node, ast.expr) and (instead := self._instead(node)) is not None:
                spans.append((node, instead))
            else:
                rest.extend(ast.iter_child_nodes(node))
        return spans

    def _check(self, node: ast.AST) -> None:
        if isinstance(node, ast.comprehension):
            for name in ast.walk(node.target):
                if isinstance(name, ast.Name) and name.id in TAKEN:
                    raise UntranslatableError(
                        f"{name.id!r} has a meaning of its own: call the variable of the loop "
                        "something else"
                    )

    def _instead(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name) and node.id in self.places:
            return path(self._key(node.id))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._text(node.value)
        return self._message(node) if self.variable == "msg" else self._query(node)

    def _key(self, name: str) -> str:
        place = self.style.value.fullmatch(self.places[name])
        return str(place["key"]) if place else ""

    def _text(self, literal: str) -> str | None:
        names = [name for name in self.places if name in literal]
        if not names:
            return None
        sign = "%%" if self.style is Style.PERCENT else "%"
        text = literal.replace("%", sign)
        for name in names:
            text = text.replace(name, self.places[name])
        pieces = list(_pieces(text, self.style))
        return pieces[0] if len(pieces) == 1 else f"({' + '.join(pieces)})"

    def _message(self, node: ast.expr) -> str | None:
        part = None
        if isinstance(node, ast.Subscript) and self._is_variable(node.value):
            part = node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            get = node.func.attr == "get" and self._is_variable(node.func.value)
            part = node.args[0] if get and node.args else None
        if isinstance(part, ast.Constant) and part.value in PARTS:
            return PARTS[str(part.value)]
        if self._is_variable(node):
            raise UntranslatableError("`msg` is used for more than its topic, id and body")
        return None

    def _query(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            method = node.func.attr if self._is_variable(node.func.value) else ""
            known = {
                "all": "results",
                "count": "len(results)",
                "first": FIRST,
            }
            if method in known and not node.args:
                return known[method]
        return "results" if self._is_variable(node) else None

    def _is_variable(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == self.variable


def _replaced(text: str, spans: list[tuple[ast.expr, str]]) -> str:
    """Return a text with some of its nodes replaced; the places are those of `read`."""
    lines = f"({text}\n)".encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    whole = b"".join(lines)
    ordered = sorted(spans, key=lambda span: (span[0].lineno, span[0].col_offset), reverse=True)
    for node, instead in ordered:
        low = starts[node.lineno - 1] + node.col_offset
        high = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        whole = whole[:low] + instead.encode() + whole[high:]
    return whole.decode()[1:-2]
