# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from rules.documents import MAX_VALUES, Node, read_document
from rules.errors import DefinitionError


def plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    return node.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%YAML 1.2\n---\na: 1\n", {"a": 1}),
        ("a: [1, 2.5, yes, no, null, text]", {"a": [1, 2.5, True, False, None, "text"]}),
        ("a: {b: {c: d}}", {"a": {"b": {"c": "d"}}}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: !!str 7", {"a": "7"}),
        ("a: !!int '7'", {"a": 7}),
        ("a: ! text", {"a": "text"}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: &x 1\nb: *x", {"a": 1, "b": 1}),
        ("yes: 1", {"yes": 1}),
        ("'a b': 1", {"a b": 1}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("a: !!seq [1]\nb: !!map {c: 1}", {"a": [1], "b": {"c": 1}}),
        ("text", "text"),
    ],
)
def test_documents_are_read(text: str, expected: object) -> None:
    assert plain(read_document(text)) == expected


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1", 1, 4),
        ("a: 'one'", 1, 5),
        ("\n\na:\n  one", 4, 3),
        ("a: |\n  one", 2, 4),
        ("a:\n  - b: 1", 2, 3),
    ],
)
def test_values_know_where_they_stand(text: str, line: int, column: int) -> None:
    node = read_document(text).value["a"]
    assert (node.line, node.column) == (line, column)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "the file is empty"),
        ("# only a comment\n", 1, "the file is empty"),
        ("a: 1\n---\nb: 2", 2, "a second document begins here"),
        ("a: 1\nb: 2\na: 3", 3, "the key 'a' is there twice"),
        ("a: {b: 1, b: 2}", 1, "the key 'b' is there twice"),
        ("a: !!python/object:os.system x", 1, "the tag !!python/object:os.system is not allowed"),
        ("a: !!python/object/apply:os.system [x]", 1, "is not allowed"),
        ("\na: !own {b: 1}", 2, "the tag !own is not allowed"),
        ("a: !!binary aGk=", 1, "the tag !!binary is not allowed"),
        ("a: !!set {b, c}", 1, "the tag !!set is not allowed"),
        ("a: !!int x", 1, "a value cannot be read"),
        ("a: *b", 1, "the alias *b names nothing above it"),
        ("a: &x [*x]", 1, "the alias *x names nothing above it"),
        ("[a, b]: 1", 1, "a key must be a text"),
        ("{'': 1}", 1, "a key must be a text"),
        ("a:\n\t- b", 2, "not YAML"),
        ("a: [1", 1, "not YAML"),
        ("a: \x07", 1, "not YAML"),
        ("%YAML 3.0\n---\na: 1", 1, "not YAML"),
        ("a: " + "9" * 5000, 1, "a value cannot be read"),
        ("[" * 21 + "]" * 21, 1, "values are nested too deeply"),
        ("[" * 100_000, 1, "values are nested too deeply"),
        ("a:\n" + "- x\n" * (MAX_VALUES + 1), 4999, "the file holds too many values"),
        (BOMB, 4, "the file holds too many values"),
        ("x" * (300 << 10), 1, "the file is too large"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_rule_document_is_refused(text: str, line: int, reason: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_document(text)
    assert reason in caught.value.message
    assert caught.value.hint
    assert caught.value.line == line


def test_tabs_are_named() -> None:
    with pytest.raises(DefinitionError, match="indent with spaces, not tabs"):
        read_document("a:\n\tb: 1")
