# SPDX-License-Identifier: AGPL-3.0-or-later
"""What expressions give, and that every bomb ends soon whatever the message holds."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest

from rules.errors import EvaluationError, MissingValueError, WorkLimitError
from rules.expressions import Scope, compile_expression
from tests.unit.rules.builders import NOON, evaluate, message

BODY: dict[str, Any] = {
    "new": 1,
    "minus": -1,
    "yes": True,
    "none": None,
    "text": "Common F22 bugs",
    "list": [3, 1, 2],
    "pairs": [["a", 1], ["b", 2]],
    "users": [{"name": "bob"}, {"name": "carol"}, {}],
    "deep": {"user": {"name": "bob"}},
    "when": 1709210400,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('message.body["new"] == 1', True),
        ('message.body["new"] is 1', True),
        ('message.body["minus"] is -1', True),
        ('message.body["yes"] is 1', False),
        ('message.body["yes"] is True', True),
        ('message.body["text"] is "Common F22 bugs"', True),
        ('message.body["new"] is not 2', True),
        ('message.body["none"] is None', True),
        ('message.body.get("x") is not None', False),
        ('message.body.get("x", {}).get("y", 7)', 7),
        ('message.body["deep"]["user"]["name"].upper()', "BOB"),
        ('[u["name"] for u in message.body["users"] if u.get("name")]', ["bob", "carol"]),
        ('{u["name"]: 1 for u in message.body["users"] if "name" in u}', {"bob": 1, "carol": 1}),
        ('{x % 2 for x in message.body["list"]}', {0, 1}),
        ('[a + str(b) for a, b in message.body["pairs"]]', ["a1", "b2"]),
        ("[a for a, (b, c) in [(1, (2, 3))]]", [1]),
        ('(x for x in message.body["list"])', [3, 1, 2]),
        ('any(x > 2 for x in message.body["list"])', True),
        ('all(x > 2 for x in message.body["list"])', False),
        ('"Telemetry" in json.dumps(message.body)', False),
        ('bool(re.match(r"Common F\\d+ bugs", message.body.get("text", "")))', True),
        ('re.search("f(2.)", message.body["text"], re.I | re.M).group(1)', "22"),
        ('re.fullmatch("[A-Z]\\d+", "F22", flags=re.A).groups()', ()),
        ('re.findall("[a-z]+s", message.body["text"])', ["bugs"]),
        ('bool(re.search("x", "X", re.IGNORECASE))', True),
        ('message.topic.split(".")[3]', "test"),
        ("message.topic[4:10]", "fedora"),
        ("message.topic[-5:]", "thing"),
        ("message.category", "test"),
        ("message.usernames", ["alice"]),
        ('message.usernames + ["bob"]', ["alice", "bob"]),
        ("message.packages == []", True),
        ("message.id", "m-1"),
        ("message.headers", {}),
        ("message.sent_at.hour", 12),
        ("message.sent_at.weekday()", 3),
        ("message.sent_at.isoformat()", NOON.isoformat()),
        ("(message.sent_at - message.sent_at).total_seconds()", 0.0),
        ('(int(message.body["when"]) // 86400 + 4) % 7', 4),
        ("1 if message.agent_name else 2", 1),
        ("not message.body", False),
        ("-1 < 0 <= 1 != 2", True),
        ('message.agent_name in ("alice", "bob")', True),
        ('message.agent_name not in ["alice"]', False),
        ('message.agent_name in {"alice"}', True),
        ("message.agent_name not in message.topic", True),
        ("message.agent_name == message.usernames[0]", True),
        ('message.body["list"] == message.body["list"]', True),
        ('message.body["list"] != message.body["pairs"]', True),
        ('message.body["list"] in [message.body["list"]]', True),
        ('message.body["list"][message.body["new"]]', 1),
        ('message.body["list"] < [4]', True),
        ("isinstance(message.topic, (str, int)) and not isinstance(1, str)", True),
        ("bool(re and json)", True),
        ("\nTrue", True),
        ("7 / 2 - 1", 2.5),
        ("{1, 2} - {2} | {5} & {5} ^ {6}", {1, 5, 6}),
        ('[x for x in message.body["list"]\n   if x > 1]', [3, 2]),
        ("[_ for _ in range(3)]", [0, 1, 2]),
        ("len(message.usernames) > 0", True),
        ("[[x, y] for x in [1] for y in [x + 1]]", [[1, 2]]),
    ],
)
def test_expressions_give_what_python_gives(text: str, expected: object) -> None:
    found = evaluate(text, BODY)
    assert found == expected
    assert type(found) is type(expected)


def test_expressions_change_nothing() -> None:
    body = copy.deepcopy(BODY)
    evaluate("[sorted(message.body['list']), message.body.items(), dict(message.body)]", body)
    assert body == BODY


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('message.body["none"]["x"]', "TypeError: 'NoneType' object is not subscriptable"),
        ('message.body["list"][9]', "IndexError"),
        ("1 / 0", "ZeroDivisionError"),
        ("int('x')", "ValueError"),
        ('message.body["none"].lower()', "AttributeError: 'NoneType' has no lower()"),
        ('message.body["none"].get("x")', "AttributeError"),
        ('json.loads("{")', "JSONDecodeError"),
        ("json.loads(1)", "TypeError: json.loads() needs a text"),
        ("json.dumps(message)", "TypeError: a Message has no text"),
        ("str([message])", "TypeError: a Message has no text"),
        ("re.search('x', 1)", "TypeError: re.search() needs a text"),
        ("[x for x in 1]", "TypeError: 1 cannot be gone through"),
        ('message.body["list"] * 2', "TypeError: only numbers can be multiplied"),
        ("message.topic % 2", "TypeError: % works with numbers only"),
        ("message.topic + 1", "TypeError: 'org.fedoraproject.prod.test.thing' + 1 does not work"),
        ("message.topic - 1", "does not work"),
        ("message.topic | 1", "TypeError: | works with sets and whole numbers only"),
        ("{message.body}", "TypeError: unhashable"),
        ("int(1e999)", "OverflowError"),
    ],
)
def test_failures_are_errors_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate(text, BODY)
    assert reason in str(caught.value)
    assert str(caught.value).endswith(f"in {text}")


def test_a_missing_key_is_an_error_of_its_own() -> None:
    with pytest.raises(MissingValueError, match="no key 'x'"):
        evaluate('message.body["x"]')
    with pytest.raises(MissingValueError):
        evaluate('(m["x"] for m in [message.body])')


def test_long_texts_stay_out_of_errors() -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate("int(message.body['t']) or " + " or ".join(["0"] * 300), {"t": "x" * 100_000})
    assert len(str(caught.value)) < 500


SHARED = (
    "[x for i in range(1000)] for x in [[y for j in range(1000)] "
    "for y in [[z for k in range(1000)] for z in [[0]]]]"
)
HOSTILE: dict[str, Any] = {
    "big": "a" * 900_000,
    "as": "a" * 30,
    "list": list(range(3_000)),
    "number": 10**300,
    "deep": [[[[[[[[["x"]]]]]]]]],
}
BOMBS = {
    "nested-loops": "[i for i in range(100000) for j in range(100000)]",
    "loops-in-loops": "[[[i for i in range(1000)] for j in range(1000)] for k in range(1000)]",
    "loops-over-results": "[1 for a in message.body['list'] for b in message.body['list']]",
    "long-body-of-loop": "[" + " or ".join(["i == 0"] * 80) + " for i in range(100000)]",
    "generator-in-loop": "[1 for i in range(1000) for x in (y for y in range(1000))]",
    "doubling-text": "[c for a in [message.body['big']] for b in [a+a] for c in [b+b]]",
    "doubling-list": "[f for a in [message.body['list']] for b in [a+a+a+a+a+a+a+a] "
    "for c in [b+b+b+b+b+b+b+b] for d in [c+c] for f in [d+d]]",
    "growing-number": "[d for a in [message.body['number']] for b in [a*a] for c in [b*b] "
    "for d in [c*c]]",
    "join": "' '.join([message.body['big'] for i in range(1000)])",
    "join-of-letters": "message.body['as'].join(message.body['big'])",
    "replace": "message.body['big'].replace('a', message.body['as'])",
    "replace-nothing": "message.body['big'].replace('', message.body['as'])",
    "lower-in-loop": "[1 for i in range(9999) if message.body['big'].lower()]",
    "in-text-in-loop": "[1 for i in range(9999) if 'b' in message.body['big']]",
    "in-list-in-loop": "[1 for i in message.body['list'] if -1 in message.body['list']]",
    "equal-in-loop": "[1 for i in range(9999) if message.body['list'] == message.body['list']]",
    "less-in-loop": "[1 for i in range(9999) if message.body['big'] < message.body['big']]",
    "slice-in-loop": "[message.body['big'][1:] for i in range(9999)]",
    "slice-of-list-in-loop": "[message.body['list'][1:] for i in range(9999)]",
    "sorted-in-loop": "[sorted(message.body['list']) for i in range(9999)]",
    "count-in-loop": "[message.body['big'].count('aa') for i in range(9999)]",
    "index-in-loop": "[message.body['list'].index(2999) for i in range(9999)]",
    "split-in-loop": "[message.body['big'].split('a') for i in range(9)]",
    "strip-set": "message.body['big'].strip(message.body['big'])",
    "items-in-loop": "[message.body.items() for i in range(99999)]",
    "dumps-in-loop": "[json.dumps(message.body) for i in range(9999)]",
    "loads-in-loop": "[json.loads(json.dumps(message.body['list'])) for i in range(9999)]",
    "search-in-loop": "[re.search('b', message.body['big']) for i in range(9999)]",
    "slow-pattern": "re.search('a.*b', message.body['big'])",
    "slower-pattern": "re.search('a.*a.*b', message.body['big'][:5000])",
    "shared-dumps": f"json.dumps([{SHARED}])",
    "shared-text": f"str([{SHARED}])",
    "shared-equal": f"[{SHARED}] == [{SHARED}]",
    "shared-in": f"[{SHARED}] in [[{SHARED}]]",
    "shared-max": f"max([{SHARED}], [{SHARED}])",
    "shared-hash": "{t for a in [tuple([0 for i in range(1000)])] "
    "for b in [tuple([a for i in range(1000)])] "
    "for t in [tuple([b for i in range(1000)])]}",
    "shared-key": "[{}.get(t) for a in [tuple([0 for i in range(1000)])] "
    "for b in [tuple([a for i in range(1000)])] for t in [tuple([b for i in range(1000)])]]",
    "long-range": "range(message.body['number'])",
    "long-range-loop": "[i for i in range(message.body['list'][2999] * 1000)]",
    "round": "round(5, -100000000)",
    "sum-of-lists": "sum([message.body['list'] for i in range(9999)])",
    "zip": "[zip(message.body['list'], message.body['list']) for i in range(9999)]",
    "set-in-loop": "[set(message.body['list']) for i in range(9999)]",
    "union-in-loop": "[{1}.union(message.body['list']) for i in range(9999)]",
    "set-operators-in-loop": "[s | s for s in [set(message.body['list'])] for i in range(9999)]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_soon_and_are_reported(name: str) -> None:
    bomb = compile_expression(BOMBS[name], Scope.TRIGGER)
    probe = message(HOSTILE)
    began = time.process_time()
    with pytest.raises(EvaluationError):
        bomb(probe)
    assert time.process_time() - began < 1


def test_work_is_limited_by_size_not_by_time() -> None:
    with pytest.raises(WorkLimitError, match="too much work"):
        evaluate("[i for i in range(100000) for j in range(100000)]")


def test_json_that_is_nested_without_end_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="RecursionError"):
        evaluate("json.loads(message.body['t'])", {"t": "[" * 100_000})


def test_an_allowance_lets_an_expression_work_more() -> None:
    long = compile_expression("len([r for r in results if r])", Scope.OPERATION)
    rows = list(range(300_000))
    with pytest.raises(WorkLimitError):
        long(message(), rows)
    assert long(message(), rows, allowance=2_000_000) == 299_999


def test_one_expression_leaves_the_next_its_whole_budget() -> None:
    half = compile_expression("len([i for i in range(90000)])", Scope.TRIGGER)
    assert [half(message()) for _ in range(5)] == [90_000] * 5


def test_equal_expressions_are_compiled_once() -> None:
    first = compile_expression("message.topic", Scope.TRIGGER)
    assert compile_expression("message.topic", Scope.TRIGGER) is first


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("message.topic", "text"),
        ("'x'", "text"),
        ("message.topic.lower()", "text"),
        ("str(1)", "text"),
        ("'a' + message.body['x']", "text"),
        ("7", "number"),
        ("-7", "number"),
        ("not message", "number"),
        ("1 == 1", "number"),
        ("len([])", "number"),
        ("message.body['x']", ""),
        ("message.sent_at", ""),
        ("1 + 1", ""),
        ("message.topic.split('.')", ""),
        ("(1 if 1 else 2)", ""),
        ("message.body['x'].topic", ""),
        ("list([])", ""),
    ],
)
def test_the_kind_is_told_where_it_is_sure(text: str, kind: str) -> None:
    assert compile_expression(text, Scope.TRIGGER).kind == kind
