# SPDX-License-Identifier: AGPL-3.0-or-later
"""Grants: who may hand out which badge, until when, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from issuer.db import insert_once
from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import Award, Badge, Grant, Invitation, Person
from issuer.services import audits, permissions, persons
from issuer.services.badges import UNSEEN
from issuer.services.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

MAX_GROUP = 100
MAX_QUOTA = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who holds a grant, a person or a group, and what its bounds are."""

    username: str = ""
    group: str = ""
    quota: int | None = None  # how often each may give it
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A badge that somebody may hand out by a grant."""

    badge: Badge
    quota: int | None
    left: int | None  # None: as often as they like
    expires_at: datetime | None


def put(
    session: Session, actor: Actor, badge: Badge, terms: Terms, *, now: datetime
) -> tuple[Grant, bool]:
    """Let a person or a group hand a badge out; tell whether they could not before.

    What they held already gets the new bounds. Raises `InvalidInputError` and `NotFoundError` for
    terms that cannot be, and `ConflictError` for a badge that nobody gets any more.
    """
    permissions.require(session, actor, Right.GRANTS, badge, now=now)
    if badge.retired_at is not None:
        raise ConflictError(
            "badge %(badge)r: is retired, nobody gets it any more", badge=badge.slug
        )
    holder = _holder(session, terms, now)
    # Of two who grant the same at once the second changes what the first gave.
    unique = ("badge_id", "person_id" if terms.username else "group_name")
    values = {"badge_id": badge.id, "created_at": now, **holder}
    is_first = insert_once(session, Grant, values, unique=unique)
    found = select(Grant).filter_by(badge_id=badge.id, **holder).with_for_update()
    grant = session.scalars(found, execution_options={"populate_existing": True}).one()
    is_new = is_first or _has_ended(grant, now)
    before = None if is_first else _facts(session, grant)
    if is_new:
        grant.created_at = now  # what was given under a former one does not count
    grant.quota, grant.expires_at = terms.quota, terms.expires_at
    grant.granted_by_id = actor.person_id
    session.flush()
    after = _facts(session, grant)
    if is_new or before != after:
        audits.record(
            session,
            actor,
            "grant.give" if is_new else "grant.change",
            "badge",
            badge.slug,
            now=now,
            before=before,
            after=after,
        )
    return grant, is_new


def end(session: Session, actor: Actor, number: int, *, now: datetime) -> Grant:
    """End a grant now; raise `NotFoundError`, and `ConflictError` when it has ended before."""
    found = select(Grant).filter_by(id=number).with_for_update()
    grant = session.scalars(found).one_or_none()
    if grant is None:
        raise NotFoundError("grant %(grant)s: there is none", grant=number)
    permissions.require(session, actor, Right.GRANTS, grant.badge, now=now)
    if _has_ended(grant, now):
        raise ConflictError("grant %(grant)s: has ended before", grant=number)
    before = _facts(session, grant)
    grant.expires_at = now
    session.flush()
    audits.record(
        session,
        actor,
        "grant.end",
        "badge",
        grant.badge.slug,
        now=now,
        before=before,
        after=_facts(session, grant),
    )
    return grant


def listed(
    actor: Actor, *, now: datetime, query: str = "", state: str = ""
) -> Select[*tuple[Any, ...]]:
    """Return the statement of all grants for badges of one's own: grant, badge, person's name."""
    statement = (
        select(Grant, Badge, func.coalesce(Person.username, ""))
        .join(Badge, Grant.badge_id == Badge.id)
        .outerjoin(Person, Grant.person_id == Person.id)
        .where(permissions.within(actor, Right.GRANTS, now=now))
    )
    if query:
        key = query.lower()
        statement = statement.where(
            or_(
                Person.key.startswith(key, autoescape=True),
                func.lower(Grant.group_name).startswith(key, autoescape=True),
                Badge.slug.contains(key, autoescape=True),
                func.lower(Badge.name).contains(key, autoescape=True),
            )
        )
    ended = Grant.expires_at <= now
    if state == "ended":
        statement = statement.where(ended)
    elif state != "all":
        statement = statement.where(or_(Grant.expires_at.is_(None), ~ended))
    return cast("Select[*tuple[Any, ...]]", statement)


def holds_any(session: Session, actor: Actor, *, now: datetime) -> bool:
    """Whether somebody holds a grant, of their own or by a group."""
    own = select(Grant.id).where(_held_by(session, actor), _in_force(now))
    return session.scalars(own.limit(1)).first() is not None


def held(session: Session, actor: Actor, *, now: datetime) -> list[Held]:
    """Return the badges that somebody may hand out by grants, with how often they still may."""
    statement = (
        select(Grant)
        .where(_held_by(session, actor), _in_force(now))
        .options(joinedload(Grant.badge).joinedload(Badge.issuer))
        .order_by(Grant.id)
    )
    by_badge: dict[int, list[Grant]] = {}
    for grant in session.scalars(statement):
        by_badge.setdefault(grant.badge_id, []).append(grant)
    found = []
    for grants in by_badge.values():
        quotas = [grant.quota for grant in grants]
        ends = [grant.expires_at for grant in grants]
        found.append(
            Held(
                grants[0].badge,
                None if None in quotas else max(filter(None, quotas), default=0),
                _left(session, actor, grants, now),
                None if None in ends else max(end for end in ends if end is not None),
            )
        )
    return sorted(found, key=lambda each: each.badge.name.lower())


def left(
    session: Session, actor: Actor, badge: Badge, *, now: datetime, lock: bool = False
) -> int | None:
    """Return how often somebody may still give a badge; None: as often as they like.

    With ``lock`` nobody else spends the same grants until the transaction ends. Somebody who has no
    right at all may not once.
    """
    if permissions.for_issuer(actor, Right.AWARD, badge.issuer.slug):
        return None
    statement = (
        select(Grant)
        .filter_by(badge_id=badge.id)
        .where(_held_by(session, actor), _in_force(now))
        .order_by(Grant.id)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    grants = session.scalars(statement).all()
    return _left(session, actor, grants, now) if grants else 0


def until(session: Session, actor: Actor, badge: Badge, *, now: datetime) -> datetime | None:
    """Return when the last grant ends by which somebody may give a badge; None: never."""
    statement = (
        select(Grant.expires_at)
        .filter_by(badge_id=badge.id)
        .where(_held_by(session, actor), _in_force(now))
    )
    ends = session.scalars(statement).all()
    return None if None in ends else max((end for end in ends if end is not None), default=None)


def _left(session: Session, actor: Actor, grants: Sequence[Grant], now: datetime) -> int | None:
    """Return the most that one of the grants for a badge leaves; what was revoked comes back.

    What open invitations promise is spent.
    """
    most = 0
    for grant in grants:
        if grant.quota is None:
            return None
        given = (
            select(func.count())
            .select_from(Award)
            .filter_by(badge_id=grant.badge_id, awarded_by_id=_person_id(session, actor))
            .where(Award.revoked_at.is_(None), Award.created_at >= grant.created_at)
        )
        spent = session.scalars(given).one() + _promised(session, actor, grant.badge_id, now)
        most = max(most, grant.quota - spent)
    return most


def _promised(session: Session, actor: Actor, badge_id: int, now: datetime) -> int:
    """Return how many awards the open invitations of somebody still promise."""
    statement = select(func.coalesce(func.sum(Invitation.maximum_uses - Invitation.uses), 0)).where(
        Invitation.badge_id == badge_id,
        Invitation.created_by_id == _person_id(session, actor),
        Invitation.revoked_at.is_(None),
        or_(Invitation.expires_at.is_(None), Invitation.expires_at > now),
    )
    return session.scalars(statement).one() or 0


def _holder(session: Session, terms: Terms, now: datetime) -> dict[str, Any]:
    if bool(terms.username) == bool(terms.group):
        raise InvalidInputError("grant: needs either a person or a group")
    if terms.quota is not None and not 1 <= terms.quota <= MAX_QUOTA:
        raise InvalidInputError(
            "quota: must be from 1 to %(limit)s, or empty for no bound", limit=MAX_QUOTA
        )
    if terms.expires_at is not None and terms.expires_at <= now:
        raise InvalidInputError("end: lies in the past: choose a later day")
    if terms.group:
        if len(terms.group) > MAX_GROUP or UNSEEN.search(terms.group) or "\n" in terms.group:
            raise InvalidInputError(
                "group: needs a name of at most %(limit)s characters", limit=MAX_GROUP
            )
        return {"group_name": terms.group, "person_id": None}
    person = persons.find(session, terms.username)
    if person.erased_at is not None:
        raise InvalidInputError("person %(person)r: was erased", person=terms.username)
    return {"person_id": person.id, "group_name": None}


def _has_ended(grant: Grant, now: datetime) -> bool:
    return grant.expires_at is not None and grant.expires_at <= now


def _facts(session: Session, grant: Grant) -> dict[str, Any]:
    person = session.get(Person, grant.person_id) if grant.person_id else None
    return {
        "person": person.username if person else None,
        "group": grant.group_name,
        "quota": grant.quota,
        "until": grant.expires_at.isoformat() if grant.expires_at else None,
    }


def _in_force(now: datetime) -> ColumnElement[bool]:
    return or_(Grant.expires_at.is_(None), Grant.expires_at > now)


def _held_by(session: Session, actor: Actor) -> ColumnElement[bool]:
    own = _person_id(session, actor)
    return or_(Grant.person_id == own, Grant.group_name.in_(sorted(actor.groups)))


def _person_id(session: Session, actor: Actor) -> int:
    if actor.person_id is not None:
        return actor.person_id
    statement = select(Person.id).where(Person.key == actor.key, Person.erased_at.is_(None))
    return session.scalars(statement).one_or_none() or 0
