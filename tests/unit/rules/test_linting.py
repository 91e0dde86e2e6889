# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from rules.linting import Known, Remark, lint
from rules.loader import parse
from tests.unit.rules.builders import rule, rule_text

TOPICS = ("org.fp.prod.test.thing", "org.fp.prod.git.push", "short")
KNOWN = Known(TOPICS, "a list")


def kinds(remarks: list[Remark], kind: str) -> list[str]:
    return [remark.message for remark in remarks if remark.kind == kind]


@pytest.mark.parametrize(
    ("trigger", "reason"),
    [
        ({"any": []}, "the list below `any` is empty"),
        ({"all": []}, "the list below `all` is empty"),
        ({"category": {"any": []}}, "the list of categories is empty"),
        ({"lambda": "False"}, "the lambda always gives False"),
        ({"any": [{"any": []}, {"lambda": "0"}]}, "the list below `any` is empty"),
        ({"all": [{"topic": "thing"}, {"any": []}]}, "the list below `any` is empty"),
        (
            {"all": [{"topic": "git.push"}, {"topic": "thing"}]},
            "no topic ends with 'thing' and with what the others ask for",
        ),
        (
            {"all": [{"any": [{"topic": "a"}, {"topic": "b"}]}, {"all": [{"topic": "c"}]}]},
            "no topic ends with 'c' and with what the others ask for",
        ),
        ({"all": [{"category": "git"}, {"category": "wiki"}]}, "no topic has two categories"),
        (
            {"all": [{"topic": "git.push"}, {"not": {"topic": "push"}}]},
            "`not` forbids every topic that ends with 'git.push'",
        ),
        (
            {
                "all": [
                    {"category": "git"},
                    {"not": {"any": [{"category": "git"}, {"topic": "x"}]}},
                ]
            },
            "`not` forbids the category 'git'",
        ),
    ],
)
def test_a_trigger_that_never_holds_is_named(trigger: dict[str, Any], reason: str) -> None:
    (message,) = kinds(lint([rule(trigger=trigger)], KNOWN), "never")
    assert message == f"the trigger never holds: {reason}"


@pytest.mark.parametrize(
    "trigger",
    [
        {"topic": "thing"},
        {"category": "test"},
        {"lambda": "message.body"},
        {"lambda": "True"},
        {"not": {"lambda": "False"}},
        {"any": [{"any": []}, {"topic": "thing"}]},
        {"all": [{"topic": "thing"}, {"topic": "test.thing"}, {"topic": "g"}]},
        {"all": [{"topic": "thing"}, {"category": "test"}, {"lambda": "message.body"}]},
        {"all": [{"category": {"any": ["test", "b"]}}, {"category": {"any": ["c", "test"]}}]},
        {"all": [{"topic": "thing"}, {"not": {"topic": "other.thing"}}]},
        {"all": [{"topic": "thing"}, {"not": {"lambda": "message.body"}}]},
        {"all": [{"topic": "thing"}, {"any": [{"topic": "push"}, {"category": "test"}]}]},
        {
            "all": [
                {"topic": "thing"},
                {"not": {"all": [{"topic": "thing"}, {"lambda": "message.body"}]}},
            ]
        },
        {
            "all": [
                {"topic": "thing"},
                {"not": {"any": [{"all": [{"topic": "thing"}, {"lambda": "message.body"}]}]}},
            ]
        },
    ],
)
def test_a_trigger_that_may_hold_is_left_in_peace(trigger: dict[str, Any]) -> None:
    assert kinds(lint([rule(trigger=trigger)], KNOWN), "never") == []


COUNT = {"filter": {"users": ["recipient"]}, "operation": "count"}


@pytest.mark.parametrize(
    ("condition", "never"),
    [
        ({"less than": 0}, True),
        ({"is less than or equal to": -1}, True),
        ({"equal to": 1.5}, True),
        ({"is equal to": -1}, True),
        ({"less than": 1}, False),
        ({"equal to": 0}, False),
        ({"greater than": 100}, False),
        ({"is not": 5}, False),
        ({"lambda": "value > 1"}, False),
    ],
)
def test_a_condition_that_no_count_fulfils_is_named(condition: dict[str, Any], never: bool) -> None:
    for asked in (rule(previous=COUNT, condition=condition), rule(condition=condition)):
        assert bool(kinds(lint([asked], KNOWN), "never")) is never


def test_a_condition_of_the_older_dialect_is_pointed_at() -> None:
    question = {"filter": {}, "operation": "count", "condition": {"less than": 0}}
    asked = rule(criteria={"datanommer": question}, recipient="%(msg.user)s")
    (remark,) = [item for item in lint([asked], KNOWN) if item.kind == "never"]
    assert asked.text[remark.column - 1 :].startswith('condition": ')


