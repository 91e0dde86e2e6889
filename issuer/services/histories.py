# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a history outside adds to the first value of a counter, each message once.

Our archive answers for itself. The history answers for messages sent before the moment from which
this site listens, without those that our archive has. It is asked between transactions: a service
that needs an answer raises `HistoryNeededError`, whoever opened the transaction lets it go, asks,
and begins again; if the archive holds other messages by then, the answer is for nothing.
"""

from __future__ import annotations

import logging
from collections import Counter as Tally
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import delete, select

from issuer.db import insert_once
from issuer.errors import HistoryAwayError
from issuer.models import Counter, CounterAnchor, Setting, Topic
from issuer.services import archive
from rules.counting import digest, may_trigger
from rules.engine import RuleSet
from rules.recipients import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

    from issuer.adapters.history.asking import History
    from issuer.services.keeping import Entry
    from rules.counting import Question
    from rules.model import Message, Query, Rule
    from rules.recipients import Accounts

log = logging.getLogger(__name__)

#: Where a session carries what the history said.
KEY = "history"
SETTING = "history"
TRIES = 5  # of one question
#: Messages that are looked up at once, and values that go into one statement.
BATCH = CHUNK = 500

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Triggers:
    """Who triggered a rule, how often: for that its messages are looked at."""

    rule: Rule
    accounts: Accounts
    known: tuple[str, ...]  # topics


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to ask the history, and the messages that our archive answers for."""

    key: str
    own: frozenset[str]
    query: Query | None = None
    triggers: Triggers | None = None  # what is counted where there is no query


