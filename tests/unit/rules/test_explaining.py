# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from issuer.adapters.accounts import OpenAccounts
from rules.engine import RuleSet
from rules.explaining import Explanation, explain
from tests.unit.rules.builders import Row, message, rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.model import Message, Query, Rule


@dataclass
class Around:
    """A small world: who is away, and what the archive answers."""

    number: int = 1
    found: Sequence[Row] = ()
    gone: Mapping[str, str] = field(default_factory=dict)
    skip: Sequence[str] = ("releng",)
    accounts: OpenAccounts = field(default_factory=OpenAccounts)
    asked: list[Query] = field(default_factory=list)

    @property
    def archive(self) -> Around:
        return self

    def count(self, query: Query) -> int:
        self.asked.append(query)
        return self.number

    def rows(self, query: Query) -> Sequence[Row]:
        self.asked.append(query)
        return self.found

    def away(self, rule: Rule, message: Message, usernames: Sequence[str]) -> Mapping[str, str]:
        return self.gone

    def triggers(self, rule: Rule, username: str) -> int:
        return self.number


def told(explanation: Explanation) -> list[str]:
    return [f"{step.part}: {step}" for step in explanation.steps]


def test_a_tree_is_told_part_by_part_and_what_the_engine_skips_is_marked() -> None:
    trigger = {
        "all": [
            {"topic": "thing"},
            {"any": [{"lambda": "'x' in message.body"}, {"category": "test"}, {"topic": "z"}]},
            {"not": {"lambda": "message.body['absent']"}},
            {"category": {"any": ["b", "a"]}},
        ]
    }
    explanation = explain(rule(trigger=trigger), message({"y": 1}), Around())
    assert explanation.verdict == "the trigger gives no answer for this message"
    topic = "it is 'org.fedoraproject.prod.test.thing'"
    assert told(explanation) == [
        "trigger: all of: no answer",
        f"trigger:   the topic ends with 'thing': yes ({topic})",
        "trigger:   any of: yes",
        "trigger:     lambda 'x' in message.body: no (it gives False)",
        "trigger:     the category is one of 'test': yes (it is 'test')",
        f"trigger:     the topic ends with 'z': no ({topic}), not asked by the engine",
        "trigger:   not: no answer",
        "trigger:     lambda message.body['absent']: no answer "
        "(no key 'absent' in message.body['absent'])",
        "trigger:   the category is one of 'a', 'b': no (it is 'test'), not asked by the engine",
    ]


@pytest.mark.parametrize("kind", ["any", "all"])
def test_an_empty_list_is_told(kind: str) -> None:
    explanation = explain(rule(trigger={kind: []}), message(), Around())
    assert explanation.verdict == "the trigger does not hold"
    assert explanation.steps[0].detail == "the list is empty"


def test_candidates_are_told_with_their_conversions_and_why_they_get_nothing() -> None:
    asked = rule(
        recipient="['https://asha.id.fedoraproject.org', 'releng', 'BEN', 'ben', '10.0.0.1', 5]",
        recipient_openid2fas=True,
    )
    explanation = explain(asked, message(), Around(gone={"ben": "has the badge"}))
    assert explanation.winners == ("asha",)
    assert explanation.verdict == "it earns the badge for asha"
    reasons = {step.user: (step.outcome, step.detail) for step in explanation.steps if step.user}
    openid = "OpenID 'https://asha.id.fedoraproject.org' is asha"
    assert reasons["asha"] == (True, openid)
    assert reasons["releng"] == (False, "OpenID 'releng' is releng; a service user")
    assert reasons["BEN"] == (False, "OpenID 'BEN' is BEN; has the badge")
    assert reasons["10.0.0.1"] == (False, "OpenID '10.0.0.1' is 10.0.0.1; an IP address")
    assert reasons["5"] == (False, "not a text: int")
    assert "ben" not in reasons


@pytest.mark.parametrize(
    ("conversion", "name", "account"),
    [
        ("recipient_nick2fas", "asha", "asha"),
        ("recipient_email2fas", "asha@fedoraproject.org", "asha"),
        ("recipient_github2fas", "https://api.github.com/users/a", "nobody"),
        ("recipient_distgit2fas", "https://src.fedoraproject.org/user/asha", "asha"),
        ("recipient_krb2fas", "asha/x@Y", "asha"),
    ],
)
def test_each_conversion_is_told(conversion: str, name: str, account: str) -> None:
    asked = rule(recipient=repr(name), **{conversion: True})
    explanation = explain(asked, message(), Around())
    assert f"{name!r} is {account}" in explanation.steps[-1].detail
    assert bool(explanation.winners) is (account == "asha")


@pytest.mark.parametrize(
    ("recipient", "said"),
    [
        ("message.body['u']", "the recipient is not in the message"),
        ("1 / 0", "ZeroDivisionError"),
        ("[]", "it names nobody"),
    ],
)
def test_a_recipient_that_names_nobody_is_told(recipient: str, said: str) -> None:
    asked = rule(recipient=recipient if recipient != "1 / 0" else "[len(message.body) / 0]")
    explanation = explain(asked, message(), Around())
    assert explanation.verdict == "there is nobody who could get it"
    assert said in str(explanation.steps[-1])


COUNTED = {
    "previous": {
        "filter": {
            "topics": ["message.topic"],
            "users": ["recipient"],
            "start": '"2024-01-01T00:00:00"',
        },
        "operation": "count",
    },
    "condition": {"greater than or equal to": 5},
}


