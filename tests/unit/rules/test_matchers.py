# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from rules.errors import EvaluationError, MissingValueError
from rules.matchers import Needs
from tests.unit.rules.builders import message, rule

TOPIC = {"topic": "test.thing"}
OTHER = {"topic": "other"}
BOOM = {"lambda": "1 / 0 == 1"}
YES = {"lambda": "True"}


def holds(trigger: dict[str, Any], topic: str = "org.fedoraproject.prod.test.thing") -> bool:
    return rule(trigger=trigger).trigger(message({"l": [0]}, topic=topic))


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (TOPIC, True),
        ({"topic": "ing"}, True),
        ({"topic": ""}, True),
        ({"topic": "Test.thing"}, False),
        (OTHER, False),
        ({"category": "test"}, True),
        ({"category": "tes"}, False),
        ({"category": {"any": ["bodhi", "test"]}}, True),
        ({"category": {"any": ["bodhi", "git"]}}, False),
        ({"lambda": 'message.body["l"]'}, True),
        ({"lambda": 'message.body.get("x")'}, False),
        ({"lambda": False}, False),
        ({"any": [OTHER, TOPIC]}, True),
        ({"any": [OTHER]}, False),
        ({"any": []}, False),
        ({"all": [TOPIC, YES]}, True),
        ({"all": [TOPIC, OTHER]}, False),
        ({"all": []}, False),
        ({"not": OTHER}, True),
        ({"not": TOPIC}, False),
        ({"not": {"any": [OTHER, {"category": "other"}]}}, True),
        ({"any": [TOPIC, BOOM]}, True),
        ({"all": [OTHER, BOOM]}, False),
    ],
)
def test_triggers(trigger: dict[str, Any], expected: bool) -> None:
    assert holds(trigger) is expected


def test_a_short_topic_has_no_category() -> None:
    assert not holds({"category": "test"}, topic="a.b")
    assert holds({"not": {"category": "test"}}, topic="a.b")


@pytest.mark.parametrize(
    "trigger", [BOOM, {"not": BOOM}, {"any": [BOOM, TOPIC]}, {"not": {"all": [TOPIC, BOOM]}}]
)
def test_a_broken_part_breaks_the_trigger_even_under_not(trigger: dict[str, Any]) -> None:
    with pytest.raises(EvaluationError, match="ZeroDivisionError"):
        holds(trigger)


def test_a_missing_key_breaks_the_trigger_too() -> None:
    with pytest.raises(MissingValueError, match="no key 'x'"):
        holds({"not": {"lambda": 'message.body["x"]'}})


@pytest.mark.parametrize(
    ("trigger", "suffixes", "categories"),
    [
        (TOPIC, {"test.thing"}, set()),
        ({"category": "test"}, set(), {"test"}),
        ({"any": [TOPIC, {"category": "x"}]}, {"test.thing"}, {"x"}),
        ({"any": []}, set(), set()),
        ({"all": []}, set(), set()),
        ({"all": [YES, TOPIC]}, {"test.thing"}, set()),
        ({"all": [{"category": "test"}, TOPIC]}, {"test.thing"}, set()),
        ({"all": [TOPIC, {"any": [OTHER, {"topic": "x"}]}]}, {"test.thing"}, set()),
    ],
)
def test_a_trigger_says_what_a_topic_needs(
    trigger: dict[str, Any], suffixes: set[str], categories: set[str]
) -> None:
    assert rule(trigger=trigger).trigger.needs == Needs(frozenset(suffixes), frozenset(categories))


@pytest.mark.parametrize("trigger", [YES, {"not": TOPIC}, {"any": [TOPIC, YES]}, {"all": [YES]}])
def test_a_trigger_may_need_to_see_every_topic(trigger: dict[str, Any]) -> None:
    assert rule(trigger=trigger).trigger.needs is None
