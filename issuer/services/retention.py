# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lets old messages go from the archive, once everything that counts them knows its sum.

Before a message goes, each rule that may count it gets its counter for everybody whom the message
names: its first value is what the archive still holds, this message included, and counters are
never made anew of the archive. What a counter cannot stand for stays, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, text

from issuer.models import ArchivedMessage, Topic
from issuer.services import archive, counts, keeping, postgres
from issuer.services.keeping import Entry
from rules.counting import costly, locks, question
from rules.errors import RuleError
from rules.pushing import concerned, grouped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from rules.counting import Question
    from rules.model import Message, Rule
    from rules.pushing import Grouped

BATCH = 200
_LOCK = text("SELECT pg_advisory_xact_lock(:class, :place)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of old messages of a topic: they stay for a reason, or go once counted."""

    reason: str = ""
    counted: tuple[Grouped, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Which messages may go: topics by their rows, and the topics that stay, with reasons."""

    open: dict[int, Verdict]
    kept: dict[str, str]


def plan(session: Session, rules: Iterable[Rule], *, before: datetime) -> Plan:
    """Look at every topic that has messages sent, and received, before a moment."""
    rules, open_topics, kept = list(rules), {}, {}
    for row, name in session.execute(select(Topic.id, Topic.name).order_by(Topic.name)).all():
        is_there = exists().where(ArchivedMessage.topic_id == row, _is_old(before))
        if not session.scalar(select(is_there)):
            continue
        verdict = judge(session, rules, name)
        if verdict.reason:
            kept[name] = verdict.reason
        else:
            open_topics[row] = verdict
    return Plan(open_topics, kept)


def judge(session: Session, rules: Iterable[Rule], topic: str) -> Verdict:
    """Return what the rules in force allow to happen to old messages of a topic."""
    counted = []
    for rule in rules:
        if not concerned(rule)(topic):
            continue
        reason = _why_rows(session, rule)
        if reason:
            return Verdict(f"the rule {rule.slug} needs them: {reason}")
        found = grouped(rule) if rule.previous is not None else None
        if found is not None and found.counts(topic):
            counted.append(found)
    return Verdict(counted=tuple(counted))


def prune(
    session: Session, planned: Plan, *, before: datetime, after: int, now: datetime
) -> tuple[int, int | None]:
    """Delete some old messages after a row, in the order of rows; their counters are made first.

    Returns how many went, and the last row that was looked at: None at the end.
    """
    some = (
        select(ArchivedMessage.id, ArchivedMessage.topic_id)
        .where(ArchivedMessage.id > after, _is_old(before))
        .where(ArchivedMessage.topic_id.in_(planned.open))
        .order_by(ArchivedMessage.id)
        .limit(BATCH)
    )
    topics: dict[int, int] = dict(session.execute(some).all())
    if not topics:
        return 0, None
    asked: dict[str, tuple[Question, str]] = {}
    gone = []
    for row, message in archive.fetch(session, list(topics)):
        found = _questions(message, planned.open[topics[row]].counted)
        if found is not None:
            asked.update({question.key: (question, person) for question, person in found})
            gone.append(row)
    _ensure_counters(session, asked, now)
    session.execute(delete(ArchivedMessage).where(ArchivedMessage.id.in_(gone)))
    return len(gone), max(topics)


def _is_old(before: datetime) -> ColumnElement[bool]:
    # One that came late is new to those who count, whenever it was sent.
    return (ArchivedMessage.sent_at < before) & (ArchivedMessage.received_at < before)


def _why_rows(session: Session, rule: Rule) -> str:
    """Return why a rule needs messages themselves, nothing where counters are enough for it."""
    if rule.criteria is None and rule.previous is None:
        counted = counts.values(session, [counts.all_triggers(rule).key])
        if rule.condition is not None and not counted:
            return "it did not count yet who triggered it"
        return ""
    if reason := costly(rule):
        return reason
    return "" if grouped(rule) is not None else "it does not count for one person at a time"


def _questions(message: Message, counted: Sequence[Grouped]) -> list[tuple[Question, str]] | None:
    """Return all questions that a message is counted for, each with its person.

    None where that cannot be told: such a message stays.
    """
    entry = Entry.of(message, message.usernames)
    agents = [entry.agent] if entry.agent else []
    found = []
    for each in counted:
        for name in entry.users if each.people == "users" else agents:
            try:
                query = each.rule.query(message, name)
            except RuleError:
                return None
            asked = question(each.rule, query) if query is not None else None
            if asked is None:
                return None
            if counts.finds(asked, entry):
                found.append((asked, name))
    return found


def _ensure_counters(
    session: Session, asked: dict[str, tuple[Question, str]], now: datetime
) -> None:
    known = counts.values(session, list(asked))
    missing = [item for key, item in asked.items() if key not in known]
    if not missing:
        return
    if postgres.is_used(session):
        _lock(session, {name for asking, _ in missing for name in locks(asking)})
        # Somebody may have made them while we waited; theirs knows messages that came meanwhile.
        known = counts.values(session, [asking.key for asking, _ in missing])
        missing = [item for item in missing if item[0].key not in known]
    counts.start(session, missing, now=now)


def _lock(session: Session, names: Collection[str]) -> None:
    """Keep everybody out who would count the same, as whoever makes counters does."""
    for place in keeping.lock_places([], names):
        session.execute(_LOCK, {"class": postgres.LOCK_CLASS, "place": place})
