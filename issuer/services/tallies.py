# SPDX-License-Identifier: AGPL-3.0-or-later
"""The values of rules for the messages of one transaction, each as it was at its message.

Counters and archive already hold all messages of the group. The value at one of them is what they
hold, less what the later messages of the group brought.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from issuer.services import archive, counts, remembered
from rules.model import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.keeping import Entry
    from issuer.services.planning import Ask, Step
    from issuer.services.standings import Standing
    from rules.counting import Question
    from rules.model import Query, Rule
    from rules.recipients import Accounts


class Tallies:
    """Answers what rules ask about the messages of a group."""

    def __init__(
        self,
        session: Session,
        entries: Sequence[Entry],
        standing: Standing,
        accounts: Accounts,
        now: datetime,
    ) -> None:
        self._session = session
        self._entries = entries
        self._standing = standing
        self._accounts = accounts
        self._now = now
        self._values = dict(standing.values)
        self._read_values: dict[tuple[str, str], int] = {}  # by whose value it is, and the person
        self._places: dict[str, list[int]] = {}  # of messages, by anchor
        for place, entry in enumerate(entries if len(entries) > 1 else ()):
            for anchor in entry.anchors:
                self._places.setdefault(anchor, []).append(place)

    def start(self, steps: Iterable[Step]) -> None:
        """Make the counters that are asked for the first time by somebody who may get a badge."""
        missing: dict[str, tuple[Question, str]] = {}
        for step in steps:
            rule = self._standing.rules.get(step.rule.slug)
            if rule is None:
                continue
            wanted = rule.active and not rule.retired
            asks = [
                ask for ask in step.asks if ask.question and ask.question.key not in self._values
            ]
            if step.rule.previous is None:
                self._start_triggers(step.rule, asks, wanted=wanted)
            elif wanted:
                missing.update(
                    (ask.question.key, (ask.question, ask.candidate.name))
                    for ask in asks
                    if ask.question and not self._is_answered(ask)
                )
        if missing:
            made = counts.start(self._session, list(missing.values()), now=self._now)
            self._values.update(made)

    def fulfilled(self, place: int, rule: Rule) -> bool:
        """Tell whether the criteria hold that a rule asks once for a message, not for each person.

        Raises `RuleError` when the rule cannot be evaluated.
        """
        if rule.criteria is None:
            return True
        later = tuple(entry.row for entry in self._entries[place + 1 :])
        return rule.criteria(self._entries[place].message, _ArchiveThen(self._session, later))

    def reached(self, place: int, rule: Rule, ask: Ask) -> bool:
        """Tell whether a rule's condition holds for a person at the message at ``place``.

        Raises `RuleError` when the rule cannot be evaluated.
        """
        if ask.error is not None:
            raise ask.error
        if ask.question is not None:
            return rule.accepts(self._value(place, ask.question))
        if ask.query is not None:
            return rule.accepts(self._read(place, rule, ask))
        return True

    def remember(self) -> None:
        """Keep the values that were made of rows, for people to see how far they are."""
        remembered.keep(self._session, self._read_values, now=self._now)

    def _value(self, place: int, asked: Question) -> int:
        later = {
            each
            for anchor in asked.anchors
            for each in self._places.get(anchor, ())
            if each > place
        }
        return self._values[asked.key] - sum(
            counts.finds(asked, self._entries[each]) for each in later
        )

    def _read(self, place: int, rule: Rule, ask: Ask) -> int:
        query = ask.query
        if query is None or query is NOTHING:
            return 0
        later = [entry.row for entry in self._entries[place + 1 :]]
        if not rule.needs_rows:
            return archive.count(self._session, query, without=later)
        rows = archive.rows(self._session, query, without=later)
        value = rule.value(self._entries[place].message, rows)
        if remembered.is_remembered(rule):
            self._read_values[counts.filter_of(rule), ask.candidate.name] = value
        return value

    def _is_answered(self, ask: Ask) -> bool:
        holder = self._standing.people.get(ask.candidate.name)
        return ask.candidate in self._standing.held or (holder is not None and holder.away)

    def _start_triggers(self, rule: Rule, asks: list[Ask], *, wanted: bool) -> None:
        """Make counters of triggers: of all who ever triggered a rule, then of each new person.

        Those of new people are made even if they get nothing now, or their count would have gaps.
        """
        if not asks:
            return
        if counts.all_triggers(rule).key not in self._values:
            if not wanted or all(self._is_answered(ask) for ask in asks):
                return
            made = counts.count_triggers(self._session, rule, self._accounts, now=self._now)
            self._values.update(made)
        for ask in asks:
            asked = ask.question
            if asked is not None and asked.key not in self._values:
                value = sum(counts.finds(asked, entry) for entry in self._entries)
                counts.set_value(self._session, asked, ask.candidate.name, value, now=self._now)
                self._values[asked.key] = value


@dataclass(frozen=True, slots=True)
class _ArchiveThen:
    """The archive as it was at one message of the group, in the form that criteria ask."""

    session: Session
    later: tuple[int, ...]

    def count(self, query: Query) -> int:
        """Return how many messages a question finds."""
        return archive.count(self.session, query, without=self.later)

    def rows(self, query: Query) -> list[archive.Row]:
        """Return the messages that a question finds."""
        return archive.rows(self.session, query, without=self.later)
