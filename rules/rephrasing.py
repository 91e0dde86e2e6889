# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turns the criteria of an older rule into `previous` and `condition` of the current dialect."""

from __future__ import annotations

import operator
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import (
    LiteralScalarString,
    PlainScalarString,
    ScalarString,
    SingleQuotedScalarString,
)

from rules import translating
from rules.dialects.asking import ROWS
from rules.dialects.templates import Template
from rules.dialects.triggers import condition
from rules.errors import EvaluationError
from rules.matchers import COMPARISONS
from rules.queries import LIST_KEYS
from rules.translating import UntranslatableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.dialects.findings import Findings
    from rules.dialects.templates import Style
    from rules.documents import Node

HINT = "write this part by hand"
SIGNS: dict[Any, tuple[str, str]] = {
    operator.ge: (">=", "less than"),
    operator.gt: (">", "less than or equal to"),
    operator.le: ("<=", "greater than"),
    operator.lt: ("<", "greater than or equal to"),
    operator.eq: ("==", "is not equal to"),
    operator.ne: ("!=", "is equal to"),
}
PLAIN = re.compile(r"[A-Za-z_][\w.]*")
#: Paths that every message has.
ALWAYS = frozenset({"topic", "msg_id", "msg"})


def scalar(text: str) -> ScalarString:
    """Return an expression as YAML should write it."""
    kind: type[ScalarString] = SingleQuotedScalarString
    if PLAIN.fullmatch(text):
        kind = PlainScalarString
    elif "\n" in text:
        kind = LiteralScalarString
    written: ScalarString = kind(text)
    return written


@contextmanager
def at(node: Node, findings: Findings) -> Iterator[None]:
    """Note what has no counterpart in the block, with its place in the file."""
    try:
        yield
    except UntranslatableError as error:
        findings.add(node, str(error), HINT)


class Rephrased:
    """The criteria of a rule in the words of the current dialect."""

    def __init__(self, style: Style, findings: Findings) -> None:
        self.style = style
        self.findings = findings
        self.negated = False
        self.read: set[str] = set()  # what the message must have, "" for a lambda's

    def criteria(self, node: Node, data: Any, known: frozenset[str]) -> CommentedMap:
        """Return `previous` and `condition`; ``known`` are the paths that the recipient reads."""
        node, data = self._only_question(node, data)
        written = CommentedMap()
        if node.value is None:
            return written
        parts: dict[str, Node] = node.value
        previous = CommentedMap()
        for name in ("filter", "operation"):
            previous[name] = data[name]
            if name in data.ca.items:
                previous.ca.items[name] = data.ca.items[name]
        self._filter(parts["filter"], previous)
        folded = self._operation(parts["operation"], parts["condition"], previous)
        self._check_missing(parts["condition"], known, folded=folded)
        written["previous"] = previous
        written["condition"] = CommentedMap({"equal to": 1}) if folded else data["condition"]
        if not folded and self.negated:
            self._negate(parts["condition"], written["condition"])
        return written

    def _only_question(self, node: Node, data: Any) -> tuple[Node, Any]:
        """Return the one question behind `not` and lists of one."""
        while True:
            ((kind, value),) = node.value.items()
            data = data[kind]
            if kind == "datanommer":
                return value, data
            if kind == "not":
                self.negated = not self.negated
                node = value
            elif len(value.value) == 1:
                node, data = value.value[0], data[0]
            else:
                self.findings.add(
                    value.key or node,
                    f"criteria `{kind}` has {len(value.value)} parts: a rule has one `previous`",
                    "make a rule of each, or keep one of them",
                )
                return type(node)(None, node.line, node.column), data

    def _filter(self, node: Node, previous: CommentedMap) -> None:
        found = previous["filter"]
        for key, value in node.value.items():
            with at(value, self.findings):
                if key in LIST_KEYS or key == "usernames":
                    found[key] = self._listed(key, value, found[key])
                else:
                    found[key] = self._value(value, found[key])
        if "usernames" in found:
            place = list(found).index("usernames")
            comment = found.ca.items.pop("usernames", None)
            found.insert(place, "users", found.pop("usernames"))
            if comment:
                found.ca.items["users"] = comment

    def _listed(self, key: str, node: Node, data: Any) -> Any:
        if not isinstance(node.value, tuple):
            return self._value(node, data, names=key == "users")
        alone = key in {"users", "usernames"} and len(node.value) == 1
        for number, item in enumerate(node.value):
            with at(item, self.findings):
                data[number] = self._value(item, data[number], names=alone)
        people = translating.people(node.value[0].text, self.style) if alone else ""
        return scalar(people) if people else data

    def _value(self, node: Node, data: Any, *, names: bool = False) -> Any:
        if isinstance(node.value, dict):
            self.read.add("")
            return scalar(translating.asked(node.value["lambda"].text, self.style))
        if not isinstance(node.value, str):
            return data
        self.read.update(Template(node.text, self.style).fields)
        return scalar(translating.template(node.text, self.style, names=names))

    def _operation(self, node: Node, judged: Node, previous: CommentedMap) -> bool:
        """Write the operation; tell whether it decides alone, for it may give what is no number."""
        if node.value == "count":
            return False
        previous["filter"].setdefault("rows_per_page", ROWS)
        value, sure = "results" if node.value == "all" else translating.FIRST, False
        with at(node, self.findings):
            if isinstance(node.value, dict):
                text = node.value["lambda"].text
                value, sure, looks = translating.operation(text, self.style)
                self.read.update(Template(text, self.style).fields, {""} if sure and looks else ())
        if self.negated and not sure:
            what = "the opposite of an operation that may give anything"
            self.findings.add(node, f"{what} has no condition", "write the opposite condition")
        written = value if sure else f"bool({_verdict(judged, value)})"
        if isinstance(previous["operation"], CommentedMap):
            previous["operation"]["lambda"] = scalar(written)
        else:
            previous["operation"] = CommentedMap({"lambda": scalar(written)})
        return not sure

    def _negate(self, node: Node, data: Any) -> None:
        ((kind, value),) = node.value.items()
        comment = data.ca.items.pop(kind, None)
        old = data.pop(kind)
        kind = kind if kind == "lambda" else SIGNS[COMPARISONS[kind]][1]
        data[kind] = scalar(f"not ({value.text})") if kind == "lambda" else old
        if comment:
            data.ca.items[kind] = comment

    def _check_missing(self, node: Node, known: frozenset[str], *, folded: bool) -> None:
        """Refuse a condition that holds for 0, which is what a message without a key now makes."""
        missing = sorted(self.read - known - ALWAYS)
        if not missing or not (folded or _accepts_nothing(node)):
            return
        what = f"a message without {missing[0]!r}" if missing[0] else "a message without a key"
        self.findings.add(
            node, f"{what} fulfils no criteria of 2014, but counts 0 now", "ask for at least 1"
        )


def _accepts_nothing(node: Node) -> bool:
    """Whether a condition holds for 0, or fails for it."""
    try:
        return condition(node)(0)
    except EvaluationError:
        return True


def _verdict(judged: Node, value: str) -> str:
    """Return the condition as an expression about a value."""
    ((kind, right),) = judged.value.items()
    if kind == "lambda":
        return translating.judged(right.text, value)
    return f"({value}) {SIGNS[COMPARISONS[kind]][0]} {right.value}"
