# SPDX-License-Identifier: AGPL-3.0-or-later
"""People as those see them who care for accounts: hidden ones too, addresses never whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from issuer.errors import ConflictError
from issuer.models import (
    Assertion,
    Award,
    Badge,
    EmailIdentity,
    Grant,
    OldName,
    Period,
    Person,
    Total,
)
from issuer.services import audits, emails, erasing, searching, visibility

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from issuer.services.erasing import Policy
    from issuer.services.permissions import Actor


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it may be shown to others, and whether it was proven and chosen."""

    masked: str
    proven: bool
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is known of an account."""

    person: Person
    badges: int
    points: int
    names: tuple[str, ...]  # that it had before
    addresses: tuple[Address, ...]
    grants: Sequence[Grant]

    @property
    def login(self) -> str:
        """At which provider its owner signs in; empty before the first time."""
        return (self.person.subject or "").partition(" ")[0]


def found(query: str) -> Select[Person]:
    """Return the statement for people by a user name, a former one, or a whole address."""
    statement = select(Person)
    query = query.strip()
    if not query:
        return statement
    key = query.lower()
    if "@" in query:
        proven = select(EmailIdentity.person_id).filter_by(address=key)
        return statement.where(or_(func.lower(Person.email) == key, Person.id.in_(proven)))
    former = select(OldName.person_id).filter_by(key=key)
    ways = [Person.key == key, Person.id.in_(former)]
    return statement.where(or_(*ways))


def search(session: Session, query: str) -> Select[Person]:
    """Return the statement for the people whom a query finds; all of them for an empty one."""
    wanted = searching.words(query)
    if not wanted or "@" in query:
        return found(query)
    named = Person.id.in_(searching.person_ids(session, wanted))
    exact = found(query).whereclause
    return select(Person).where(named if exact is None else or_(named, exact))


def sheet(session: Session, person: Person) -> Sheet:
    """Return what is known of an account."""
    totals = select(Total.badges, Total.points).filter_by(person_id=person.id, period=Period.ALL)
    badges, points = session.execute(totals).one_or_none() or (0, 0)
    names = select(OldName.key).filter_by(person_id=person.id).order_by(OldName.changed_at)
    addresses = [
        Address(mask(each.address), each.verified_at is not None, each.is_default)
        for each in emails.listed(session, person)
    ]
    grants = select(Grant).filter_by(person_id=person.id).order_by(Grant.id)
    return Sheet(
        person=person,
        badges=badges,
        points=points,
        names=tuple(session.scalars(names)),
        addresses=tuple(addresses),
        grants=session.scalars(grants).all(),
    )


def awards_of(person: Person) -> Select[Award, str, str, UUID]:
    """Return the statement for the awards of somebody, revoked ones too, in no order."""
    default = and_(Assertion.award_id == Award.id, Assertion.is_default)
    return (
        select(Award, Badge.slug, Badge.name, Assertion.uuid)
        .join(Badge, Badge.id == Award.badge_id)
        .join(Assertion, default)
        .where(Award.person_id == person.id)
    )


def mask(address: str) -> str:
    """Return an address so that its owner knows it, and nobody else can write to it."""
    name, _, host = address.partition("@")
    return f"{name[:1]}…@{host}"


def hide(session: Session, actor: Actor, person: Person, *, now: datetime) -> bool:
    """Hide a person on their request; tell whether they were shown."""
    _check_there(person)
    changed = visibility.opt_out(session, person)
    if changed:
        audits.record(session, actor, "person.hide", "person", person.key, now=now)
    return changed


def show(session: Session, actor: Actor, person: Person, *, now: datetime) -> bool:
    """Show a person again on their request; tell whether they were hidden."""
    _check_there(person)
    changed = visibility.opt_in(session, person)
    if changed:
        audits.record(session, actor, "person.show", "person", person.key, now=now)
    return changed


def note_copy(session: Session, actor: Actor, person: Person, *, now: datetime) -> str:
    """Note that all that is kept about somebody was handed out; return their name."""
    audits.record(session, actor, "person.disclose", "person", person.key, now=now)
    return person.username


def erase(
    session: Session, actor: Actor, person: Person, policy: Policy, *, now: datetime
) -> tuple[list[UUID], str | None]:
    """Erase a person on their request; return whose pictures are to be dropped.

    Raises `ConflictError` for somebody who was erased before.
    """
    _check_there(person)
    portrait = person.avatar_hash
    uuids = erasing.erase(session, person, policy, now=now)
    audits.record(
        session, actor, "person.erase", "person", person.key, now=now, after={"policy": policy}
    )
    return uuids, portrait


def _check_there(person: Person) -> None:
    if person.erased_at is not None:
        raise ConflictError(
            "person %(person)r: was erased, nothing of it is left", person=person.username
        )
