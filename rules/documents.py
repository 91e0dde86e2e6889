# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads rule files: YAML with the place of every value, and with limits from the first byte on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from rules.errors import DefinitionError
from rules.words import Text

MAX_BYTES = 256 << 10
MAX_DEPTH = 20
#: Values in a file, each counted as often as aliases repeat it.
MAX_VALUES = 5_000

PLAIN = "tag:yaml.org,2002:"
#: Dates stay texts: no key of a rule is a date, and expressions have none.
KINDS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "value", "merge"})


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a file and where it stands: a scalar, a tuple of nodes or a mapping of nodes."""

    value: Any
    line: int
    column: int
    text: str = ""  # a scalar as it is written
    key: Node | None = None  # the key under which a mapping holds it

    def refused(self, message: str, hint: str) -> DefinitionError:
        """Return the error for this value."""
        return DefinitionError(message, hint, line=self.line, column=self.column)


def read_document(text: str) -> Node:
    """Return the one document of a YAML text; raises `DefinitionError` with line and column."""
    if len(text) > MAX_BYTES:
        raise DefinitionError(
            Text("the file is too large"),
            Text("a rule has at most %(limit)s bytes", limit=MAX_BYTES),
        )
    try:
        reader = _Reader(text)
    except yaml.YAMLError as error:
        raise _yaml_error(error) from error
    try:
        return reader.document()
    except yaml.YAMLError as error:
        raise _yaml_error(error) from error
    except (ValueError, OverflowError) as error:
        raise DefinitionError(
            Text("a value cannot be read: %(error)s", error=str(error)), Text("correct it")
        ) from error
    finally:
        reader.loader.dispose()


class _Reader:
    """Builds nodes from the events of the YAML parser, which keeps no stack of calls itself."""

    def __init__(self, text: str) -> None:
        self.loader: Any = yaml.SafeLoader(text)
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.count = 0

    def document(self) -> Node:
        loader = self.loader
        loader.get_event()  # the stream
        if not loader.check_event(yaml.DocumentStartEvent):
            raise DefinitionError(Text("the file is empty"), Text("write a rule"))
        loader.get_event()
        node = self.node(1)
        loader.get_event()
        if not loader.check_event(yaml.StreamEndEvent):
            mark = loader.peek_event().start_mark
            raise DefinitionError(
                Text("a second document begins here"),
                Text("put each rule into its own file"),
                line=mark.line + 1,
            )
        return node

    def node(self, depth: int) -> Node:
        event = self.loader.get_event()
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if depth > MAX_DEPTH:
            raise DefinitionError(
                Text("values are nested too deeply"),
                Text("use at most %(limit)s levels", limit=MAX_DEPTH),
                line=line,
                column=column,
            )
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, line, column)
        before = self.count
        self.charge(1, line)
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event, line, column)
        elif isinstance(event, yaml.SequenceStartEvent):
            self.check_tag(event, "seq", line, column)
            items = []
            while not self.loader.check_event(yaml.SequenceEndEvent):
                items.append(self.node(depth + 1))
            self.loader.get_event()
            node = Node(tuple(items), line, column)
        else:
            self.check_tag(event, "map", line, column)
            node = Node(self.mapping(depth), line, column)
            self.loader.get_event()
        if event.anchor:
            self.anchors[event.anchor] = node, self.count - before
        return node

    def mapping(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not self.loader.check_event(yaml.MappingEndEvent):
            key = self.node(depth + 1)
            if isinstance(key.value, dict | tuple) or not key.text:
                raise key.refused(Text("a key must be a text"), Text("write `key: value`"))
            if key.text in found:
                raise key.refused(
                    Text("the key %(key)r is there twice", key=key.text), Text("keep one of them")
                )
            value = self.node(depth + 1)
            found[key.text] = Node(value.value, value.line, value.column, value.text, key)
        return found

    def alias(self, event: Any, line: int, column: int) -> Node:
        if event.anchor not in self.anchors:
            raise DefinitionError(
                Text("the alias *%(anchor)s names nothing above it", anchor=event.anchor),
                Text("write the value"),
                line=line,
                column=column,
            )
        node, size = self.anchors[event.anchor]
        self.charge(size, line)
        return node

    def scalar(self, event: Any, line: int, column: int) -> Node:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        else:
            self.check_tag(event, "", line, column)
        kind = str(tag).removeprefix(PLAIN)
        node = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark)
        if event.style in {"'", '"'}:
            column += 1
        elif event.style in {"|", ">"}:
            line += 1  # the text begins below its sign
        return Node(self.construct(kind, node), line, column, event.value)

    def construct(self, kind: str, node: yaml.ScalarNode) -> Any:
        if kind in {"int", "float", "bool", "null"}:
            constructor = getattr(self.loader, f"construct_yaml_{kind}")
            return constructor(node)
        return node.value

    def check_tag(self, event: Any, kind: str, line: int, column: int) -> None:
        known = {f"{PLAIN}{name}" for name in (KINDS if not kind else {kind})}
        if event.tag not in {None, "!"} and event.tag not in known:
            raise _tag_refused(event.tag, line, column)

    def charge(self, values: int, line: int) -> None:
        self.count += values
        if self.count > MAX_VALUES:
            raise DefinitionError(
                Text("the file holds too many values"),
                Text("a rule has at most %(limit)s", limit=MAX_VALUES),
                line=line,
            )


def _tag_refused(tag: str, line: int, column: int) -> DefinitionError:
    shown = tag.replace(PLAIN, "!!")
    return DefinitionError(
        Text("the tag %(shown)s is not allowed", shown=shown),
        Text("write the plain value"),
        line=line,
        column=column,
    )


def _yaml_error(error: yaml.YAMLError) -> DefinitionError:
    mark = getattr(error, "problem_mark", None)
    reason = (
        getattr(error, "problem", None) or getattr(error, "reason", None) or Text("cannot be read")
    )
    hint = (
        Text("indent with spaces, not tabs") if "\\t" in str(reason) else Text("correct the YAML")
    )
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return DefinitionError(
        Text("not YAML: %(reason)s", reason=reason), hint, line=line, column=column
    )
