# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a rule would have given, had it been in force for a while: whom, when, and why.

The messages of the archive are looked at one after the other as the consumer would have done, and
each count is made as the archive was at that message. Nothing is written, and the look is bounded:
it says where it stopped.
"""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.db import OverlongError, hurried
from issuer.errors import AccountsAwayError
from issuer.models import Award
from issuer.services import archive, planning, standings
from issuer.services.growing import Growing
from issuer.services.keeping import Entry
from rules.counting import may_trigger
from rules.engine import RuleSet
from rules.errors import MissingValueError, RuleError
from rules.model import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Badge
    from issuer.services.planning import Ask, Step
    from issuer.services.processing import Policy
    from rules.model import Message, Query, Rule

#: Messages that fit and are offered to be explained.
RECENT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one trial may look at, find and take."""

    messages: int = 20_000
    hits: int = 200
    seconds: float = 8.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that was looked at."""

    message_id: str
    topic: str
    sent_at: datetime
    agent: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody who would have got the badge, with the message and the value that did it."""

    username: str
    message: Seen
    value: int | None  # None where nothing is counted


@dataclass(slots=True)
class Trial:
    """What a trial found, and how far it came."""

    hits: list[Hit] = field(default_factory=list)
    looked_at: int = 0
    before: int = 0  # of them from before the period: they count
    triggered: int = 0
    dropped: Tally[str] = field(default_factory=Tally)  # reasons why somebody got nothing
    misfits: Tally[str] = field(default_factory=Tally)  # what messages lack
    failures: Tally[str] = field(default_factory=Tally)  # how the rule broke
    recent: deque[Seen] = field(default_factory=lambda: deque(maxlen=RECENT))
    reached: datetime | None = None  # when the last message that was looked at was sent
    cut: str = ""  # why it stopped early: messages, hits or time


@dataclass(frozen=True, slots=True)
class ArchiveThen:
    """The archive as it was when a row was the newest."""

    session: Session
    row: int

    def count(self, query: Query) -> int:
        """Return how many messages a question found."""
        return archive.count(self.session, query, upto=self.row)

    def rows(self, query: Query) -> list[archive.Row]:
        """Return the messages that a question found."""
        return archive.rows(self.session, query, upto=self.row)


