# SPDX-License-Identifier: AGPL-3.0-or-later
"""Counters: how many archived messages a question finds, however many there are.

A counter is made when a rule first asks its question: the archive gives the first value, under a
lock that keeps every message out that the question could find. From then on each message that the
question finds advances it, in the message's own transaction, whether it triggers a rule or not.
A changed filter is another question, with counters of its own.
"""

from __future__ import annotations

import math
from collections import Counter as Tally
from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import bindparam, delete, select, update

from issuer.db import insert_once
from issuer.models import Counter, CounterAnchor
from issuer.services import archive, histories, postgres, remembered
from rules.counting import MOMENTS, NAMES, Question, costly, digest, fingerprint, may_trigger
from rules.engine import RuleSet
from rules.model import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from issuer.services.keeping import Entry
    from rules.model import Rule
    from rules.recipients import Accounts

#: Values that go into one statement of SQLite, which bounds them.
CHUNK = 500
#: How the filters of those counters begin that count how often a person triggered a rule.
TRIGGERS = "triggers "
_counters = cast("Table", Counter.__table__)
_ADVANCE = (
    update(_counters)
    .where(_counters.c.id == bindparam("row"))
    .values(value=_counters.c.value + bindparam("number"), updated_at=bindparam("now"))
)


def triggers(rule: Rule, username: str) -> Question:
    """Return what a rule with a condition and no filter asks: how often a person triggered it."""
    key = triggers_key(f"{TRIGGERS}{rule.fingerprint}", username)
    return Question(key, f"{TRIGGERS}{rule.fingerprint}", {}, (f"r {key}",), Query())


def triggers_key(asked: str, username: str) -> str:
    """Return the key of the counter of how often a person triggered a rule, by its filter."""
    return digest("triggers", asked.removeprefix(TRIGGERS), username.lower())


@lru_cache(maxsize=4_096)
def all_triggers(rule: Rule) -> Question:
    """Return the counter that says whether the triggers of a rule were counted at all."""
    key = digest("triggers", rule.fingerprint)
    return Question(key, f"{TRIGGERS}{rule.fingerprint}", {}, (), Query())


def goal(rule: Rule) -> tuple[str | None, int | None]:
    """Return whose counters a rule asks and the value that earns its badge, or neither.

    Only where the value has to grow to it: that is what a person can be on the way to.
    """
    condition = rule.condition
    if condition is None or condition.expression is not None:
        return None, None
    if costly(rule) and not remembered.is_remembered(rule):
        return None, None
    name = condition.comparison.removeprefix("is ")
    if name == "greater than":
        return filter_of(rule), math.floor(condition.number) + 1
    if name in ("greater than or equal to", "equal to"):
        return filter_of(rule), math.ceil(condition.number)
    return None, None


def topic(rule: Rule) -> str | None:
    """Return the ending of the topics that count for a rule, None unless there is just one.

    It is empty where the counters are of this rule alone.
    """
    if rule.previous is None or remembered.is_remembered(rule):
        return ""
    return _only_topic(rule)


def _only_topic(rule: Rule) -> str | None:
    needs = rule.trigger.needs
    if needs is None or needs.categories or len(needs.suffixes) != 1:
        return None
    return next(iter(needs.suffixes))


def finds(question: Question, entry: Entry) -> bool:
    """Whether a message is one that the question finds."""
    return any(anchor in entry.anchors for anchor in question.anchors) and question.query.matches(
        entry.message, entry.users
    )


def advance(session: Session, entries: Iterable[Entry], *, now: datetime) -> None:
    """Advance all counters whose question finds one of the messages, by how many it finds.

    For databases with one writer at a time; on PostgreSQL `standings.take` does it.
    """
    entries = list(entries)
    found = select(CounterAnchor.anchor, Counter.id, Counter.facts).join(
        Counter, CounterAnchor.counter_id == Counter.id
    )
    anchors = list(dict.fromkeys(anchor for entry in entries for anchor in entry.anchors))
    counters: defaultdict[str, dict[int, Query]] = defaultdict(dict)
    for start in range(0, len(anchors), CHUNK):
        some = found.where(CounterAnchor.anchor.in_(anchors[start : start + CHUNK]))
        for anchor, row, facts in session.execute(some):
            counters[anchor][row] = query_of(facts)
    steps: Tally[int] = Tally()
    for entry in entries:
        near = {row: query for each in entry.anchors for row, query in counters[each].items()}
        steps.update(
            row for row, query in near.items() if query.matches(entry.message, entry.users)
        )
    if steps:
        advanced = [
            {"row": row, "number": number, "now": now} for row, number in sorted(steps.items())
        ]
        session.connection().execute(_ADVANCE, advanced)


