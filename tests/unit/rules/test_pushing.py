# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from rules.loader import parse
from rules.model import Query, Rule
from rules.pushing import concerned, grouped

HEAD = """\
name: First Steps
description: You did it.
creator: somebody
discussion: https://example.org/
issuer_id: accolades
image_url: https://example.org/x.png
"""
USERS = "{users: [recipient], topics: [message.topic]}"
EDIT, NEW, PUSH = (f"org.example.prod.{name}" for name in ("wiki.edit", "wiki.new", "git.push"))
OF_2014 = """\
recipient: "%(msg.user)s"
trigger: {topic: wiki.edit}
criteria:
  datanommer:
    filter: {topics: ["%(topic)s"], users: ["%(msg.user)s"]}
    operation: count
    condition: {greater than or equal to: 3}
"""


def make_rule(text: str) -> Rule:
    return parse(HEAD + text)


def counting(asked: str, condition: str, operation: str = "count") -> Rule:
    return make_rule(
        f"trigger: {{category: wiki}}\n"
        f"previous: {{filter: {asked}, operation: {operation}}}\ncondition: {{{condition}}}\n"
    )


@pytest.mark.parametrize(
    ("condition", "least"),
    [
        ("greater than or equal to: 3", 3),
        ("is greater than or equal to: 2.5", 3),
        ("greater than: 3", 4),
        ("greater than: 0", 1),
    ],
)
def test_a_value_that_is_reached_once_and_for_all_is_asked_for(condition: str, least: int) -> None:
    asked = grouped(counting(USERS, condition))
    assert asked is not None
    assert (asked.least, asked.people, asked.by_topic) == (least, "users", True)


def test_topics_are_those_that_the_filter_names_or_that_may_trigger() -> None:
    conditions = "greater than: 3"
    each = grouped(counting(USERS, conditions))
    named = grouped(
        counting(f"{{agents: '[recipient]', topics: ['\"{EDIT}\"', '\"{PUSH}\"']}}", conditions)
    )
    any_topic = grouped(counting("{users: [recipient], packages: ['\"bash\"']}", conditions))
    assert each and named and any_topic
    for asked, wanted in (
        (each, (EDIT, NEW)),
        (named, (EDIT, PUSH)),
        (any_topic, (EDIT, NEW, PUSH)),
    ):
        assert tuple(topic for topic in (EDIT, NEW, PUSH) if asked.counts(topic)) == wanted
    assert (named.people, named.by_topic, named.query) == ("agents", False, Query())
    assert any_topic.query == Query(packages=("bash",))


def test_the_first_message_is_enough_for_those_whom_messages_name() -> None:
    for recipient, people in (("message.usernames", "users"), ("message.agent_name", "agents")):
        asked = grouped(make_rule(f"trigger: {{topic: wiki.edit}}\nrecipient: {recipient}\n"))
        assert asked is not None
        assert (asked.people, asked.least, asked.counts(EDIT), asked.counts(NEW)) == (
            people,
            1,
            True,
            False,
        )


@pytest.mark.parametrize(
    ("rule", "topics"),
    [
        ("trigger: {topic: wiki.edit}\n", (EDIT,)),
        (
            f"trigger: {{topic: wiki.edit}}\nprevious: {{filter: {USERS}, operation: count}}\n"
            "condition: {greater than: 1}\n",
            (EDIT,),
        ),
        (
            f"trigger: {{topic: wiki.edit}}\nprevious: {{filter: {{topics: ['\"{PUSH}\"']}}, "
            "operation: count}\ncondition: {greater than: 1}\n",
            (EDIT, PUSH),
        ),
        (
            "trigger: {topic: wiki.edit}\nprevious: {filter: {users: [recipient]}, "
            "operation: count}\ncondition: {greater than: 1}\n",
            (EDIT, NEW, PUSH),
        ),
        (
            "trigger: {topic: wiki.edit}\nprevious: {filter: {topics: ['[1]']}, "
            "operation: count}\ncondition: {greater than: 1}\n",
            (EDIT, NEW, PUSH),
        ),
        (OF_2014, (EDIT, NEW, PUSH)),
    ],
    ids=["trigger", "its topic", "named", "any", "broken", "of 2014"],
)
def test_messages_that_can_change_nothing_need_not_be_looked_at(
    rule: str, topics: tuple[str, ...]
) -> None:
    matters = concerned(make_rule(rule))
    assert tuple(topic for topic in (EDIT, NEW, PUSH) if matters(topic)) == topics


@pytest.mark.parametrize(
    "text",
    [
        OF_2014,
        "trigger: {topic: a}\ncondition: {greater than: 3}\n",
        "trigger: {topic: a}\nrecipient: message.body['who']\n",
        "trigger: {topic: a}\nrecipient: message.usernames\nrepeatable: yes\n",
        *(
            f"trigger: {{topic: a}}\nprevious: {{filter: {asked}, operation: {operation}}}\n"
            f"condition: {{{condition}}}\n"
            for asked, operation, condition in [
                (USERS, "count", "equal to: 3"),
                (USERS, "count", "less than: 3"),
                (USERS, "count", "greater than or equal to: 0"),
                (USERS, "count", "lambda: 'value > 3'"),
                (USERS, "{lambda: 'len(results)'}", "greater than: 3"),
                ("{topics: [message.topic]}", "count", "greater than: 3"),
                ("{users: [recipient], agents: [recipient]}", "count", "greater than: 3"),
                ("{users: [recipient], agents: ['\"chen\"']}", "count", "greater than: 3"),
                ("{users: [recipient, '\"chen\"']}", "count", "greater than: 3"),
                ("{users: ['recipient.lower()']}", "count", "greater than: 3"),
                ("{users: [recipient], packages: message.packages}", "count", "greater than: 3"),
                ("{users: [recipient], not_topics: [message.topic]}", "count", "greater than: 3"),
                ("{users: [recipient], contains: ['\"x\"']}", "count", "greater than: 3"),
                ("{users: [recipient], start: '\"2026-01-01\"'}", "count", "greater than: 3"),
                (USERS, "count", "greater than: 3000000000"),
                ("{users: [recipient], topics: ['[1]']}", "count", "greater than: 3"),
                ("{users: [recipient], topics: ['None']}", "count", "greater than: 3"),
                ("{users: [recipient], msg_id: '\"m1\"'}", "count", "greater than: 3"),
            ]
        ),
    ],
)
def test_what_depends_on_each_message_is_looked_at_message_by_message(text: str) -> None:
    assert grouped(make_rule(text)) is None
