# SPDX-License-Identifier: AGPL-3.0-or-later
"""What each part of a rule of 2014 becomes, and what has no words in the current dialect."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from rules.loader import parse
from rules.migrating import migrate
from tests.unit.rules.old_rules import asked, old_text


def migrated(criteria: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return the keys of a migrated rule."""
    found = migrate(old_text(criteria, **more))
    assert found.problems == ()
    parse(found.text)
    keys: dict[str, Any] = yaml.safe_load(found.text)
    return keys


def reason(criteria: dict[str, Any] | None = None, **more: Any) -> str:
    """Return the one thing that the current dialect has no words for."""
    text = old_text(criteria, **more)
    found = migrate(text)
    (error,) = found.problems
    assert (found.text, found.changed) == (text, False)
    assert error.line >= 1
    assert error.hint
    return error.message


@pytest.mark.parametrize(
    ("template", "expression"),
    [
        ("%(msg.user)s", 'message.body["user"]'),
        ("%(msg.a.b)s", 'message.body["a"]["b"]'),
        ("%(msg_id)s", "message.id"),
        ("bob", '"bob"'),
        ("100%%", '"100%"'),
        ("", "message.users"),
        (None, "message.users"),
        (["", "a"], '["", "a"]'),
        ("x-%(msg.a)s%%-%(topic)s", '"x-" + str(message.body["a"]) + "%-" + str(message.topic)'),
        (["%(msg.a)s", "bob"], '[message.body["a"], "bob"]'),
        (
            "%(msg.authors)s",
            '[who.get("name") for who in message.body["authors"] if isinstance(who, dict)]'
            ' or message.body["authors"]',
        ),
    ],
)
def test_recipients_become_expressions(template: Any, expression: str) -> None:
    assert migrated(recipient=template)["recipient"] == expression


def test_everybody_in_the_message_is_named() -> None:
    assert migrated()["recipient"] == "message.users"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("msg['topic'] == msg.get('msg_id')", "message.topic == message.id"),
        ("msg['msg']['ü'] is 1", "message.body['ü'] is 1"),
        ("\nmsg['msg'] and\n  msg['topic']\n", "\nmessage.body and\n  message.topic\n"),
        ("[m for m in msg['msg']['l'] if m]", "[m for m in message.body['l'] if m]"),
    ],
)
def test_triggers_become_expressions(old: str, new: str) -> None:
    trigger = migrated(trigger={"any": [{"not": {"lambda": old}}, {"topic": "x"}]})["trigger"]
    assert trigger == {"any": [{"not": {"lambda": new}}, {"topic": "x"}]}


def test_filters_become_expressions() -> None:
    found = migrated(
        asked(
            {
                "users": ["%(msg.authors)s"],
                "not_users": ["%(msg.user)s", "bodhi"],
                "topics": {"lambda": "[msg['topic'], 'x%(msg.y)s', %(msg.z)s]"},
                "agents": "%(msg.list)s",
                "order": "asc",
                "page": 2,
            }
        )
    )["previous"]
    people = 'message.body["authors"]'
    assert found["filter"] == {
        "users": f'[who.get("name") for who in {people} if isinstance(who, dict)] or '
        f"({people} if isinstance({people}, list) else [{people}])",
        "not_users": ['message.body["user"]', '"bodhi"'],
        "topics": '[message.topic, ("x" + str(message.body["y"])), message.body["z"]]',
        "agents": 'message.body["list"]',
        "order": '"asc"',
        "page": 2,
    }
    assert found["operation"] == "count"


@pytest.mark.parametrize(
    ("operation", "condition", "expression"),
    [
        ({"lambda": "len(query.all())"}, {"less than": 3}, "len(results)"),
        ({"lambda": "query.count() > 3"}, {"less than": 3}, "len(results) > 3"),
        ({"lambda": "sum([True for m in query])"}, {"is not": 3}, "sum([True for m in results])"),
        ({"lambda": "sum(1 for m in query)"}, {"less than": 3}, "sum(1 for m in results)"),
        (
            {"lambda": "len([m for m in query if m.msg.get('a')])"},
            {"less than": 3},
            "len([m for m in results if m.msg.get('a')])",
        ),
        (
            {"lambda": "len([m for m in query if m.msg['n'] %% 2])"},
            {"lambda": "value > 3"},
            "len([m for m in results if m.msg['n'] % 2])",
        ),
    ],
)
def test_operations_that_give_numbers_stay(
    operation: Any, condition: dict[str, Any], expression: str
) -> None:
    found = migrated(asked(None, operation, condition))
    assert found["previous"]["operation"] == {"lambda": expression}
    assert found["previous"]["filter"]["rows_per_page"] == 100
    assert found["condition"] == condition


SUM = "bool((sum([m.msg['n'] for m in results])) == 1.5)"