def run(
    session: Session,
    rule: Rule,
    badge: Badge,
    policy: Policy,
    *,
    since: datetime,
    limits: Limits | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Trial:
    """Return what a rule would have given since a moment, had it been in force from then on.

    Raises `AccountsAwayError` where a directory of accounts does not answer.
    """
    limits = limits or Limits()
    trial = _Run(session, rule, badge, policy, since, limits, clock() + limits.seconds, clock)
    try:
        with hurried(session, limits.seconds):
            trial.walk()
    except OverlongError:
        trial.result.cut = "time"
    return trial.result


def out_of_reach(
    session: Session, badge: Badge, names: Collection[str], message_id: str
) -> dict[str, str]:
    """Return why some of a few people, named without case, get nothing from a message."""
    people = standings.find_people(session, names)
    occurrence = message_id if badge.repeatable else ""
    held = set(
        session.scalars(
            select(Award.person_id)
            .where(Award.badge_id == badge.id, Award.occurrence == occurrence)
            .where(Award.person_id.in_([person.id for person in people.values()]))
        )
    )
    reasons = {name: "has the badge" for name, person in people.items() if person.id in held}
    return reasons | {name: "opted out" for name, person in people.items() if person.away}


@dataclass(slots=True)
class _Run:
    """One trial on its way."""

    session: Session
    rule: Rule
    badge: Badge
    policy: Policy
    since: datetime
    limits: Limits
    end: float
    clock: Callable[[], float]
    result: Trial = field(default_factory=Trial)
    out: dict[str, str] = field(default_factory=dict)  # who gets nothing more, and why
    asked: set[str] = field(default_factory=set)  # about whom the database was asked
    tally: Tally[str] = field(default_factory=Tally)  # how often people triggered the rule
    growing: Growing = field(init=False)

    def __post_init__(self) -> None:
        self.growing = Growing(self.session)

    @property
    def counts_triggers(self) -> bool:
        """Whether what counts is how often a person triggered the rule."""
        rule = self.rule
        return rule.previous is None and rule.criteria is None and rule.condition is not None

    def walk(self) -> None:
        """Look at one message after the other."""
        alone = RuleSet([self.rule])
        for row, message in self._messages():
            result = self.result
            if message.sent_at < self.since:
                if not self.counts_triggers:
                    continue  # it came late, and was sent before
                result.before += 1
            if result.looked_at >= self.limits.messages or self.clock() > self.end:
                result.cut = "time" if self.clock() > self.end else "messages"
                return
            result.looked_at += 1
            result.reached = message.sent_at
            entry = Entry.of(message, message.users)
            for step in planning.plan(entry, alone, self.policy.accounts, self.policy.skip_users):
                self._step(row, message, step)
            if len(result.hits) >= self.limits.hits:
                del result.hits[self.limits.hits :]
                result.cut = "hits"
                return

    def _messages(self) -> Iterator[tuple[int, Message]]:
        begin = archive.begin_of(self.session, self.since)
        if begin is None:
            return
        after = 0 if self.counts_triggers else begin - 1
        while found := archive.batch(
            self.session, lambda topic: may_trigger(self.rule, topic), after=after
        ):
            yield from found
            after = found[-1][0]

    def _step(self, row: int, message: Message, step: Step) -> None:
        """Take in what a message made of the rule; from before the period only the tally counts."""
        result, now = self.result, message.sent_at >= self.since
        seen = Seen(message.id, message.topic, message.sent_at, message.agent_name)
        if now and step.error is None:
            result.triggered += 1
            result.recent.append(seen)
        try:
            hits = self._earned(row, message, step, seen)
        except MissingValueError as error:
            result.misfits[str(error)] += now
            return
        except AccountsAwayError:
            raise
        except RuleError as error:
            result.failures[str(error)] += now
            return
        if not now:
            return
        result.dropped.update(reason for _, reason in step.dropped)
        for name, hit in hits:
            result.hits.append(hit)
            if not self.badge.repeatable:
                self.out[name] = "has the badge"

    def _earned(self, row: int, message: Message, step: Step, seen: Seen) -> list[tuple[str, Hit]]:
        """Return who earned the badge with a message; raises `RuleError` as the engine does."""
        if step.error is not None:
            raise step.error
        self.tally.update(ask.candidate.name for ask in step.asks if self.counts_triggers)
        if seen.sent_at < self.since:
            return []
        hits: list[tuple[str, Hit]] = []
        fulfilled: bool | None = None
        reasons = self._reasons(message, [ask.candidate.name for ask in step.asks])
        for ask in step.asks:
            name = ask.candidate.name
            if name in reasons:
                self.result.dropped[reasons[name]] += 1
                continue
            if fulfilled is None:
                then = ArchiveThen(self.session, row)
                criteria = self.rule.criteria
                fulfilled = criteria is None or criteria(message, then)
            value = self._value(row, message, ask) if fulfilled else None
            if fulfilled and (value is None or self.rule.accepts(value)):
                hits.append((name, Hit(ask.username, seen, value)))
        return hits

    def _reasons(self, message: Message, names: list[str]) -> dict[str, str]:
        if self.badge.repeatable:
            return out_of_reach(self.session, self.badge, names, message.id)
        unknown = set(names) - self.asked
        if unknown:
            self.out.update(out_of_reach(self.session, self.badge, unknown, message.id))
            self.asked |= unknown
        return self.out

    def _value(self, row: int, message: Message, ask: Ask) -> int | None:
        if ask.error is not None:
            raise ask.error
        if self.counts_triggers:
            return self.tally[ask.candidate.name]
        if self.rule.previous is None:
            return None
        if ask.question is not None:
            return self.growing.count(ask.question, row)
        query = ask.query
        if query is None or query is NOTHING:
            return 0
        then = ArchiveThen(self.session, row)
        if self.rule.needs_rows:
            return self.rule.value(message, then.rows(query))
        return then.count(query)