@pytest.mark.parametrize(("number", "winners"), [(4, ()), (5, ("alice",))])
def test_what_is_asked_and_counted_is_told(number: int, winners: tuple[str, ...]) -> None:
    explanation = explain(rule(**COUNTED), message(), Around(number))
    assert explanation.winners == winners
    outcome = "yes" if winners else "no"
    assert told(explanation)[-4:] == [
        f"count: 'alice' has reached what the rule asks for: {outcome}",
        "filter:   messages with topics ['org.fedoraproject.prod.test.thing'], users ['alice'], "
        "start 2024-01-01T00:00:00+00:00: yes",
        f"count:   messages found: {number}: yes",
        f"condition:   greater than or equal to 5: {outcome} (the value is {number})",
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "all messages"),
        ({"users": ["None"]}, "the filter names nobody"),
        ({"users": ["message.body['absent']"]}, "no key 'absent'"),
    ],
)
def test_odd_questions_are_told(asked: dict[str, Any], said: str) -> None:
    previous = {"filter": asked, "operation": "count"}
    explanation = explain(rule(previous=previous), message(), Around())
    (line,) = [line for line in told(explanation) if line.startswith("filter:")]
    assert said in line
    assert explanation.winners == ("alice",)  # without a condition any count is enough


def test_an_older_question_without_its_key_gives_no_answer() -> None:
    asked = older(question({"users": ["%(msg.gone)s"]}))
    explanation = explain(asked, message({"user": "alice"}), Around())
    assert explanation.winners == ()
    assert "what is asked for is not in the message: no" in told(explanation)[-1]


def test_a_condition_that_cannot_be_judged_is_told() -> None:
    asked = rule(condition={"lambda": "value / 0 > 1"})
    explanation = explain(asked, message(), Around())
    assert explanation.verdict == "what is counted gives no answer for this message"
    assert "ZeroDivisionError" in told(explanation)[-1]


def test_a_question_that_breaks_is_told() -> None:
    previous = {"filter": {"users": ["message.body"]}, "operation": "count"}
    explanation = explain(rule(previous=previous), message(), Around())
    assert explanation.verdict == "what is counted gives no answer for this message"
    assert "filter users" in told(explanation)[-1]


def test_an_operation_and_a_condition_in_python_are_told() -> None:
    asked = rule(
        previous={"filter": {}, "operation": {"lambda": "len([row for row in results])"}},
        condition={"lambda": "value > 1"},
    )
    explanation = explain(asked, message(), Around(found=[Row({}), Row({})]))
    assert explanation.winners == ("alice",)
    assert "the operation on 2 rows gives 2" in told(explanation)[-2]
    assert told(explanation)[-1] == "condition:   lambda value > 1: yes (the value is 2)"


def test_a_rule_that_counts_its_triggers_is_told() -> None:
    asked = rule(condition={"equal to": 3})
    assert explain(asked, message(), Around(3)).winners == ("alice",)
    missed = explain(asked, message(), Around(2))
    assert missed.verdict == "the condition does not hold"
    assert missed.to_dict()["would_award"] is False


def older(criteria: dict[str, Any]) -> Rule:
    return rule(criteria=criteria, recipient="%(msg.user)s")


def question(filter_: dict[str, Any], number: int = 1, operation: object = "count") -> Any:
    condition: dict[str, Any] = {"equal to": number}
    return {"datanommer": {"filter": filter_, "operation": operation, "condition": condition}}


@pytest.mark.parametrize(
    ("criteria", "outcome"),
    [
        ({"any": [question({}, 2), question({}, 1), question({}, 7)]}, True),
        ({"all": [question({}, 1), question({}, 2), question({}, 1)]}, False),
        ({"all": [question({"users": ["%(msg.gone)s"]}), question({}, 1)]}, False),
        ({"not": question({}, 2)}, True),
        ({"all": []}, False),
        ({"any": [question({"users": [7]}), question({}, 1)]}, True),
        ({"any": [question({"users": [7]}), question({}, 2)]}, None),
        ({"not": question({"users": [7]})}, None),
        ({"not": question({}, 1, {"lambda": "query.count()"})}, False),
        ({"not": question({}, 1, "first")}, True),
    ],
    ids=["any", "all", "absent", "not", "empty", "rescued", "broken", "not-broken", "rows", "none"],
)
def test_criteria_are_told_and_decided_as_the_engine_does(
    criteria: dict[str, Any], outcome: bool | None
) -> None:
    around = Around(found=[Row({})]) if "first" not in str(criteria) else Around()
    asked, subject = older(criteria), message({"user": "alice"})
    explanation = explain(asked, subject, around)
    (top,) = [step for step in explanation.steps if step.part == "criteria" and not step.depth]
    assert top.outcome is outcome
    assert bool(explanation.winners) is (outcome is True)
    assert asked.criteria is not None
    if outcome is not None:
        assert asked.criteria(subject, around) is outcome


def test_values_of_any_size_are_told_shortly() -> None:
    asked = rule(trigger={"lambda": "message.body"})
    body = {"n": 10**5000, "t": "x" * 100_000, "l": [[[[1]]]] * 1000}
    assert len(str(explain(asked, message(body), Around()).steps[0])) < 500


def test_the_verdict_on_the_trigger_is_that_of_the_engine() -> None:
    leaves: list[dict[str, Any]] = [
        {"topic": "thing"},
        {"topic": "other"},
        {"lambda": "message.body['absent']"},
        {"any": []},
    ]
    triggers = [
        {kind: [first, {"not": second}, third]}
        for kind in ("any", "all")
        for first in leaves
        for second in leaves
        for third in leaves
    ]
    for trigger in triggers:
        asked = rule(trigger=trigger)
        explanation = explain(asked, message(), Around())
        decisions = list(RuleSet([asked]).triggered(message()))
        assert bool(explanation.winners) is any(decision.candidates for decision in decisions)
