# SPDX-License-Identifier: AGPL-3.0-or-later
"""What rules have to know of badges and people before anything is counted or awarded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, tuple_

from issuer.models import Award, Badge, EmailIdentity, OldName, Person, Rule
from issuer.services import counts, keeping, postgres

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.keeping import Entry

#: Names of one statement: a database takes no more than some ten thousand values with it.
CHUNK = 5000


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule and its badge as they are now."""

    slug: str
    id: int
    active: bool
    badge_id: int
    repeatable: bool
    retired: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """A person who may get badges."""

    id: int
    key: str
    username: str
    away: bool  # wants no badges, or was erased
    address_id: int | None = None  # of the address that the person chose
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand once the messages are kept and the counters advanced."""

    values: dict[str, int] = field(default_factory=dict)  # of counters, by key
    rules: dict[str, RuleState] = field(default_factory=dict)  # by slug
    people: dict[str, Holder] = field(default_factory=dict)  # by the name asked for, without case
    held: frozenset[Candidate] = frozenset()

    def forget(self, keys: Iterable[str]) -> None:
        """Leave out the values of counters that are no more."""
        for key in keys:
            self.values.pop(key, None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may get the badge of a rule for a message."""

    slug: str
    name: str  # without case
    message_id: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What the rules of some messages have to know, found out before the database is touched."""

    candidates: Sequence[Candidate]
    slugs: Sequence[str]  # of the rules that were triggered, each once
    counters: Sequence[str]  # the keys that they ask for, each once
    alone: Collection[str]  # what must be locked while counters are made


def take(
    session: Session, entries: Sequence[Entry], wish: Wish, *, now: datetime
) -> tuple[dict[str, int], Standing]:
    """Keep messages and advance the counters that they concern; tell how the candidates stand.

    Returns the rows of the messages that were not kept before, and what is known once they are.
    """
    if postgres.is_used(session):
        return _take_at_once(session, entries, wish, now)
    rows = keeping.keep(session, entries, now=now)
    counts.advance(session, [entry for entry in entries if entry.message.id in rows], now=now)
    if not rows or not wish.slugs:
        return rows, Standing()
    rules = _rules(session, wish.slugs)
    people = find_people(session, {candidate.name for candidate in wish.candidates})
    standing = Standing(
        values=counts.values(session, wish.counters),
        rules=rules,
        people=people,
        held=_held(session, wish.candidates, rules, people),
    )
    return rows, standing


def find_people(session: Session, names: Iterable[str]) -> dict[str, Holder]:
    """Return the people of these names, or former names, without case."""
    keys = sorted(set(names))
    present: dict[str, Holder] = {}
    former: dict[str, Holder] = {}
    for person, old, chosen in _rows(session, keys):
        email: EmailIdentity | None = chosen  # the join makes it None for most
        holder = Holder(
            person.id,
            person.key,
            person.username,
            person.opted_out or person.erased_at is not None,
            email.id if email is not None else None,
            email.address if email is not None else None,
        )
        present[person.key] = holder
        if old is not None:
            former[old] = holder
    return {**former, **{key: present[key] for key in keys if key in present}}


def _rows(
    session: Session, keys: Sequence[str]
) -> Iterator[tuple[Person, str | None, EmailIdentity | None]]:
    """Yield people with the former name and the address that are asked for, some at a time."""
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        statement = (
            select(Person, OldName.key, EmailIdentity)
            .outerjoin(OldName, (OldName.person_id == Person.id) & OldName.key.in_(some))
            .outerjoin(
                EmailIdentity,
                (EmailIdentity.person_id == Person.id)
                & EmailIdentity.is_default
                & EmailIdentity.verified_at.is_not(None),
            )
            .where(or_(Person.key.in_(some), OldName.key.is_not(None)))
        )
        yield from ((row[0], row[1], row[2]) for row in session.execute(statement))


def _take_at_once(
    session: Session, entries: Sequence[Entry], wish: Wish, now: datetime
) -> tuple[dict[str, int], Standing]:
    topics = keeping.topic_ids(session, [entry.message for entry in entries])
    rules = {slug: place for place, slug in enumerate(wish.slugs, 1)}
    messages = {entry.message.id: place for place, entry in enumerate(entries, 1)}
    names: dict[str, int] = {}
    for candidate in wish.candidates:
        names.setdefault(candidate.name, len(names) + 1)
    ((ids, refs, values, states, people, held),) = postgres.run(
        session,
        postgres.TAKE,
        messages=postgres.text([_record(entry, topics) for entry in entries]),
        facts=postgres.text([_facts(entry, topics) for entry in entries]),
        locks=postgres.array(keeping.lock_places(entries, wish.alone)),
        lock_class=postgres.LOCK_CLASS,
        now=now,
        wanted=postgres.array(wish.counters),
        slugs=list(rules),
        names=list(names),
        pair_rules=postgres.array(rules[each.slug] for each in wish.candidates),
        pair_names=postgres.array(names[each.name] for each in wish.candidates),
        pair_messages=postgres.array(messages[each.message_id] for each in wish.candidates),
    )
    standing = Standing(
        values=values or {},
        rules={row[0]: RuleState(*row) for row in states or ()},
        people={row[0]: Holder(*row[1:]) for row in people or ()},
        held=frozenset(wish.candidates[place - 1] for place in held or ()),
    )
    return dict(zip(ids or (), refs or (), strict=True)), standing


def _record(entry: Entry, topics: dict[str, int]) -> dict[str, Any]:
    """Return what is kept of a message."""
    message = entry.message
    return {
        "id": message.id,
        "topic_id": topics[message.topic],
        "sent": message.sent_at.isoformat(),
        "agent_key": entry.agent,
        "agent": message.agent_name,
        "headers": message.headers,
        "body": message.body,
    }


def _facts(entry: Entry, topics: dict[str, int]) -> dict[str, Any]:
    """Return what counters look at."""
    message = entry.message
    return {
        "id": message.id,
        "topic_id": topics[message.topic],
        "topic": message.topic,
        "category": message.category,
        "agent": entry.agent,
        "sent": message.sent_at.isoformat(),
        "users": entry.users,
        "packages": entry.packages,
        "anchors": list(entry.anchors),
    }


def _rules(session: Session, slugs: Sequence[str]) -> dict[str, RuleState]:
    statement = (
        select(
            Rule.slug,
            Rule.id,
            Rule.active,
            Rule.badge_id,
            Badge.repeatable,
            Badge.retired_at.is_not(None),
        )
        .join(Badge, Rule.badge_id == Badge.id)
        .where(Rule.slug.in_(slugs))
    )
    return {row[0]: RuleState(*row) for row in session.execute(statement)}


def _held(
    session: Session,
    candidates: Iterable[Candidate],
    rules: dict[str, RuleState],
    people: dict[str, Holder],
) -> frozenset[Candidate]:
    asked = {}
    for candidate in candidates:
        rule, person = rules.get(candidate.slug), people.get(candidate.name)
        if rule is not None and person is not None:
            occurrence = candidate.message_id if rule.repeatable else ""
            asked[candidate] = rule.badge_id, person.id, occurrence
    held: set[tuple[int, int, str]] = set()
    keys = list(dict.fromkeys(asked.values()))
    same = tuple_(Award.badge_id, Award.person_id, Award.occurrence)
    for start in range(0, len(keys), counts.CHUNK // 3):
        some = select(Award.badge_id, Award.person_id, Award.occurrence).where(
            same.in_(keys[start : start + counts.CHUNK // 3])
        )
        held.update((row[0], row[1], row[2]) for row in session.execute(some))
    return frozenset(candidate for candidate, key in asked.items() if key in held)
