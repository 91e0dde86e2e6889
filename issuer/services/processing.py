# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one way of a message: archive, count, award, announce, in the caller's transaction.

The consumer, the replay, the events of programs and the dry run of admins all come through here.
A group of messages has the same effects as its messages one after the other.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import update

from issuer.errors import AccoladesError
from issuer.models import Rule, Source
from issuer.services import awards, histories, planning, python_badges, standings, tallies
from issuer.services.awards import Cause, Gift
from issuer.services.keeping import Entry
from issuer.services.standings import Wish
from rules.errors import MissingValueError, RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.awards import Given
    from issuer.services.planning import Step
    from issuer.services.python_badges import Made
    from issuer.services.standings import Standing
    from issuer.services.tallies import Tallies
    from rules.engine import RuleSet
    from rules.model import Message
    from rules.plugins import PythonBadge
    from rules.recipients import Accounts

log = logging.getLogger(__name__)

MAX_FAILURE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for all messages: who is who, who is skipped, where recipients have mail."""

    accounts: Accounts
    skip_users: frozenset[str]
    email_domain: str
    message_url: str = ""  # with `{id}`: where people read a message
    plugins: tuple[PythonBadge, ...] = ()

    def cause_url(self, message: Message) -> str | None:
        """Address where people read what caused an award."""
        return self.message_address(message.id)

    def message_address(self, message_id: str) -> str | None:
        """Address where people read a message, where there is one."""
        named = quote(message_id, safe="")
        return self.message_url.replace("{id}", named) if self.message_url else None


@dataclass(slots=True)
class Processed:
    """What became of a message."""

    message_id: str
    duplicate: bool = False
    given: list[Given | Made] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)  # rule, reason
    misfits: list[tuple[str, str]] = field(default_factory=list)  # rule, what the message lacks
    dropped: list[tuple[str, str]] = field(default_factory=list)  # candidate, reason


def process(
    session: Session,
    message: Message,
    ruleset: RuleSet,
    policy: Policy,
    *,
    users: Iterable[str],
    now: datetime,
) -> Processed:
    """Archive a message and make the awards that it earns; the same message twice changes nothing.

    ``users`` are the people that the archive keeps with it. A broken rule is recorded and the
    others still run. Database errors are the caller's.
    """
    return process_batch(session, [(message, users)], ruleset, policy, now=now)[0]


def process_batch(
    session: Session,
    messages: Sequence[tuple[Message, Iterable[str]]],
    ruleset: RuleSet,
    policy: Policy,
    *,
    now: datetime,
) -> list[Processed]:
    """Process messages with their users as `process` does, in a few statements for all of them."""
    results = [Processed(message.id) for message, _ in messages]
    entries: dict[str, Entry] = {}
    firsts: dict[str, Processed] = {}
    for (message, users), result in zip(messages, results, strict=True):
        if message.id in entries:
            result.duplicate = True
        else:
            entries[message.id], firsts[message.id] = Entry.of(message, users), result
    plans = {
        name: planning.plan(entry, ruleset, policy.accounts, policy.skip_users)
        for name, entry in entries.items()
    }
    rows, standing = standings.take(session, list(entries.values()), _wish(plans.values()), now=now)
    cases = []
    for name, entry in entries.items():
        if name in rows:
            entry.row = rows[name]
            cases.append(_Case(entry, plans[name], firsts[name]))
        else:
            firsts[name].duplicate = True
    # Their values were read before they went.
    standing.forget(histories.forget_late(session, [case.entry for case in cases]))
    if cases:
        _decide_all(session, cases, standing, policy, now)
    return results


@dataclass(slots=True)
class _Case:
    """A message that was kept, what its rules ask, and what becomes of it."""

    entry: Entry
    steps: list[Step]
    result: Processed


def _wish(plans: Iterable[list[Step]]) -> Wish:
    steps = [step for plan in plans for step in plan]
    return Wish(
        candidates=[candidate for step in steps for candidate in step.candidates],
        slugs=list(dict.fromkeys(step.rule.slug for step in steps)),
        counters=list(dict.fromkeys(question.key for step in steps for question in step.questions)),
        alone={lock for step in steps for lock in step.locks},
    )


def _decide_all(
    session: Session, cases: list[_Case], standing: Standing, policy: Policy, now: datetime
) -> None:
    entries = [case.entry for case in cases]
    steps = [step for case in cases for step in case.steps]
    counted = tallies.Tallies(session, entries, standing, policy.accounts, now)
    counted.start(steps)
    judge = _Judge(counted, standing, policy)
    for place, case in enumerate(cases):
        for step in case.steps:
            judge.judge(place, case, step)
    counted.remember()
    made = awards.give(session, judge.gifts, email_domain=policy.email_domain, now=now)
    for case, given in zip(judge.receivers, made, strict=True):
        if given is not None:
            case.result.given.append(given)
    _record(session, judge.broken, now)
    for case in cases:
        _ask_plugins(session, case, policy, now)


def _ask_plugins(session: Session, case: _Case, policy: Policy, now: datetime) -> None:
    """Let badges in Python hear of a message; what they decide is a matter of its own."""
    if not policy.plugins:
        return
    for answer in python_badges.hear(session, case.entry.message, policy, now=now):
        if answer.made is not None:
            case.result.given.append(answer.made)
        elif answer.failed:
            case.result.failures.append((answer.slug, answer.reason))
        else:
            case.result.dropped.append((answer.username, answer.reason))


class _Judge:
    """Decides who gets what for one message after the other."""

    def __init__(self, counted: Tallies, standing: Standing, policy: Policy) -> None:
        self._tallies = counted
        self._standing = standing
        self._policy = policy
        self._now_held: set[tuple[int, str, str]] = set()
        self.gifts: list[Gift] = []
        self.receivers: list[_Case] = []
        self.broken: dict[int, list[str]] = {}  # by the row of the rule, what went wrong

    def judge(self, place: int, case: _Case, step: Step) -> None:
        """Decide what one rule gives for a message: to all who earned it, or nothing."""
        rule = self._standing.rules.get(step.rule.slug)
        if rule is None or not rule.active:
            return
        try:
            gifts = self._earned(place, case, step)
        except (RuleError, AccoladesError) as error:
            if isinstance(error, MissingValueError):
                # Of another shape than the rule expects: it does not match, nothing is broken.
                log.info(
                    "rule %s does not fit message %s: %s", rule.slug, case.entry.message.id, error
                )
                case.result.misfits.append((rule.slug, str(error)))
                return
            log.warning("rule %s fails on message %s: %s", rule.slug, case.entry.message.id, error)
            case.result.failures.append((rule.slug, str(error)))
            self.broken.setdefault(rule.id, []).append(str(error))
            return
        for gift in gifts:
            self._now_held.add((gift.badge_id, gift.key, gift.occurrence))
            self.gifts.append(gift)
            self.receivers.append(case)

    def _earned(self, place: int, case: _Case, step: Step) -> list[Gift]:
        if step.error is not None:
            raise step.error
        message, rule = case.entry.message, self._standing.rules[step.rule.slug]
        case.result.dropped.extend(step.dropped)
        occurrence = message.id if rule.repeatable else ""
        gifts: list[Gift] = []
        fulfilled: bool | None = None  # asked once, when somebody may get the badge
        for ask in step.asks:
            holder = self._standing.people.get(ask.candidate.name)
            key = holder.key if holder else ask.candidate.name
            if reason := self._out_of_reach(ask, rule.badge_id, key, occurrence):
                case.result.dropped.append((ask.username, reason))
                continue
            if fulfilled is None:
                fulfilled = self._tallies.fulfilled(place, step.rule)
            if fulfilled and self._tallies.reached(place, step.rule, ask):
                url = self._policy.cause_url(message)
                cause = Cause(source=Source.RULE, id=message.id, url=url, evidence=_evidence(url))
                gifts.append(
                    Gift(
                        badge_id=rule.badge_id,
                        username=ask.username,
                        holder=holder,
                        cause=cause,
                        issued_at=message.sent_at,
                        occurrence=occurrence,
                    )
                )
        return gifts

    def _out_of_reach(
        self, ask: planning.Ask, badge_id: int, key: str, occurrence: str
    ) -> str | None:
        """Return why somebody gets nothing, before anything costly is looked at."""
        holder = self._standing.people.get(ask.candidate.name)
        if self._standing.rules[ask.candidate.slug].retired:
            return "the badge is retired"
        if holder is not None and holder.away:
            return "opted out"
        if ask.candidate in self._standing.held or (badge_id, key, occurrence) in self._now_held:
            return "has the badge"
        return None


def _evidence(url: str | None) -> tuple[dict[str, str], ...]:
    return ({"id": url, "name": "The message that earned it"},) if url else ()


def _record(session: Session, broken: dict[int, list[str]], now: datetime) -> None:
    """Note on each broken rule how often it failed and why, for admins to see."""
    for rule_id, reasons in sorted(broken.items()):
        session.execute(
            update(Rule)
            .where(Rule.id == rule_id)
            .values(
                failures=Rule.failures + len(reasons),
                last_failure=reasons[-1][:MAX_FAILURE],
                last_failure_at=now,
            ),
            execution_options={"synchronize_session": "fetch"},
        )
