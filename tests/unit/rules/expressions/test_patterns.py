# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest

from rules.errors import ExpressionError, WorkLimitError
from rules.expressions.budget import Budget
from rules.expressions.patterns import Cost, safe_pattern


@pytest.mark.parametrize(
    ("pattern", "cost"),
    [
        ("", Cost()),
        ("abc", Cost()),
        (r"Common F\d+ bugs", Cost(1, 1)),
        (r"ticket #\d+", Cost(1, 1, open_end=True)),
        (r"ticket #(\d+)", Cost(1, 1, open_end=True)),
        (r"ticket #(\d+)$", Cost(1, 1)),
        ("a.*b.*c", Cost(1, 2)),
        ("a?b?c??", Cost(8)),
        (r"(\d{1,3}\.){3}", Cost(27)),
        ("a{3}", Cost()),
        ("a{,2}", Cost(3)),
        ("a{2,}", Cost(1, 1, open_end=True)),
        ("a{,}", Cost(1, 1, open_end=True)),
        ("a{0,100}", Cost(1, 1, open_end=True)),
        ("a{100,}b", Cost(1, 1)),
        ("a{100,}", Cost(1, 1)),
        ("a{}", Cost()),
        ("a{x}", Cost()),
        ("(?:ab)+c", Cost(1, 1)),
        ("(a|b|cd)", Cost(3)),
        ("a|b*", Cost(2, 1)),
        (r"(x\d+)?", Cost(2, 1, open_end=True)),
        ("(?P<name>a+)b", Cost(1, 1)),
        ("[a-z]+x", Cost(1, 1)),
        ("[]a]+x", Cost(1, 1)),
        ("[^]a]+x", Cost(1, 1)),
        (r"[\]+*]x", Cost()),
        (r"\(\*\+\[", Cost()),
        ("a*+b", Cost(1, 1)),
        ("^a$", Cost()),
    ],
)
def test_the_cost_of_a_pattern_is_known(pattern: str, cost: Cost) -> None:
    assert replace(safe_pattern(pattern).cost, width=1) == cost


@pytest.mark.parametrize(
    ("pattern", "width", "factor"),
    [
        ("abc", 3, 1),
        ("a{20}b", 21, 1),
        ("(a{20}b){10}", 210, 6),
        ("(?:(?:a{32}){32}){32}", 32_768, 1_024),
        ("(?:a{10}){5,}", 50, 1),
        ("a{10}|b{30}", 40, 2),
    ],
)
def test_long_tries_cost_more_than_short_ones(pattern: str, width: int, factor: int) -> None:
    cost = safe_pattern(pattern).cost
    assert cost.width == width
    assert cost.factor == factor


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a*)*",
        "(a+){2}",
        "(a+){2,}",
        "(a|a)*$",
        "(a|ab)+",
        "(a?){40}",
        "(a?)+",
        "(a?){10}(b?){10}",
        "a?" * 13,
        "((a|b)(c|d)){7}",
        "(?:(?:(?:a{32}){32}){32}){32}",
        r"(a)\1",
        r"(?P<n>a)(?P=n)",
        "(?=a)a",
        "(?!a)b",
        "(?<=a)b",
        "(?i)a",
        "(?i:a)",
        "(?>a)",
        "(?#x)a",
        "(a)?(?(1)b|c)",
        "(" * 12 + "a" + ")" * 12,
        "(" * 100 + "a" + ")" * 100,
        "a" * 301,
        "(",
        "a**",
        "[",
        "a{2,1}",
        "a{99999999999}",
    ],
)
def test_patterns_without_a_bound_are_refused(pattern: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        safe_pattern(pattern)
    assert caught.value.hint


def test_the_classic_attack_is_refused_at_once() -> None:
    began = time.process_time()
    with pytest.raises(ExpressionError, match="it repeats a repetition"):
        safe_pattern("(a+)+$")
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize(
    ("pattern", "operation", "length", "allowed"),
    [
        ("a.*b", "search", 4_000, True),
        ("a.*b", "search", 5_000, False),
        ("^a.*b", "search", 900_000, True),
        (r"\Aa.*b", "findall", 900_000, True),
        ("^a.*b|c", "search", 5_000, False),
        ("a.*b", "match", 900_000, True),
        ("a.*b.*c", "match", 4_000, True),
        ("a.*b.*c", "match", 5_000, False),
        ("a.*", "search", 900_000, True),
        ("a.*", "fullmatch", 900_000, True),
        ("b", "search", 900_000, True),
        ("b", "search", 1_000_001, False),
        ("(?:(?:a{32}){32}){32}", "search", 30_000, False),
    ],
)
def test_searches_are_charged_at_the_worst_case(
    pattern: str, operation: str, length: int, allowed: bool
) -> None:
    compiled = safe_pattern(pattern)
    began = time.process_time()
    if allowed:
        compiled.run(Budget(), operation, "a" * length)
    else:
        with pytest.raises(WorkLimitError):
            compiled.run(Budget(), operation, "a" * length)
    assert time.process_time() - began < 1


def test_an_anchor_holds_at_every_line_where_the_flag_says_so() -> None:
    assert safe_pattern("^a.*b").anchored
    assert not safe_pattern("^a.*b", re.MULTILINE).anchored
