# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which rules a whole archive can be asked at one go: who has as many messages as it takes.

The value of such a rule for a person is the number of messages of that person, as user or as
agent, so that a database can count for everybody in one grouped statement. A value never falls:
who reaches the number gets the badge with that very message, if it triggers the rule for the
person, else with the first one after it that does.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rules.counting import costly, is_constant, may_trigger
from rules.errors import RuleError
from rules.expressions import Expression, reading
from rules.model import NOTHING, Message, Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.model import Rule
    from rules.queries import Filter

#: What a message names its people by, and the recipients that are exactly those.
PEOPLE = {"users": "message.usernames", "agents": "message.agent_name"}
#: What is compared with a number that a growing value reaches once and for all.
AT_LEAST = frozenset({"greater than or equal to", "is greater than or equal to"})
MORE_THAN = frozenset({"greater than"})
MOST = 2**31 - 1
#: Constants are the same for every message.
_ANY = Message(id="any", topic="any", body={}, sent_at=datetime(2000, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Grouped:
    """What is counted for each person: messages of topics that ``query`` finds."""

    rule: Rule
    people: str  # a key of PEOPLE
    least: int  # how many a person needs
    by_topic: bool  # each topic is counted for itself
    topics: frozenset[str] | None  # names; None: those that may trigger, or any
    query: Query  # the rest, which asks for no person and no topic

    def counts(self, topic: str) -> bool:
        """Whether messages of a topic are counted."""
        if self.topics is not None:
            return topic in self.topics
        return may_trigger(self.rule, topic) if self.by_topic else True


def grouped(rule: Rule) -> Grouped | None:
    """Return what to count for each person, None where each message has to be looked at."""
    if rule.criteria is not None or rule.repeatable:
        return None
    if rule.previous is None:
        return _first_message(rule) if rule.condition is None else None
    least = _least(rule)
    return _counted(rule, rule.previous.filter, least) if least and not costly(rule) else None


def _counted(rule: Rule, source: Filter, least: int) -> Grouped | None:
    """Return what to count where a filter asks for the recipient, and else for constants alone."""
    values = dict(source.values)
    people = [key for key in PEOPLE if key in values and _is_list_of(values[key], "recipient")]
    by_topic = _is_list_of(values.get("topics"), "message.topic")
    for key in [*people, *(["topics"] if by_topic else [])]:
        del values[key]
    if len(people) != 1 or not {"msg_id", "start", "end", *PEOPLE}.isdisjoint(values):
        return None
    query = _constant(source, values)
    if query is None or query == NOTHING:
        return None
    topics = frozenset(query.topics) if query.topics else None
    return Grouped(rule, people[0], least, by_topic, topics, replace(query, topics=None))


def _constant(source: Filter, values: dict[str, Any]) -> Query | None:
    """Return the question of some values of a filter, None where they are no constants."""
    if not all(is_constant(value) for value in values.values()):
        return None
    try:
        return replace(source, values=values).query(_ANY, "")
    except RuleError:
        return None


def concerned(rule: Rule) -> Callable[[str], bool]:
    """Return what tells of a topic whether its messages may change what a rule awards."""
    if rule.criteria is None and rule.previous is None:
        return lambda topic: may_trigger(rule, topic)
    if rule.previous is not None:
        asked = rule.previous.filter.values.get("topics")
        if _is_list_of(asked, "message.topic"):
            return lambda topic: may_trigger(rule, topic)
        named = _constant(rule.previous.filter, {"topics": asked}) if asked else None
        if named is not None and named.topics:
            wanted = frozenset(named.topics)
            return lambda topic: topic in wanted or may_trigger(rule, topic)
    return lambda topic: True


def _first_message(rule: Rule) -> Grouped | None:
    """Return what finds everybody's first message, where the recipients are people of messages."""
    for key, recipient in PEOPLE.items():
        if isinstance(rule.recipient, Expression) and _same(rule.recipient.text, recipient):
            # Each topic for itself: only those that may trigger are looked at then.
            return Grouped(rule, key, 1, True, None, Query())
    return None


def _least(rule: Rule) -> int | None:
    condition = rule.condition
    if condition is None or condition.expression is not None:
        return None
    if not abs(condition.number) < MOST:
        return None
    if condition.comparison in AT_LEAST:
        least = math.ceil(condition.number)
    elif condition.comparison in MORE_THAN:
        least = math.floor(condition.number) + 1
    else:
        return None
    return least if least > 0 else None


def _is_list_of(value: object, wanted: str) -> bool:
    """Whether a filter's value is a list that holds one expression and nothing else."""
    if isinstance(value, tuple):
        return len(value) == 1 and isinstance(value[0], Expression) and _same(value[0].text, wanted)
    return isinstance(value, Expression) and _same(value.text, f"[{wanted}]")


def _same(text: str, wanted: str) -> bool:
    return ast.dump(reading.read(text)) == ast.dump(reading.read(wanted))
