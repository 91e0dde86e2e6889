# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a message triggers and what that will ask, found out before the database is touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from issuer.errors import AccoladesError, AccountsAwayError
from issuer.services import counts
from issuer.services.standings import Candidate
from rules.counting import costly, fingerprint, locks, question
from rules.errors import RuleError
from rules.model import NOTHING
from rules.recipients import resolve

if TYPE_CHECKING:
    from collections.abc import Collection

    from issuer.services.keeping import Entry
    from rules.counting import Question
    from rules.engine import Decision, RuleSet
    from rules.model import Query, Rule
    from rules.recipients import Accounts, Resolution

    _Asked = dict[tuple[str, str | None, str], tuple[Query, Question | None]]
    _Found = dict[tuple[tuple[str, ...], ...], Resolution]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a rule asks before it gives its badge to one person."""

    username: str
    candidate: Candidate
    question: Question | None = None  # answered by a counter
    query: Query | None = None  # answered by rows
    error: Exception | None = None


@dataclass(slots=True)
class Step:
    """A rule that a message triggered or broke, and whom it may award."""

    rule: Rule
    dropped: list[tuple[str, str]] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    error: Exception | None = None

    @property
    def candidates(self) -> list[Candidate]:
        """The people, for this rule and message."""
        return [ask.candidate for ask in self.asks]

    @property
    def questions(self) -> list[Question]:
        """The counters that are asked; for triggers also the one that says they were counted."""
        found = [ask.question for ask in self.asks if ask.question is not None]
        return (
            [*found, counts.all_triggers(self.rule)]
            if found and _counts_triggers(self.rule)
            else found
        )

    @property
    def locks(self) -> list[str]:
        """What must be locked, so that nobody counts the same meanwhile."""
        if _counts_triggers(self.rule):
            return [f"r {self.rule.fingerprint}"]
        found = [lock for ask in self.asks if ask.question for lock in locks(ask.question)]
        if self.rule.criteria is not None:
            found.append(f"q {self.rule.fingerprint}")
        found += [
            f"q {self.rule.fingerprint} {ask.candidate.name}" for ask in self.asks if ask.query
        ]
        return found


def plan(entry: Entry, ruleset: RuleSet, accounts: Accounts, skip: Collection[str]) -> list[Step]:
    """Return what a message triggers; it gets an anchor for each count of triggers it advances."""
    asked: _Asked = {}
    found: _Found = {}
    steps = []
    for decision in ruleset.triggered(entry.message):
        step = Step(decision.rule, error=decision.error)
        steps.append(step)
        if step.error is not None:
            continue
        try:
            resolution = _resolved(decision, accounts, skip, found)
        except AccountsAwayError:
            raise  # it is not the rule that fails
        except (RuleError, AccoladesError) as error:
            step.error = error
            continue
        step.dropped = [*decision.dropped, *resolution.dropped]
        step.asks = [_ask(entry, decision.rule, name, asked) for name in resolution.usernames]
    return steps


def _resolved(
    decision: Decision, accounts: Accounts, skip: Collection[str], found: _Found
) -> Resolution:
    """Return the accounts of candidates; rules that name the same ones share the answer."""
    rule, names = decision.rule, decision.candidates
    if any(type(name) is not str for name in names):  # a folded name knows how it was written
        return resolve(rule, names, accounts, skip)
    same = names, rule.conversions, rule.keeping
    if same not in found:
        found[same] = resolve(rule, names, accounts, skip)
    return found[same]


def _ask(entry: Entry, rule: Rule, username: str, asked: _Asked) -> Ask:
    candidate = Candidate(rule.slug, username.lower(), entry.message.id)
    if _counts_triggers(rule):
        counter = counts.triggers(rule, username)
        entry.anchors.update(dict.fromkeys(counter.anchors))
        return Ask(username, candidate, question=counter)
    if rule.previous is None:
        return Ask(username, candidate)
    # Rules with the same filter ask the same: it is found out once for a message and a person.
    same = fingerprint(rule.previous.filter), costly(rule), username
    try:
        if same not in asked:
            query = rule.query(entry.message, username) or NOTHING
            asked[same] = query, question(rule, query)
    except RuleError as error:
        return Ask(username, candidate, error=error)
    query, counted = asked[same]
    if counted is not None:
        return Ask(username, candidate, question=counted)
    return Ask(username, candidate, query=query)


def _counts_triggers(rule: Rule) -> bool:
    return rule.previous is None and rule.criteria is None and rule.condition is not None
