# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.engine import RuleSet
from rules.errors import EvaluationError, MissingValueError
from tests.unit.rules.builders import message, rule

NAMES = st.text("abc.", max_size=8)
LEAVES = st.one_of(
    st.builds(lambda text: {"topic": text}, NAMES),
    st.builds(lambda text: {"category": text}, NAMES),
)
TRIGGERS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(lambda found: {"any": found}, st.lists(parts, max_size=3)),
        st.builds(lambda found: {"all": found}, st.lists(parts, max_size=3)),
        st.builds(lambda found: {"not": found}, parts),
    ),
    max_leaves=6,
)


def test_a_triggered_rule_names_its_candidates() -> None:
    (decision,) = RuleSet([rule(recipient='[message.body["u"], 7]')]).triggered(
        message({"u": "bob"})
    )
    assert decision.rule.slug == "test-badge"
    assert decision.candidates == ("bob",)
    assert decision.dropped == (("7", "not a text: int"),)
    assert decision.error is None


def test_the_agent_is_the_candidate_where_a_rule_names_none() -> None:
    (decision,) = RuleSet([rule()]).triggered(message())
    assert decision.candidates == ("alice",)
    (nobody,) = RuleSet([rule()]).triggered(message(agent_name=None))
    assert nobody.candidates == ()


def test_a_message_that_triggers_nothing_gives_no_decision() -> None:
    assert list(RuleSet([rule()]).triggered(message(topic="a.b.c.other"))) == []
    assert list(RuleSet().triggered(message())) == []


def test_a_recipient_that_is_missing_is_nobody_and_says_why() -> None:
    (decision,) = RuleSet([rule(recipient='message.body["u"]')]).triggered(message())
    assert decision.candidates == ()
    assert decision.error is None
    assert decision.dropped == (("recipient", "no key 'u' in message.body[\"u\"]"),)


def test_a_broken_rule_is_reported_and_stops_no_other() -> None:
    broken = rule(name="Broken", trigger={"not": {"lambda": 'message.body["x"]'}})
    worse = rule(name="Worse", recipient='message.topic["x"]')
    decisions = list(RuleSet([broken, worse, rule()]).triggered(message()))
    assert [decision.rule.name for decision in decisions] == ["Broken", "Worse", "Test Badge"]
    assert isinstance(decisions[0].error, MissingValueError)
    assert str(decisions[0].error) == "trigger: no key 'x' in message.body[\"x\"]"
    assert isinstance(decisions[1].error, EvaluationError)
    assert str(decisions[1].error).startswith("recipient: TypeError")
    assert decisions[2].candidates == ("alice",)


def test_decisions_come_in_the_order_of_the_rules_and_once_each() -> None:
    both = {"any": [{"topic": "thing"}, {"topic": "test.thing"}, {"category": "test"}]}
    rules = [rule(name=f"Badge {number}", trigger=both) for number in range(20)]
    found = [decision.rule.name for decision in RuleSet(rules).triggered(message())]
    assert found == [f"Badge {number}" for number in range(20)]


def test_a_message_is_asked_only_of_rules_that_its_topic_concerns() -> None:
    # The lambda of the other rule would break: it is never asked.
    other = rule(trigger={"all": [{"lambda": "1 / 0"}, {"topic": "other"}]})
    assert list(RuleSet([other]).triggered(message())) == []


@given(st.lists(TRIGGERS, max_size=5), NAMES)
def test_looking_up_decides_as_asking_every_rule(
    triggers: list[dict[str, Any]], topic: str
) -> None:
    rules = [rule(name=f"B{number}", trigger=tree) for number, tree in enumerate(triggers)]
    probe = message(topic=topic)
    expected = [item.name for item in rules if item.trigger(probe)]
    assert [found.rule.name for found in RuleSet(rules).triggered(probe)] == expected
