# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import ast

import pytest

from rules.errors import ExpressionError
from rules.expressions.reading import place, read


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "\nTrue",
        "message.body[\n  'x'\n]",
        "1 +\n2",
        "1\n+ 2",
        "1 # with a comment",
        "  1  ",
        "x is 1",
        "'\\d'",
        "'(' ",
        '"""a\nb"""',
        "[" * 30 + "]" * 30,
    ],
)
def test_expressions_are_read_with_newlines_anywhere(text: str) -> None:
    assert isinstance(read(text), ast.expr)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the expression is empty"),
        (" \n ", "the expression is empty"),
        ("# nothing", "the expression is empty"),
        ("\\", "the expression is empty"),
        ("\0", "NUL"),
        ("(", "not an expression"),
        (")", "a bracket is closed that was not opened"),
        ("1) + (2", "a bracket is closed that was not opened"),
        ("1)\n   x\n  y", "not an expression"),
        ("1)\n(2", "a bracket is closed that was not opened"),
        ("'abc", "not an expression"),
        ('"""abc', "not an expression"),
        ("a = 1", "not an expression"),
        ("import os", "not an expression"),
        ("1; 2", "not an expression"),
        ("return 1", "not an expression"),
        ("x\ny", "not an expression"),
        ("0777", "not an expression"),
        ("\ud800", "cannot be read"),
        ("(" * 200 + "1" + ")" * 200, "nested too deeply"),
        ("(" * 1_900 + "1" + ")" * 1_900, "nested too deeply"),
        ("(" * 5_000 + "1" + ")" * 5_000, "10001 characters"),
        ("(" * 1_900, "nested too deeply"),
        ("not " * 900 + "1", "nested too deeply"),
        ("-" * 900 + "1", "nested too deeply"),
        ("-" * 3_000 + "1", "too many words"),
        ("a" + ".a" * 400, "nested too deeply"),
        ("1" + "+1" * 400, "nested too deeply"),
        ("1 if 1 else " * 150 + "1", "nested too deeply"),
        ("1 " * 1_500, "too many words"),
        ("x" * 4_001, "4001 characters"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_expression_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        read(text)
    assert reason in str(caught.value)
    assert 1 <= caught.value.line <= text.count("\n") + 1
    assert caught.value.column >= 1


def test_a_text_where_an_expression_is_meant_is_explained() -> None:
    with pytest.raises(ExpressionError, match="""'"import os"'"""):
        read("import os")


@pytest.mark.parametrize(
    ("text", "expected"), [("x", (1, 1)), ("1 + x", (1, 5)), ("1 +\n x", (2, 2))]
)
def test_nodes_know_their_place(text: str, expected: tuple[int, int]) -> None:
    (name,) = (node for node in ast.walk(read(text)) if isinstance(node, ast.Name))
    assert place(name) == expected
