# SPDX-License-Identifier: AGPL-3.0-or-later
"""The templates of the older dialects: ``%(msg.user)s`` since 2013, ``{msg.user}`` before.

What a template names becomes a value for each message. It is never pasted into an expression: in
one a template stands for a variable that holds the value.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from rules.errors import (
    EvaluationError,
    ExpressionError,
    MissingValueError,
    WorkLimitError,
    shown,
)
from rules.expressions import Expression, Scope, compile_tree
from rules.expressions.reading import read
from rules.recipients import Folded
from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rules.model import Message

#: What stands for the system account of the sender, which messages no longer tell.
SENDER = "bus"
ENVELOPE = ("topic", "msg", "msg_id", "timestamp", "username", "i")
VALUES = "@values"
ABSENT = object()
#: Characters that the templates of a text may be filled in with, and templates in one expression.
MAX_FILLED = 100_000
MAX_TEMPLATES = 20


def names_in(value: Any) -> Any:
    """Return the names of a list of mappings, as pagure has them; other names in it are lost."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [item.get("name") for item in value if isinstance(item, dict)]
    return value


class Style(Enum):
    """How a file writes its templates."""

    PERCENT = re.compile(r"%(?:\((?P<key>[^()]*)\)(?P<kind>[srd])|(?P<sign>%)|(?P<wrong>))")
    BRACES = re.compile(
        r"\{(?P<key>(?:topic|msg|msg_id|timestamp|username|i)(?:\.[^{}\s]+)?)\}"
        r"(?P<kind>)(?P<sign>(?!))?(?P<wrong>(?!))?"
    )


def envelope(message: Message) -> dict[str, Any]:
    """Return a message as it was on the bus of 2014: what lambdas know as ``msg``."""
    return {
        "topic": message.topic,
        "msg": message.body,
        "msg_id": message.id,
        "timestamp": message.sent_at.timestamp(),
        "username": message.headers.get("username") or SENDER,
        "i": 1,
    }


def find(values: Mapping[str, Any], path: str) -> Any:
    """Return what a dotted path leads to, or ``ABSENT``; keys may hold dots, the last one wins."""
    found: Any = ABSENT
    for key, value in values.items():
        if key == path:
            found = value
        elif isinstance(value, dict) and path.startswith(f"{key}."):
            inner = find(value, path[len(key) + 1 :])
            found = found if inner is ABSENT else inner
    return found