def test_an_operation_may_give_any_number() -> None:
    previous = {"filter": {}, "operation": {"lambda": "-1"}}
    asked = rule(previous=previous, condition={"less than": 0})
    assert kinds(lint([asked], KNOWN), "never") == []


@pytest.mark.parametrize(
    ("asked", "costly"),
    [
        ({"contains": ['"x"']}, True),
        ({"start": "message.body['day']"}, True),
        ({"end": "message.sent_at"}, True),
        ({"start": '"2024-01-01"'}, False),
        ({"start": 1700000000}, False),
        ({"users": ["recipient"], "topics": ["message.topic"]}, False),
    ],
)
def test_a_costly_filter_is_named(asked: dict[str, Any], costly: bool) -> None:
    previous = {"filter": asked, "operation": "count"}
    found = kinds(lint([rule(previous=previous)], KNOWN), "costly")
    assert bool(found) is costly


@pytest.mark.parametrize(
    ("asked", "operation", "number"),
    [
        ({"users": ["%(msg.user)s"]}, "count", 0),
        ({"start": "%(msg.day)s"}, "count", 1),
        ({"start": "2014-01-01"}, "count", 0),
        ({"start": {"lambda": "msg['day']"}, "contains": ["x"]}, {"lambda": "query.count()"}, 3),
    ],
)
def test_costly_questions_of_the_older_dialect_are_named(
    asked: dict[str, Any], operation: object, number: int
) -> None:
    question = {"filter": asked, "operation": operation, "condition": {"equal to": 1}}
    criteria = {"all": [{"not": {"datanommer": question}}, {"any": []}]}
    found = kinds(lint([rule(criteria=criteria, recipient="%(msg.user)s")], KNOWN), "costly")
    assert len(found) == number


@pytest.mark.parametrize(
    ("trigger", "messages"),
    [
        ({"topic": "thing"}, []),
        ({"topic": "thong"}, ["no known topic ends with 'thong'"]),
        ({"not": {"category": "wiki"}}, ["no known topic is of the category 'wiki'"]),
        (
            {"all": [{"category": "git"}, {"topic": "thing"}]},
            ["no known topic passes the trigger"],
        ),
        ({"all": [{"category": "git"}, {"not": {"topic": "thing"}}, {"lambda": "message"}]}, []),
        ({"not": {"lambda": "message"}}, []),
    ],
)
def test_topics_that_nobody_knows_are_noted(trigger: dict[str, Any], messages: list[str]) -> None:
    found = lint([rule(trigger=trigger)], KNOWN)
    assert kinds(found, "topic") == messages
    assert {remark.severity for remark in found} <= {"note"}
    assert all(remark.hint == "compared with 3 topics of a list" for remark in found)


def test_a_constant_topic_of_a_filter_that_nobody_knows_is_noted() -> None:
    topics = ['"org.fp.prod.git.push"', '"org.fp.prod.git.pish"', "message.topic", "1 if 1 else 2"]
    asked = rule(previous={"filter": {"topics": topics[:3]}, "operation": "count"})
    assert kinds(lint([asked], KNOWN), "topic") == ["no known topic is 'org.fp.prod.git.pish'"]
    computed = rule(previous={"filter": {"topics": "message.body['t']"}, "operation": "count"})
    assert kinds(lint([computed], KNOWN), "topic") == []


def level(number: int, condition: dict[str, Any] | None, **more: Any) -> Any:
    series = {"name": "Climber", "level": number}
    condition_: dict[str, Any] = {"condition": condition} if condition else {}
    name = more.pop("name", f"Climber {number}")
    return parse(rule_text(name=name, series=series, **condition_, **more), source=f"{name}.yml")


def test_levels_that_do_not_rise_are_named() -> None:
    ladder = [
        level(3, {"greater than or equal to": 10}),
        level(1, {"greater than or equal to": 5}),
        level(2, {"greater than": 9}),
        level(4, {"lambda": "value > 1"}),
        level(5, {"less than": 3}),
        level(6, {"equal to": 11}),
    ]
    (message,) = kinds(lint(ladder, KNOWN), "series")
    assert message == "level 3 needs 10, and 'Climber 2' before it 10"


def test_two_badges_of_one_level_are_named() -> None:
    twins = [level(1, None), level(1, None, name="Twin"), level(2, {"equal to": 1})]
    (message,) = kinds(lint([*twins, rule()], KNOWN), "series")
    assert message == "level 1 of the series is also 'Climber 1' of Climber 1.yml"


def test_a_remark_tells_its_place() -> None:
    text = rule_text(without=("trigger",))[:-1] + ',\n"trigger": {\n  "any": []}}'
    (remark,) = [
        item for item in lint([parse(text, source="a.yml")], KNOWN) if item.kind == "never"
    ]
    assert (remark.line, remark.column) == (3, 4)
    assert str(remark) == (
        "a.yml:3:4: warning: the trigger never holds: the list below `any` is empty: "
        "no message can earn this badge: correct it"
    )
