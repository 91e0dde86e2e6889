# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from rules.errors import EvaluationError
from rules.model import Query
from tests.unit.rules.builders import NOON, message, rule

MESSAGE = message({"text": "Ein Stück Käse", "n": [1]}, packages=("kernel",), agent_name="Alice")
PEOPLE = ("Alice", "bob")


@pytest.mark.parametrize(
    "question",
    [
        Query(),
        Query(topics=("other", "org.fedoraproject.prod.test.thing")),
        Query(not_topics=("other",)),
        Query(categories=("test",)),
        Query(not_categories=("bodhi",)),
        Query(users=("BOB", "carol")),
        Query(not_users=("carol",)),
        Query(packages=("kernel",)),
        Query(not_packages=("glibc",)),
        Query(agents=("alice",)),
        Query(not_agents=("bob",)),
        Query(contains=("nothing", "Käse")),
        Query(contains=('"n": [1]',)),
        Query(msg_id="m-1"),
        Query(start=NOON, end=NOON),
        Query(users=(), topics=()),
    ],
)
def test_a_question_finds_the_message(question: Query) -> None:
    assert question.matches(MESSAGE, PEOPLE)


@pytest.mark.parametrize(
    "question",
    [
        Query(topics=("test.thing",)),
        Query(topics=("ORG.fedoraproject.prod.test.thing",)),
        Query(not_topics=("org.fedoraproject.prod.test.thing",)),
        Query(categories=("Test",)),
        Query(not_categories=("test",)),
        Query(users=("carol",)),
        Query(not_users=("ALICE",)),
        Query(packages=("Kernel",)),
        Query(not_packages=("kernel",)),
        Query(agents=("bob",)),
        Query(not_agents=("alice",)),
        Query(contains=("käse",)),
        Query(msg_id="m-2"),
        Query(start=NOON + timedelta(seconds=1)),
        Query(end=NOON - timedelta(seconds=1)),
        Query(users=("bob",), topics=("other",)),
    ],
)
def test_a_question_leaves_the_message_out(question: Query) -> None:
    assert not question.matches(MESSAGE, PEOPLE)


def test_a_message_without_agent_has_no_agent_to_find_or_to_leave_out() -> None:
    nobody = message(agent_name=None)
    assert not Query(agents=("alice",)).matches(nobody, ())
    assert Query(not_agents=("alice",)).matches(nobody, ())


def question(**values: Any) -> Query:
    counting = rule(previous={"filter": values, "operation": "count"})
    found = counting.query(MESSAGE, "carol")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("users", ["recipient", "message.agent_name"], ("carol", "Alice")),
        ("users", "message.usernames", ("alice",)),
        ("users", "[]", None),
        ("topics", ["message.topic"], (MESSAGE.topic,)),
        ("categories", ['"test"', 'message.body.get("x")'], ("test",)),
        ("not_users", ['message.body.get("x")'], ()),
        ("contains", ['"Käse"'], ("Käse",)),
        ("msg_id", "message.id", "m-1"),
        ("msg_id", 'message.body.get("x")', None),
        ("rows_per_page", 9999999, 9999999),
        ("page", "1 + 1", 2),
        ("page", "None", None),
        ("order", '"desc"', "desc"),
        ("order", "None", None),
        ("start", "message.sent_at", NOON),
        ("start", '"2024-02-29T13:30+01:00"', NOON.astimezone(timezone(timedelta(hours=1)))),
        ("end", '"2024-02-29"', datetime(2024, 2, 29, tzinfo=UTC)),
        ("end", "0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("end", "None", None),
    ],
)
def test_filter_values_become_the_question(key: str, value: object, expected: object) -> None:
    assert getattr(question(**{key: value}), key) == expected


def test_a_list_of_which_nothing_is_known_finds_nothing() -> None:
    assert not question(topics=['message.body.get("x")']).matches(MESSAGE, PEOPLE)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("users", 'message.body["text"]', "expected a list of texts, got 'Ein Stück Käse'"),
        ("users", ['message.body["n"]'], "expected a text, got a list"),
        ("users", ['message.body["n"][0]'], "expected a text, got 1"),
        ("users", "range(3)", "expected a list of texts"),
        ("users", '["x" for x in range(1001)]', "1001 values are too many"),
        ("msg_id", 'message.body["n"]', "expected a text"),
        ("order", 'message.body["text"]', 'expected "asc" or "desc"'),
        ("page", 'message.body["text"]', "expected a whole number"),
        ("page", "True", "expected a whole number"),
        ("page", "-1", "expected a whole number"),
        ("start", '"soon"', "expected a time"),
        ("start", "10000000000000", "expected a time"),
        ("start", "True", "expected a time"),
        ("start", "[]", "expected a time"),
    ],
)
def test_filter_values_of_the_wrong_kind_are_errors(key: str, value: object, reason: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        question(**{key: value})
    assert reason in str(caught.value)
    assert f"filter {key}" in str(caught.value)


def test_questions_can_be_told_apart_and_used_as_keys() -> None:
    assert len({Query(users=("a",)), Query(users=("a",)), Query(users=("b",))}) == 2