@dataclass(frozen=True, slots=True)
class Template:
    """A text of a rule with places for what a message holds."""

    text: str
    style: Style

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the paths that it names."""
        return tuple(
            place["key"]
            for place in self.style.value.finditer(self.text)
            if place["key"] is not None
        )

    @property
    def whole(self) -> str:
        """Return the path that stands for all of the text if the message has it, or nothing."""
        path = self.text[2:-2]
        whole = self.style is Style.PERCENT and path.partition(".")[0] in ENVELOPE
        return path if whole else ""

    @property
    def is_constant(self) -> bool:
        """Whether it gives the same for every message."""
        return not self.whole and not self.style.value.search(self.text)

    def value(self, values: Mapping[str, Any], *, names: bool = False) -> Any:
        """Return what the text stands for: the value itself where it is one place and no more.

        Of ``names`` the case is folded. Raises `MissingValueError` for a place that the message
        does not have, and `EvaluationError` for a text that is no template or grows too long.
        """
        if (whole := self._whole(values)) is not ABSENT:
            return Folded(whole) if names and isinstance(whole, str) else whole
        return self.filled(values, names=names)

    def filled(self, values: Mapping[str, Any], *, names: bool = False) -> str:
        """Return the text with the places filled in; raises like `value`."""
        length = 0

        def fill(place: re.Match[str]) -> str:
            nonlocal length
            if place["sign"]:
                return "%"
            if place["wrong"] is not None:
                raise EvaluationError(f"not a template: {shown(self.text)}: write %(name)s or %%")
            value = self._field(values, place["key"])
            text = repr(value) if place["kind"] == "r" else str(value)
            length += len(text)
            if length > MAX_FILLED:
                raise WorkLimitError(f"{shown(self.text)} becomes too long")
            return text.lower() if names and isinstance(value, str) else text

        return str(self.style.value.sub(fill, self.text))

    def _whole(self, values: Mapping[str, Any]) -> Any:
        if self.style is Style.PERCENT:
            # Whatever the two characters at each end are: fedbadges does not look at them.
            return find(values, self.text[2:-2])
        place = self.style.value.fullmatch(self.text)
        return self._field(values, place["key"]) if place else ABSENT

    def _field(self, values: Mapping[str, Any], key: str) -> Any:
        value = find(values, key)
        if value is ABSENT:
            raise MissingValueError(f"no key {key!r:.200} in {shown(self.text)}")
        return value


@dataclass(frozen=True, slots=True)
class Templated:
    """An expression with templates in it, which take their values from each message."""

    expression: Expression
    slots: tuple[Callable[[Mapping[str, Any]], Any], ...]

    def __call__(self, subject: object, values: Mapping[str, Any], *, allowance: int = 0) -> Any:
        """Return what the expression gives for its first variable; raises as both parts do."""
        filled = tuple(slot(values) for slot in self.slots)
        return self.expression(subject, filled, allowance=allowance)


def compile_templated(text: str, scope: Scope, style: Style) -> Templated:
    """Compile an expression with templates; raise `ExpressionError` with what is wrong."""
    marker = Marker(text, style)
    tree = read(marker.marked)
    filled = _Filler(marker).visit(tree)
    expression = compile_tree(text, ast.fix_missing_locations(filled), scope)
    return Templated(expression, tuple(marker.slots))


class Marker:
    """Puts a name of our own in the place of each template of an expression."""

    def __init__(self, text: str, style: Style) -> None:
        self.style = style
        self.slots: list[Callable[[Mapping[str, Any]], Any]] = []
        self.places: dict[str, str] = {}
        number = 0
        while f"template{number}_" in text:
            number += 1
        self.prefix = f"template{number}_"
        self.marked = style.value.sub(self._mark, text)
        self.pattern = re.compile(rf"{self.prefix}\d+_")

    def _mark(self, place: re.Match[str]) -> str:
        if place["sign"]:
            return "%"
        if place["wrong"] is not None:
            raise ExpressionError(
                Text("a single % belongs to no template"), Text("write %% for the sign")
            )
        name = f"{self.prefix}{len(self.places)}_"
        self.places[name] = place[0]
        if len(self.places) > MAX_TEMPLATES:
            raise ExpressionError(
                Text("too many templates"),
                Text("use at most %(limit)s", limit=MAX_TEMPLATES),
            )
        return name

    def slot(self, function: Callable[[Mapping[str, Any]], Any]) -> ast.expr:
        """Return the node for what a function makes of each message."""
        self.slots.append(function)
        index = ast.Constant(len(self.slots) - 1)
        return ast.Subscript(ast.Name(VALUES, ast.Load()), index, ast.Load())

    def value(self, name: str) -> ast.expr:
        """Return the node for a template that stands alone: the value itself."""
        template = Template(self.places[name], self.style)
        return self.slot(lambda values: _only(template, values))

    def text(self, literal: str) -> ast.expr:
        """Return the node for templates within quotes: a text."""
        # What the expression itself has of the sign is no template any more.
        sign = "%%" if self.style is Style.PERCENT else "%"
        restored = self.pattern.sub(lambda found: self.places[found[0]], literal.replace("%", sign))
        return self.slot(Template(restored, self.style).filled)


def _only(template: Template, values: Mapping[str, Any]) -> Any:
    (key,) = template.fields
    value = find(values, key)
    if value is ABSENT:
        raise MissingValueError(f"no key {key!r:.200} in {shown(template.text)}")
    return value


class _Filler(ast.NodeTransformer):
    """Replaces our names in a tree by the values that they stand for."""

    def __init__(self, marker: Marker) -> None:
        self.marker = marker

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.marker.places:
            return node
        if not isinstance(node.ctx, ast.Load):
            raise ExpressionError(
                Text("a template cannot name the variable of a loop"), Text("write a name")
            )
        return ast.copy_location(self.marker.value(node.id), node)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, str) and self.marker.pattern.search(node.value):
            return ast.copy_location(self.marker.text(node.value), node)
        return node
