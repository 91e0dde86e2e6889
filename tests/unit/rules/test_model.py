# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from rules.errors import EvaluationError
from rules.model import NOTHING
from tests.unit.rules.builders import Row, message, rule

COUNT = {"filter": {"users": ["recipient"]}, "operation": "count"}
LAMBDA = {
    "filter": {"users": ["recipient"]},
    "operation": {"lambda": 'len([m for m in results if m.msg["k"] == message.body["k"]])'},
}


@pytest.mark.parametrize(
    ("topic", "category"),
    [
        ("org.fedoraproject.prod.bodhi.update.comment", "bodhi"),
        ("a.b.c.d", "d"),
        ("a.b.c", None),
        ("", None),
        ("a.b.c.", ""),
    ],
)
def test_the_category_is_the_fourth_part_of_the_topic(topic: str, category: str | None) -> None:
    assert message(topic=topic).category == category


def test_a_rule_without_previous_asks_the_archive_nothing() -> None:
    assert rule().query(message(), "alice") is None
    assert not rule().needs_rows


def test_a_rule_asks_for_the_messages_of_the_recipient() -> None:
    counting = rule(previous=COUNT)
    query = counting.query(message(), "alice")
    assert query is not None
    assert query.users == ("alice",)
    assert not counting.needs_rows


def test_a_missing_key_in_a_filter_makes_a_question_that_finds_nothing() -> None:
    broken = rule(previous={"filter": {"users": ['message.body["x"]']}, "operation": "count"})
    query = broken.query(message(), "alice")
    assert query is NOTHING
    assert not query.matches(message(), ["alice"])


def test_a_broken_filter_is_an_error() -> None:
    broken = rule(previous={"filter": {"users": ['message.topic["x"]']}, "operation": "count"})
    with pytest.raises(EvaluationError, match="TypeError"):
        broken.query(message(), "alice")


def test_the_value_is_the_number_of_rows_without_an_operation() -> None:
    assert rule(previous=COUNT).value(message(), [Row({}), Row({})]) == 2


def test_an_operation_makes_the_value_from_rows_and_message() -> None:
    picky = rule(previous=LAMBDA)
    assert picky.needs_rows
    assert picky.value(message({"k": 1}), [Row({"k": 1}), Row({"k": 2}), Row({"k": 1})]) == 2


def test_a_missing_key_in_an_operation_makes_zero() -> None:
    assert rule(previous=LAMBDA).value(message({"k": 1}), [Row({})]) == 0


@pytest.mark.parametrize(("text", "value"), [("True", 1), ("4 / 2", 2), ("2.0 * 3", 6), ("-1", -1)])
def test_whole_results_are_values(text: str, value: int) -> None:
    found = rule(previous={"filter": {}, "operation": {"lambda": text}}).value(message(), [])
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize("text", ["None", "1 / 2", '"7"', "results"])
def test_other_results_are_errors(text: str) -> None:
    broken = rule(previous={"filter": {}, "operation": {"lambda": text}})
    with pytest.raises(EvaluationError, match="must give a whole number"):
        broken.value(message(), [])


def test_many_rows_give_the_operation_more_room() -> None:
    rows = [Row({"k": number % 2}) for number in range(30_000)]
    assert rule(previous=LAMBDA).value(message({"k": 1}), rows) == 15_000


def test_a_rule_without_condition_accepts_every_value() -> None:
    assert rule().accepts(0)


@pytest.mark.parametrize(
    ("words", "accepted"),
    [
        ("is greater than or equal to", {3, 4}),
        ("greater than or equal to", {3, 4}),
        ("greater than", {4}),
        ("is less than or equal to", {2, 3}),
        ("less than or equal to", {2, 3}),
        ("less than", {2}),
        ("is equal to", {3}),
        ("equal to", {3}),
        ("is not", {2, 4}),
        ("is not equal to", {2, 4}),
    ],
)
def test_conditions_compare_the_value(words: str, accepted: set[int]) -> None:
    judged = rule(condition={words: 3})
    assert {value for value in (2, 3, 4) if judged.accepts(value)} == accepted


def test_a_condition_can_be_an_expression() -> None:
    even = rule(condition={"lambda": "value % 2 == 0"})
    assert even.accepts(2)
    assert not even.accepts(3)


def test_a_broken_condition_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="ZeroDivisionError"):
        rule(condition={"lambda": "1 / value"}).accepts(0)
