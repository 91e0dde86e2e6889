# SPDX-License-Identifier: AGPL-3.0-or-later
"""What rules have to know of badges and people before anything is counted or awarded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from issuer.models import Award, Badge, EmailIdentity, OldName, Person, Rule
from issuer.services import counts, postgres

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.keeping import Entry


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may get the badge of a rule for a message."""

    slug: str
    name: str  # without case
    message_id: str


def settle(
    session: Session,
    entries: Sequence[Entry],
    candidates: Sequence[Candidate],
    slugs: Iterable[str],
    wanted: Iterable[str],
    *,
    now: datetime,
) -> Standing:
    """Advance the counters of kept messages, and tell how the candidates stand.

    ``slugs`` are the rules that were triggered, ``wanted`` the counters that they ask for.
    """
    slugs, wanted = list(slugs), list(wanted)
    if postgres.is_used(session):
        return _at_once(session, entries, candidates, slugs, wanted, now)
    counts.advance(session, entries, now=now)
    if not slugs:
        return Standing()
    rules = _rules(session, slugs)
    people = find_people(session, {candidate.name for candidate in candidates})
    return Standing(
        values=counts.values(session, wanted),
        rules=rules,
        people=people,
        held=_held(session, candidates, rules, people),
    )


def find_people(session: Session, names: Iterable[str]) -> dict[str, Holder]:
    """Return the people of these names, or former names, without case."""
    keys = sorted(set(names))
    statement = (
        select(Person, OldName.key, EmailIdentity)
        .outerjoin(OldName, (OldName.person_id == Person.id) & OldName.key.in_(keys))
        .outerjoin(
            EmailIdentity,
            (EmailIdentity.person_id == Person.id)
            & EmailIdentity.is_default
            & EmailIdentity.verified_at.is_not(None),
        )
        .where(or_(Person.key.in_(keys), OldName.key.is_not(None)))
    )
    present: dict[str, Holder] = {}
    former: dict[str, Holder] = {}
    for person, old, chosen in session.execute(statement):
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


def _at_once(
    session: Session,
    entries: Sequence[Entry],
    candidates: Sequence[Candidate],
    slugs: list[str],
    wanted: list[str],
    now: datetime,
) -> Standing:
    messages = postgres.text([_facts(n, entry) for n, entry in enumerate(entries)])
    if not slugs:
        postgres.run(session, postgres.ADVANCE, messages=messages, now=now)
        return Standing()
    ((values, rules, people, held),) = postgres.run(
        session,
        postgres.SETTLE,
        messages=messages,
        now=now,
        wanted=wanted,
        slugs=slugs,
        names=sorted({candidate.name for candidate in candidates}),
        pair_slugs=[candidate.slug for candidate in candidates],
        pair_names=[candidate.name for candidate in candidates],
        pair_ids=[candidate.message_id for candidate in candidates],
    )
    return Standing(
        values=values or {},
        rules={row[0]: RuleState(*row) for row in rules or ()},
        people={row[0]: Holder(*row[1:]) for row in people or ()},
        held=frozenset(candidates[place - 1] for place in held or ()),
    )


def _facts(number: int, entry: Entry) -> dict[str, Any]:
    message = entry.message
    return {
        "n": number,
        "topic": message.topic,
        "category": message.category,
        "agent": entry.agent,
        "sent": message.sent_at.isoformat(),
        "users": entry.users,
        "packages": entry.packages,
        "anchors": list(entry.anchors),
    }


def _rules(session: Session, slugs: list[str]) -> dict[str, RuleState]:
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
    held = set()
    for candidate in candidates:
        rule, person = rules.get(candidate.slug), people.get(candidate.name)
        if rule is None or person is None:
            continue
        occurrence = candidate.message_id if rule.repeatable else ""
        award = select(Award.id).filter_by(
            badge_id=rule.badge_id, person_id=person.id, occurrence=occurrence
        )
        if session.scalars(award).first() is not None:
            held.add(candidate)
    return frozenset(held)