class HistoryNeededError(Exception):
    """The history has to be asked before this transaction can do its work."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        super().__init__(f"{len(wanted)} questions for the history")
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Past:
    """A history, the moment where it ends, and what it said for one piece of work."""

    history: History
    until: datetime
    said: dict[str, tuple[frozenset[str], Any]] = field(default_factory=dict)

    def anew(self) -> Past:
        """Return the same for another piece of work."""
        return Past(self.history, self.until)

    def ask(self, needed: HistoryNeededError) -> None:
        """Ask what is needed; no transaction may be open. Raises what `History` raises."""
        for wanted in needed.wanted:
            answer: object = None
            if wanted.query is not None:
                answer = self.history.count(wanted.query, until=self.until, without=wanted.own)
            elif wanted.triggers is not None:
                answer = self._tally(wanted.triggers, wanted.own)
            self.said[wanted.key] = wanted.own, answer

    def _tally(self, asked: Triggers, own: frozenset[str]) -> Tally[str]:
        alone, tally = RuleSet([asked.rule]), Tally[str]()
        for message in self.history.messages(
            lambda topic: may_trigger(asked.rule, topic), asked.known, until=self.until
        ):
            if message.id not in own:
                tally.update(candidates(alone, asked.rule, message, asked.accounts))
        return tally


def answered(past: Past | None, work: Callable[[Past | None], _Result]) -> _Result:
    """Do a piece of work in a transaction of its own, again whenever it needs an answer first.

    The history is asked in between, so that nobody waits for its answer but this. Raises what
    `History` raises.
    """
    carried, asked = past.anew() if past is not None else None, Tally[str]()
    while True:
        try:
            return work(carried)
        except HistoryNeededError as needed:
            if carried is None:
                raise
            asked.update(wanted.key for wanted in needed.wanted)
            if max(asked.values(), default=0) > TRIES:
                raise HistoryAwayError(
                    "history: the archive changes faster than it can be asked"
                ) from needed
            carried.ask(needed)


def candidates(alone: RuleSet, rule: Rule, message: Message, accounts: Accounts) -> set[str]:
    """Return whom a message triggers a rule for, without case."""
    names: set[str] = set()
    for found in alone.triggered(message):
        if found.error is None:
            usernames = resolve(rule, found.candidates, accounts, ()).usernames
            names.update(name.lower() for name in usernames)
    return names


def past_of(session: Session) -> Past | None:
    """Return what a session carries."""
    return cast("Past | None", session.info.get(KEY))


def before(session: Session, questions: Iterable[Question]) -> dict[str, int] | None:
    """Return what the history adds to the values of questions; None where there is no history.

    Raises `HistoryNeededError` when it has to be asked.
    """
    past = past_of(session)
    if past is None:
        return None
    found: dict[str, int] = {}
    missing: list[Wanted] = []
    for question in questions:
        own = archive.ids(session, question.query, until=past.until)
        said, answer = past.said.get(question.key, (None, 0))
        if said == own:
            found[question.key] = answer
        else:
            missing.append(Wanted(question.key, own, query=question.query))
    if missing:
        raise HistoryNeededError(missing)
    return found


def triggers_before(session: Session, rule: Rule, accounts: Accounts) -> Mapping[str, int]:
    """Return how often people triggered a rule in the history, by names without case.

    Raises `HistoryNeededError` when it has to be asked.
    """
    past = past_of(session)
    if past is None:
        return {}
    names = session.scalars(select(Topic.name)).all()
    known = tuple(sorted(name for name in names if may_trigger(rule, name)))
    own = archive.ids_of(session, lambda topic: may_trigger(rule, topic), until=past.until)
    key = digest("triggers", rule.fingerprint, *known)
    said, answer = past.said.get(key, (None, {}))
    if said != own:
        raise HistoryNeededError([Wanted(key, own, triggers=Triggers(rule, accounts, known))])
    return cast("Mapping[str, int]", answer)


def forget_late(session: Session, entries: Iterable[Entry]) -> set[str]:
    """Remove the counters that messages from before would advance: they may know them already.

    Returns their keys. Whoever asks next gets a first value again. The messages must be kept, with
    their locks.
    """
    past = past_of(session)
    if past is None:
        return set()
    late = [entry for entry in entries if entry.message.sent_at < past.until]
    doubtful: set[str] = set()
    for entry in late:
        anchors = list(entry.anchors)
        for start in range(0, len(anchors), CHUNK):
            some = CounterAnchor.anchor.in_(anchors[start : start + CHUNK])
            statement = select(Counter.key, Counter.filter).join(
                CounterAnchor, CounterAnchor.counter_id == Counter.id
            )
            for key, name in session.execute(statement.where(some)):
                # Counts of triggers are made for everybody at once, and so they go.
                doubtful.add(name if name.startswith("triggers ") else key)
    keys = sorted(doubtful)
    gone: set[str] = set()
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        removal = delete(Counter).where(Counter.key.in_(chunk) | Counter.filter.in_(chunk))
        gone.update(session.scalars(removal.returning(Counter.key)))
    return gone


def boundary(session: Session, history: str, wanted: datetime | None, *, now: datetime) -> datetime:
    """Return the moment from which our own archive answers: as configured, else as noted."""
    row = session.get(Setting, SETTING)
    if wanted is None and row is not None and row.value["history"] == history:
        return datetime.fromisoformat(row.value["until"])
    return wanted or now


def listen_from(
    session: Session, history: str, wanted: datetime | None, *, now: datetime
) -> datetime:
    """Return the same, and note it: without a wanted moment it is the first time this is called.

    When history or moment are others than before, all counters go: they were made of others.
    """
    moment = boundary(session, history, wanted, now=now)
    value = {"history": history, "until": moment.isoformat()}
    row = session.get(Setting, SETTING)
    if row is None:
        values = {"key": SETTING, "value": value, "updated_at": now}
        if not insert_once(session, Setting, values, unique=("key",)):
            return boundary(session, history, wanted, now=now)  # another process was quicker
    elif row.value == value:
        return moment
    else:
        row.value, row.updated_at = value, now
    session.execute(delete(Counter))
    session.flush()
    return moment


def forget(session: Session, *, now: datetime) -> None:
    """Note that there is no history any more; counters that know one go."""
    row = session.get(Setting, SETTING)
    if row is not None:
        session.delete(row)
        session.execute(delete(Counter))
        session.flush()


def messages(
    session: Session, past: Past | None, concerned: Callable[[str], bool]
) -> Iterator[Message]:
    """Yield all messages of the topics concerned: those of the history, then those of the archive.

    None comes twice. Raises what `History` raises.
    """
    if past is not None:
        known = session.scalars(select(Topic.name)).all()
        batch: list[Message] = []
        for message in past.history.messages(concerned, known, until=past.until):
            batch.append(message)
            if len(batch) >= BATCH:
                yield from _without_kept(session, batch)
                batch = []
        yield from _without_kept(session, batch)
    yield from archive.messages(session, concerned)


def size(session: Session, past: Past | None, concerned: Callable[[str], bool]) -> int | None:
    """Return how many messages `messages` yields, or a few more; None where nobody can say."""
    own = archive.size(session, concerned)
    if past is None:
        return own
    known = session.scalars(select(Topic.name)).all()
    try:
        return own + past.history.size(concerned, known, until=past.until)
    except HistoryAwayError as error:
        log.info("the progress bar has no end: %s", error)
        return None


def _without_kept(session: Session, batch: list[Message]) -> list[Message]:
    kept = archive.present(session, [message.id for message in batch])
    return [message for message in batch if message.id not in kept]
