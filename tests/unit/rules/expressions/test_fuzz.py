# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever text stands where an expression is meant: it becomes one, or our error, and soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.errors import EvaluationError, ExpressionError, WorkLimitError
from rules.expressions import Scope
from rules.expressions.budget import Budget
from rules.expressions.compiled import compile_expression
from rules.expressions.patterns import safe_pattern
from tests.unit.rules.builders import message

pytestmark = pytest.mark.slow

#: Words that make most random texts syntactically interesting.
WORDS = st.sampled_from(
    [
        *("message", ".body", '["a"]', '["l"]', ".", "[", "]", "(", ")", "{", "}", ",", ":"),
        *("+", "-", "*", "/", "%", "**", "//", "==", "!=", "<", "in", "is", "not", "and", "or"),
        *("if", "else", "for", "x", "y", "_", "lambda", "len", "any", "all", "sorted", "range"),
        *("sum", "str", "int", "json", ".dumps", "re", ".search", ".match", ".get", ".join"),
        *(".split", ".lower", ".format", ".items", '"a"', "'a+'", 'r"(a+)+"', "0", "1", "100000"),
        *("-1", "True", "None", ":=", "@", "~", "&", "|", "^", "<<", 'f"{x}"', "await", "yield"),
        *("async", "__class__", ".__class__", "\n", "#", "\\", ";", "=", "`"),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(WORDS, max_size=40).map(" ".join),
    st.lists(WORDS, max_size=40).map("".join),
)
PROBE = message({"a": "aaaaaaaaaaaaaaaaaaaaaaaa", "l": list(range(2_000))})


@settings(max_examples=800, deadline=None)
@given(TEXTS)
def test_any_text_is_an_expression_or_refused_and_ends(text: str) -> None:
    began = time.process_time()
    try:
        expression = compile_expression.__wrapped__(text, Scope.TRIGGER)
    except ExpressionError as error:
        assert error.line >= 1
        assert error.column >= 1
    else:
        try:
            expression(PROBE)
        except EvaluationError as error:
            assert len(str(error)) < 500
    assert time.process_time() - began < 2


LEAVES = st.sampled_from(
    [
        *("message.body", "message.body['l']", "message.body['a']", "message.topic", "1", "-2"),
        *("'b'", "None", "x", "y", "message.usernames", "10000"),
    ]
)
SIGNS = st.sampled_from(["+", "-", "*", "%", "|", "&", "==", "<", "in", "is"])
FUNCTIONS = st.sampled_from(
    ["len", "any", "sorted", "str", "set", "list", "range", "sum", "tuple", "json.dumps"]
)
METHODS = st.sampled_from(["join", "count", "split", "strip", "index", "get"])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, SIGNS, inner),
        st.builds("[{} for x in {}]".format, inner, inner),
        st.builds("{{{} for x in {} for y in {}}}".format, inner, inner, inner),
        st.builds("{}({})".format, FUNCTIONS, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("({}).{}({})".format, inner, METHODS, inner),
        st.builds("({}, {})".format, inner, inner),
        st.builds("re.search('a.*b', {})".format, inner),
    )


GRAMMAR = st.recursive(LEAVES, grown, max_leaves=12)


@settings(max_examples=800, deadline=None)
@given(GRAMMAR)
def test_any_allowed_expression_ends_soon(text: str) -> None:
    try:
        expression = compile_expression.__wrapped__(text, Scope.TRIGGER)
    except ExpressionError:
        return
    began = time.process_time()
    try:
        expression(PROBE)
    except EvaluationError as error:
        assert str(error)
    assert time.process_time() - began < 1


PARTS = st.sampled_from(
    [*("a", "b", ".", "[ab]", "[^b]", "(a)", "(?:ab)", "(a|b)", "^", "$", "|", "(", ")", "(?:")]
)
REPEATS = st.sampled_from(["", "", "*", "+", "?", "*?", "{2}", "{1,3}", "{,9}", "{32}", "{3,}"])
PATTERNS = st.lists(st.builds("{}{}".format, PARTS, REPEATS), max_size=9).map("".join)
OPERATIONS = st.sampled_from(["search", "match", "fullmatch", "findall"])


@settings(max_examples=500, deadline=None)
@given(PATTERNS, OPERATIONS, st.sampled_from([30, 300, 3_000, 100_000]), st.sampled_from("ab"))
def test_any_allowed_pattern_ends_soon(
    pattern: str, operation: str, length: int, last: str
) -> None:
    try:
        compiled = safe_pattern(pattern)
    except ExpressionError:
        return
    began = time.process_time()
    try:
        compiled.run(Budget(), operation, "a" * length + last)
    except WorkLimitError as error:
        assert str(error)
    assert time.process_time() - began < 1
