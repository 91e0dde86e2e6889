# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rewrites a rule of an older dialect into the current one.

Only the keys that mean something else are written anew, each with its comments; every other line
stays as it is. A rule that the current dialect cannot express is not changed at all.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from rules import translating
from rules.dialects import is_older
from rules.dialects.common import KEEP
from rules.dialects.findings import Findings
from rules.dialects.older import KEEPING, style_of
from rules.dialects.templates import Template
from rules.documents import read_document
from rules.errors import DefinitionError
from rules.loader import compile_text
from rules.rephrasing import Rephrased, at, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.documents import Node

COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)
WIDTH = 1_000_000
EVERYBODY = "message.users"


@dataclass(frozen=True, slots=True)
class Migration:
    """A rule in the current dialect, or as it was with what could not be expressed."""

    text: str
    changed: bool = False
    problems: tuple[DefinitionError, ...] = ()


def migrate(text: str) -> Migration:
    """Rewrite the text of a rule file; nothing is raised."""
    compiled = compile_text(text)
    if compiled.rule is None:
        return Migration(text, problems=compiled.errors)
    document = read_document(text)
    if not is_older(document):
        return Migration(text)
    findings = Findings()
    written = text
    with findings.collecting():
        written = _Rewriting(document, findings).whole(text)
    if not findings.errors:
        findings.errors.extend(_wrong(written))
    problems = tuple(findings.errors)
    if "\r\n" in text:
        written = written.replace("\r\n", "\n").replace("\n", "\r\n")
    return Migration(text, problems=problems) if problems else Migration(written, changed=True)


def _wrong(written: str) -> Iterator[DefinitionError]:
    """Yield why the result is no rule, where the older dialect allows what the current refuses."""
    for error in compile_text(written).errors:
        yield DefinitionError(f"the current dialect refuses: {error.message}", error.hint)


class _Rewriting:
    """Rewrites the keys of one rule."""

    def __init__(self, document: Node, findings: Findings) -> None:
        self.document = document
        self.findings = findings
        self.keys: dict[str, Node] = document.value
        self.style = style_of(document)

    def whole(self, text: str) -> str:
        """Return the text with its keys rewritten; raises `DefinitionError` where it cannot be."""
        lines = text.splitlines(keepends=True)
        places = [node.key for node in self.keys.values() if node.key is not None]
        tops = [key.line - 1 for key in places]
        if any(key.column != 1 for key in places) or len(set(tops)) < len(tops):
            raise self.document.refused("the keys share a line", "begin a line with each key")
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
                line = token.start_mark.line + 1
                raise DefinitionError(
                    "anchors (&) and aliases (*) are not rewritten", "write each value", line=line
                )
        parts = ["".join(lines[: tops[0]])]
        for key, low, high in zip(places, tops, [*tops[1:], len(lines)], strict=True):
            parts.append(self._key(key.text, "".join(lines[low:high])))
        return "".join(parts)

    def _key(self, key: str, chunk: str) -> str:
        node = self.keys[key]
        if key in KEEPING and node.value and node.value != KEEP:
            return _dumped(chunk, lambda data: CommentedMap({key: KEEP}))
        change = {
            "trigger": self._trigger,
            "criteria": self._criteria,
            "recipient": self._recipient,
            "recipient_key": self._recipient,
        }.get(key)
        return _dumped(chunk, lambda data: change(node, data[key])) if change else chunk

    def _trigger(self, node: Node, data: Any) -> CommentedMap:
        self._lambdas(node, data)
        return CommentedMap({"trigger": data})

    def _lambdas(self, node: Node, data: Any) -> None:
        ((kind, value),) = node.value.items()
        if kind == "lambda":
            with at(value, self.findings):
                data[kind] = scalar(translating.trigger(value.text))
        elif kind == "not":
            self._lambdas(value, data[kind])
        elif kind in {"any", "all"}:
            for part, item in zip(value.value, data[kind], strict=True):
                self._lambdas(part, item)

    def _criteria(self, node: Node, data: Any) -> CommentedMap:
        recipient = self.keys.get("recipient") or self.keys.get("recipient_key")
        known: set[str] = set()
        for part in _texts(recipient):
            known.update(Template(part.text, self.style).fields)
        written = Rephrased(self.style, self.findings).criteria(node, data, frozenset(known))
        if recipient is None:
            written["recipient"] = EVERYBODY
        return written

    def _recipient(self, node: Node, data: Any) -> CommentedMap:
        if not node.value:
            return CommentedMap({"recipient": EVERYBODY})
        parts = []
        alone = not isinstance(node.value, tuple)
        for part in _texts(node):
            with at(part, self.findings):
                parts.append(translating.template(part.text, self.style, names=alone))
        written = ", ".join(parts)
        return CommentedMap({"recipient": scalar(written if alone else f"[{written}]")})


def _texts(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.value if isinstance(node.value, tuple) else (node,)


def _dumped(chunk: str, change: Any) -> str:
    """Return the text of one key after a change of its value, with all its comments."""
    writer = YAML()
    writer.preserve_quotes = True
    writer.width = WIDTH
    try:
        data = writer.load(chunk)
    except YAMLError as error:
        raise DefinitionError("a key cannot be rewritten", "write each key on its own") from error
    ((key, comment),) = data.ca.items.items() if data.ca.items else ((None, None),)
    written = change(data)
    if key is not None:
        written.ca.items[next(iter(written))] = comment
    stream = io.StringIO()
    writer.dump(written, stream)
    result = stream.getvalue()
    lost = Counter(_comments(chunk)) - Counter(_comments(result))
    return "".join(f"{line}\n" for line in lost.elements()) + result


def _comments(text: str) -> list[str]:
    scalars = [
        (token.start_mark.index, token.end_mark.index)
        for token in yaml.scan(text, Loader=yaml.SafeLoader)
        if isinstance(token, yaml.ScalarToken)
    ]
    return [
        found[0].rstrip()
        for found in COMMENT.finditer(text)
        if not any(low <= found.start() < high for low, high in scalars)
    ]