def values(session: Session, keys: Sequence[str]) -> dict[str, int]:
    """Return the values of the counters that there are."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), CHUNK):
        some = Counter.key.in_(keys[start : start + CHUNK])
        statement = select(Counter.key, Counter.value).where(some)
        found.update(session.execute(statement).all())
    return found


def start(
    session: Session, asked: Sequence[tuple[Question, str]], *, now: datetime
) -> dict[str, int]:
    """Make the counters of questions that nobody asked before, each for a person without case.

    Returns their values: what the archive holds, the messages of this transaction included, and
    what a history outside adds. The locks of the questions must be held. Raises
    `HistoryNeededError` when the history has to be asked first.
    """
    items = []
    past = histories.before(session, [question for question, _ in asked])
    for question, person in asked:
        kind = _one_name(question) if past is None else ""
        value = 0 if kind else archive.count(session, question.query)
        value += past[question.key] if past is not None else 0
        items.append(_item(question, person, value, kind))
    return _make(session, items, now)


def count_triggers(
    session: Session, rule: Rule, accounts: Accounts, *, now: datetime
) -> dict[str, int]:
    """Make the counters of all who ever triggered a rule that has no filter; return the values.

    The archive is read once for a rule, and of it only the topics that may trigger it.
    """
    alone, everybody = RuleSet([rule]), cast("Accounts", _Everybody(accounts))
    tally = Tally(histories.triggers_before(session, rule, everybody))
    for message in archive.messages(session, lambda topic: may_trigger(rule, topic)):
        tally.update(histories.candidates(alone, rule, message, everybody))
    items = [_item(triggers(rule, name), name, number) for name, number in sorted(tally.items())]
    return _make(session, [*items, _item(all_triggers(rule), None, 1)], now)


def set_value(
    session: Session, question: Question, person: str, value: int, *, now: datetime
) -> None:
    """Make the counter of a question whose value is known."""
    _make(session, [_item(question, person, value)], now)


def forget_others(session: Session, rules: Iterable[Rule]) -> None:
    """Remove all counters that none of these rules, those in force, can ask."""
    kept = {filter_of(rule) for rule in rules}
    asked = select(Counter.filter).distinct()
    for name in session.scalars(asked).all():
        if name not in kept:
            session.execute(delete(Counter).where(Counter.filter == name))


@lru_cache(maxsize=4_096)
def filter_of(rule: Rule) -> str:
    """Return whose counters a rule asks, or under what its values are remembered."""
    if remembered.is_remembered(rule):
        return remembered.name(rule, _only_topic(rule))
    if rule.previous is not None:
        return fingerprint(rule.previous.filter)
    return f"{TRIGGERS}{rule.fingerprint}"


def _item(question: Question, person: str | None, value: int, kind: str = "") -> dict[str, Any]:
    return {
        "key": question.key,
        "filter": question.filter,
        "person": person,
        "facts": question.facts,
        "anchors": question.anchors,
        "kind": kind,
        "name": question.facts[kind][0] if kind else None,
        "at": question.facts["topics"] if kind else None,
        "value": value,
    }


def _one_name(question: Question) -> str:
    """Return the key of the name if a question asks for one name and topics, nothing else."""
    facts = question.facts
    for key in NAMES:
        if facts.keys() == {key, "topics"} and len(facts[key]) == 1:
            return key
    return ""


def _make(session: Session, items: Sequence[dict[str, Any]], now: datetime) -> dict[str, int]:
    if postgres.is_used(session):
        questions = postgres.text(items)
        made = postgres.run(session, postgres.OPEN, questions=questions, now=now)
        return {row[0]: row[1] for row in made}
    result = {}
    for item in items:
        if item["kind"]:
            item["value"] = archive.count(session, query_of(item["facts"]))
        columns = {
            "key": item["key"],
            "filter": item["filter"],
            "person_key": item["person"],
            "facts": item["facts"],
            "value": item["value"],
            "updated_at": now,
        }
        insert_once(session, Counter, columns, unique=("key",))
        row = session.scalars(select(Counter.id).filter_by(key=item["key"])).one()
        for anchor in item["anchors"]:
            values = {"anchor": anchor, "counter_id": row}
            insert_once(session, CounterAnchor, values, unique=("anchor", "counter_id"))
        result[item["key"]] = item["value"]
    return result


def query_of(facts: dict[str, Any]) -> Query:
    """Return the question that facts of a counter stand for."""
    read: dict[str, Any] = {
        key: datetime.fromisoformat(value) if key in MOMENTS else tuple(value)
        for key, value in facts.items()
    }
    return Query(**read)


class _Everybody:
    """Accounts that all exist: a counter of somebody who does not is never asked."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._known: dict[tuple[str, str], str | None] = {}

    def exists(self, username: str) -> bool:
        """Whether there is an account of that name."""
        return True

    def __getattr__(self, conversion: str) -> Any:
        """Return a conversion that asks for each name once."""

        def convert(name: str) -> str | None:
            if (conversion, name) not in self._known:
                self._known[conversion, name] = getattr(self._accounts, conversion)(name)
            return self._known[conversion, name]

        return convert
