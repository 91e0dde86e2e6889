# SPDX-License-Identifier: AGPL-3.0-or-later
"""The functions and methods that expressions may call give what Python's own give."""

from __future__ import annotations

from typing import Any

import pytest

from rules.errors import EvaluationError
from tests.unit.rules.builders import evaluate

BODY: dict[str, Any] = {"list": [3, 1, 2], "text": " A b c ", "map": {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("any([])", False),
        ("all([])", True),
        ("any(message.body['list'])", True),
        ("all(x for x in message.body['list'])", True),
        ("sum(message.body['list'])", 6),
        ("sum(message.body['list'], start=0.5)", 6.5),
        ("min(message.body['list'])", 1),
        ("max(3, 1, 2)", 3),
        ("max([], default=9)", 9),
        ("min(x for x in [2, 1])", 1),
        ("max({1, 2})", 2),
        ("sorted(message.body['list'])", [1, 2, 3]),
        ("sorted(message.body['list'], reverse=True)", [3, 2, 1]),
        ("sorted(message.body['map'])", ["a", "b"]),
        ("sorted(range(40))[39]", 39),
        ("list('ab')", ["a", "b"]),
        ("list()", []),
        ("tuple([1])", (1,)),
        ("set(message.body['list'])", {1, 2, 3}),
        ("dict([['a', 1]])", {"a": 1}),
        ("dict(message.body['map'])", {"a": 1, "b": 2}),
        ("dict()", {}),
        ("str(1.5) + str(None) + str([1, 'a'])", "1.5None[1, 'a']"),
        ("str(range(3)) + str(message.sent_at)", "range(0, 3)2024-02-29 12:30:00+00:00"),
        ("int('7') + int(7.9) + int()", 14),
        ("float('1.5') + float(2)", 3.5),
        ("round(2.567, 2)", 2.57),
        ("round(2.567)", 3),
        ("abs(-3)", 3),
        ("bool([0])", True),
        ("enumerate('ab', start=1)", [(1, "a"), (2, "b")]),
        ("zip([1, 2], 'ab')", [(1, "a"), (2, "b")]),
        ("reversed([1, 2])", [2, 1]),
        ("reversed(range(3))", [2, 1, 0]),
        ("list(range(1, 7, 2))", [1, 3, 5]),
        ("len(list(x for x in [1]))", 1),
        ("json.loads('[1]')", [1]),
        ("json.dumps({'b': 1, 'a': 'ä'}, sort_keys=True)", '{"a": "\\u00e4", "b": 1}'),
        ("message.body['text'].strip().lower()", "a b c"),
        ("message.body['text'].lstrip()", "A b c "),
        ("message.body['text'].rstrip(' c')", " A b"),
        ("message.body['text'].split()", ["A", "b", "c"]),
        ("'a.b.c'.rsplit('.', 1)", ["a.b", "c"]),
        ("'a\\nb'.splitlines()", ["a", "b"]),
        ("'a.b'.partition('.')", ("a", ".", "b")),
        ("'abc'.replace('b', 'x')", "axc"),
        ("'aaa'.replace('a', 'b', 2)", "bba"),
        ("', '.join(['a', 'b'])", "a, b"),
        ("'-'.join(x for x in 'ab')", "a-b"),
        ("'abc'.startswith('ab') and 'abc'.endswith(('c', 'd'))", True),
        ("message.topic.endswith(message.category)", False),
        ("'abc'.startswith(('x', message.category))", False),
        ("'abcabc'.find('c', 3)", 5),
        ("'abcabc'.count('b') + [1, 1].count(1)", 4),
        ("'abc'.index('c') + [1, 2].index(2)", 3),
        ("'ab'.removeprefix('a') + 'ab'.removesuffix('b')", "ba"),
        ("'a1'.isalnum() and '1'.isdigit()", True),
        ("message.body['map'].keys()", ["a", "b"]),
        ("message.body['map'].values()", [1, 2]),
        ("message.body['map'].items()", [("a", 1), ("b", 2)]),
        ("message.body['map'].get(message.body['map'].keys()[0])", 1),
        ("message.body['map'].get((1, 2), 'none')", "none"),
        ("{1}.union([2], (x for x in [3]))", {1, 2, 3}),
        ("{1}.issubset([1, 2])", True),
        ("re.search('b(?P<n>c)', 'abcd').groupdict()", {"n": "c"}),
        ("re.search('c', 'abcd').start()", 2),
        ("{(1, 2): 3}[(1, 2)]", 3),
        ("(1, 2) in {(1, 2): 3}", True),
        ("(1,) + (2,)", (1, 2)),
        ("[1] + (2,)", [1, 2]),
        ("5 & 4 | 2 ^ 1", 7),
    ],
)
def test_functions_and_methods(text: str, expected: object) -> None:
    found = evaluate(text, BODY)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sum(['a'])", "sum() adds numbers only"),
        ("sum([], start='a')", "sum() adds numbers only"),
        ("max()", "ValueError"),
        ("max(1)", "TypeError"),
        ("int([])", "TypeError"),
        ("list(1)", "1 cannot be gone through"),
        ("set([[]])", "unhashable"),
        ("range('a')", "TypeError"),
        ("', '.join([1])", "TypeError"),
        ("(1).join([])", "'int' has no join()"),
        ("(1).replace('a', 'b')", "'int' has no replace()"),
        ("'a'.replace(1, 'b')", "'int' has no replace()"),
        ("(1).strip()", "'int' has no strip()"),
        ("(1).count(1)", "'int' has no count()"),
        ("(1).keys()", "'int' has no keys()"),
        ("'a'.get(message.topic)", "'str' has no get()"),
        ("'a'.weekday()", "'str' has no weekday()"),
        ("'a'.total_seconds()", "'str' has no total_seconds()"),
        ("'a'.group()", "'str' has no group()"),
        ("[1].union([2])", "'list' has no union()"),
    ],
)
def test_wrong_arguments_are_errors(text: str, reason: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate(text, BODY)
    assert reason in str(caught.value)