@pytest.mark.parametrize(
    ("operation", "condition", "expression"),
    [
        ("all", {"lambda": "len(value) > 2"}, "bool(len((results)) > 2)"),
        ({"lambda": "sum([m.msg['n'] for m in query])"}, {"equal to": 1.5}, SUM),
        ({"lambda": "sum()"}, {"equal to": 1}, "bool((sum()) == 1)"),
        (
            "first",
            {"is not": 0},
            "bool(((results[0] if results else None)) != 0)",
        ),
        (
            {"lambda": "query.count() / 2"},
            {"is greater than or equal to": 1.5},
            "bool((len(results) / 2) >= 1.5)",
        ),
        (
            {"lambda": "query.first()"},
            {"lambda": "value is None"},
            "bool(((results[0] if results else None)) is None)",
        ),
    ],
)
def test_operations_that_may_give_anything_else_decide_alone(
    operation: Any, condition: dict[str, Any], expression: str
) -> None:
    found = migrated(asked(None, operation, condition))
    assert found["previous"]["operation"] == {"lambda": expression}
    assert found["condition"] == {"equal to": 1}


@pytest.mark.parametrize(
    ("condition", "opposite"),
    [
        ({"is greater than or equal to": 2}, {"less than": 2}),
        ({"greater than": 2}, {"less than or equal to": 2}),
        ({"less than": 2}, {"greater than or equal to": 2}),
        ({"is less than or equal to": 2}, {"greater than": 2}),
        ({"equal to": 2}, {"is not equal to": 2}),
        ({"is not": 2}, {"is equal to": 2}),
        ({"lambda": "value > 1"}, {"lambda": "not (value > 1)"}),
    ],
)
def test_a_negated_question_has_the_opposite_condition(
    condition: dict[str, Any], opposite: dict[str, Any]
) -> None:
    question = asked(None, "count", condition)
    assert migrated({"all": [{"not": question}]})["condition"] == opposite
    assert migrated({"not": {"any": [{"not": question}]}})["condition"] == condition


@pytest.mark.parametrize(
    ("criteria", "more", "expected"),
    [
        ({"all": [asked(), asked()]}, {}, "criteria `all` has 2 parts: a rule has one `previous`"),
        ({"any": []}, {}, "criteria `any` has 0 parts: a rule has one `previous`"),
        (None, {"recipient": "%(username)s"}, "messages have no 'username' any more"),
        (None, {"recipient": "%(topic.x)s"}, "messages have no 'topic.x' any more"),
        (None, {"recipient": ["a", "100%"]}, "'100%' is no template"),
        (None, {"recipient": "a%(msg.b)s %"}, "is no template: a single % stands in it"),
        (None, {"recipient": "xxmsg.uyy"}, "'xxmsg.uyy' may be a text or stand for 'msg.u'"),
        (None, {"trigger": {"lambda": "msg['i']"}}, "`msg` is used for more than its topic"),
        (None, {"trigger": {"lambda": "json.dumps(msg)"}}, "`msg` is used for more"),
        (asked({"end": {"lambda": "msg['timestamp']"}}), {}, "`msg` is used for more"),
        (
            asked(None, {"lambda": "len([results for results in query])"}),
            {},
            "'results' has a meaning of its own",
        ),
        (
            asked({"users": ["%(msg.user)s"]}, "count", {"less than": 5}),
            {},
            "a message without 'msg.user' fulfils no criteria of 2014, but counts 0 now",
        ),
        (
            asked({"users": {"lambda": "[msg['msg']['a']]"}}, "count", {"equal to": 0}),
            {},
            "a message without a key fulfils no criteria of 2014, but counts 0 now",
        ),
        (
            {"not": asked(None, "all", {"lambda": "len(value) > 2"})},
            {},
            "the opposite of an operation that may give anything has no condition",
        ),
        (
            asked({"users": ["%(msg.user)s"]}, "all", {"lambda": "len(value) < 5"}),
            {},
            "a message without 'msg.user' fulfils no criteria of 2014, but counts 0 now",
        ),
        (
            asked(None, {"lambda": "len([m for m in query if m.msg['a']])"}, {"less than": 5}),
            {},
            "a message without a key fulfils no criteria of 2014, but counts 0 now",
        ),
        (asked({"users": [5]}), {}, "the current dialect refuses: users must be texts"),
    ],
)
def test_what_cannot_be_expressed_is_named(
    criteria: dict[str, Any] | None, more: dict[str, Any], expected: str
) -> None:
    assert expected in reason(criteria, **more)


def test_a_key_that_every_recipient_has_may_count_0() -> None:
    question = asked({"users": ["%(msg.user)s"]}, "count", {"greater than or equal to": 0})
    found = migrated(question, recipient="%(msg.user)s")
    assert found["condition"] == {"greater than or equal to": 0}


def test_a_condition_that_fails_for_0_is_told() -> None:
    question = asked({"users": ["%(msg.user)s"]}, "count", {"lambda": "1 / value > 0"})
    assert "counts 0 now" in reason(question)
    assert migrated(question, recipient="%(msg.user)s")["condition"] == {"lambda": "1 / value > 0"}
