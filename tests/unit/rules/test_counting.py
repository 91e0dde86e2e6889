# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rules import counting
from rules.model import Query
from tests.unit.rules.builders import message, rule

if TYPE_CHECKING:
    from rules.counting import Question

TOPIC = "org.fedoraproject.prod.test.thing"
COUNT = {"operation": "count"}


def asked(filters: dict[str, Any], recipient: str = "alice", **more: Any) -> Question | None:
    """Return what a rule with a filter asks about a message from alice."""
    counted = rule(previous={"filter": filters, **COUNT})
    query = counted.query(message(**more), recipient)
    assert query is not None
    return counting.question(counted, query)


def anchors(users: tuple[str, ...] = ("alice",), **more: Any) -> list[str]:
    found = message(**more)
    return counting.anchors_of(counting.names_of(found, users), found.topic)


@pytest.mark.parametrize(
    ("filters", "users"),
    [
        ({"users": ["recipient"], "topics": ["message.topic"]}, ("bob", "alice")),
        ({"users": ["'bob'", "recipient"]}, ("alice",)),
        ({"users": ["recipient.upper()"]}, ("alice",)),
        ({"agents": ["recipient"]}, ()),
        ({"packages": ["'kernel'"], "topics": ["message.topic"]}, ()),
        ({"topics": ["message.topic", "'another'"]}, ()),
        ({"topics": [f"'t{number}'" for number in range(9)] + ["message.topic"]}, ()),
        ({"categories": ["'test'"]}, ()),
        ({"not_users": ["'bob'"]}, ()),
        ({"users": ["recipient"], "agents": ["recipient"], "packages": ["'kernel'"]}, ("alice",)),
        ({"start": "'2024-01-01'", "end": "'2025-01-01'"}, ()),
        ({"users": [f"'{'x' * 300}'"]}, ("x" * 300,)),
    ],
)
def test_a_message_has_an_anchor_and_a_lock_of_each_question_that_finds_it(
    filters: dict[str, Any], users: tuple[str, ...]
) -> None:
    question = asked(filters)
    assert question is not None
    found = message(packages=("kernel",))
    assert question.query.matches(found, users)
    assert set(question.anchors) & set(anchors(users, packages=("kernel",)))
    names = counting.names_of(found, users)
    assert set(counting.locks(question)) & set(counting.locks_of(names, TOPIC))


def test_a_message_without_names_is_still_found() -> None:
    assert anchors((), agent_name=None) == ["\n", f"\n{TOPIC}"]


def test_rules_with_the_same_filter_ask_the_same_question() -> None:
    filters = {"users": ["recipient"], "topics": ["message.topic"]}
    first, second = asked(filters), asked(dict(reversed(filters.items())))
    assert first is not None
    assert second is not None
    assert first.key == second.key
    assert first.filter == second.filter


@pytest.mark.parametrize(
    ("filters", "recipient"),
    [
        ({"users": ["recipient"]}, "bob"),
        ({"agents": ["recipient"]}, "alice"),
        ({"users": ["recipient"], "not_users": ["'bob'"]}, "alice"),
        ({"users": ["recipient"], "start": "'2024-01-01'"}, "alice"),
    ],
)
def test_what_differs_is_another_question(filters: dict[str, Any], recipient: str) -> None:
    first, second = asked({"users": ["recipient"]}), asked(filters, recipient)
    assert first is not None
    assert second is not None
    assert first.key != second.key


def test_the_size_of_a_page_makes_no_other_question() -> None:
    plain = asked({"users": ["recipient"]})
    paged = asked({"users": ["recipient"], "rows_per_page": "9", "order": "'asc'"})
    assert plain is not None
    assert paged is not None
    assert plain.key == paged.key


def test_names_are_asked_without_case_and_order() -> None:
    question = asked({"users": ["'B'", "'a'", "'b'"]})
    assert question is not None
    assert question.facts == {"users": ["a", "b"]}
    assert question.anchors == ("u a\n", "u b\n")


@pytest.mark.parametrize(
    ("previous", "reason"),
    [
        ({"filter": {"users": ["recipient"]}, "operation": "count"}, None),
        ({"filter": {"start": "'2024-01-01'"}, "operation": "count"}, None),
        ({"filter": {}, "operation": {"lambda": "len(results)"}}, "its operation reads rows"),
        ({"filter": {"contains": ["'x'"]}, "operation": "count"}, "its filter looks for contains"),
        (
            {"filter": {"contains": "['x']"}, "operation": "count"},
            "its filter looks for contains",
        ),
        (
            {"filter": {"start": "message.sent_at"}, "operation": "count"},
            "its filter has a moving start",
        ),
        (
            {"filter": {"start": "message.sent_at", "end": "message.sent_at"}, **COUNT},
            "its filter has a moving start and end",
        ),
    ],
)
def test_a_rule_that_has_to_read_rows_is_costly(previous: dict[str, Any], reason: str) -> None:
    counted = rule(previous=previous)
    assert counting.costly(counted) == reason
    query = Query(users=("alice",))
    assert (counting.question(counted, query) is None) == (reason is not None)


def test_a_rule_that_counts_nothing_asks_nothing() -> None:
    assert counting.costly(rule()) is None
    assert counting.question(rule(), Query()) is None


def test_one_message_is_no_question_for_a_counter() -> None:
    assert asked({"msg_id": "message.id"}) is None


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ({"topic": "test.thing"}, True),
        ({"topic": "other"}, False),
        ({"category": "test"}, True),
        ({"category": "bodhi"}, False),
        ({"lambda": "True"}, True),
    ],
)
def test_a_topic_may_trigger_a_rule(trigger: dict[str, str], expected: bool) -> None:
    assert counting.may_trigger(rule(trigger=trigger), TOPIC) is expected
