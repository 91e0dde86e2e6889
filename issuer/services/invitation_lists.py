# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invitations as those see them who made them, or who manage the badge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from issuer.errors import ForbiddenError, NotFoundError
from issuer.models import Assertion, Award, Badge, Invitation, InvitationUse, Person
from issuer.services import permissions
from issuer.services.invitations import is_open, together
from issuer.services.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
STATES = ("open", "closed")
MAX_USES_SHOWN = 1000

_beside, _earlier = aliased(Invitation), aliased(Invitation)
_uses = case(
    (
        Invitation.batch != "",
        select(func.sum(_beside.uses))
        .where(_beside.batch == Invitation.batch)
        .correlate(Invitation)
        .scalar_subquery(),
    ),
    else_=Invitation.uses,
)
_codes = case(
    (
        Invitation.batch != "",
        select(func.count())
        .select_from(_beside)
        .where(_beside.batch == Invitation.batch)
        .correlate(Invitation)
        .scalar_subquery(),
    ),
    else_=0,
)
#: By what the list can be sorted.
COLUMNS: Mapping[str, Any] = {
    "made": Invitation.created_at,
    "badge": func.lower(Badge.name),
    "expires": func.coalesce(Invitation.expires_at, NEVER),
    "uses": _uses,
}


@dataclass(frozen=True, slots=True)
class Use:
    """Who used an invitation; without a name where they may not be named."""

    username: str
    name: str
    used_at: datetime
    code: int  # the row of the code
    assertion: UUID | None
    is_revoked: bool


def listed(
    actor: Actor, *, now: datetime, query: str = "", state: str = "", badge: str = ""
) -> Select[Any]:
    """Select the invitations that somebody may see, codes that belong together as one."""
    first = or_(
        Invitation.batch == "",
        ~exists().where(_earlier.batch == Invitation.batch, _earlier.id < Invitation.id),
    )
    statement = (
        select(
            Invitation,
            Badge.slug,
            Badge.name,
            Badge.retired_at,
            Person.username,
            _uses.label("used"),
            _codes.label("codes"),
        )
        .join(Badge, Badge.id == Invitation.badge_id)
        .outerjoin(Person, Person.id == Invitation.created_by_id)
        .where(visible(actor, now=now), first)
    )
    if badge:
        statement = statement.where(Badge.slug == badge)
    if query:
        columns = (Badge.name, Badge.slug, Invitation.note, Person.username)
        statement = statement.where(
            or_(*(each.icontains(query, autoescape=True) for each in columns))
        )
    if state in STATES:
        sibling = aliased(Invitation)
        live = case(
            (
                Invitation.batch != "",
                exists().where(
                    sibling.batch == Invitation.batch,
                    sibling.revoked_at.is_(None),
                    sibling.uses < sibling.maximum_uses,
                    or_(sibling.expires_at.is_(None), sibling.expires_at > now),
                ),
            ),
            else_=is_open(now=now),
        )
        wanted = and_(live, Badge.retired_at.is_(None))
        statement = statement.where(wanted if state == "open" else ~wanted)
    return statement


def visible(actor: Actor, *, now: datetime) -> ColumnElement[bool]:
    """Return the condition on `Invitation` and its `Badge`: all by a role, own ones by a grant."""
    by_role = permissions.within(replace(actor, username=""), Right.INVITE, now=now)
    by_any = permissions.within(actor, Right.INVITE, now=now)
    return or_(by_role, and_(by_any, Invitation.created_by_id == actor.person_id))


def find(session: Session, actor: Actor, number: int, *, now: datetime) -> Invitation:
    """Return an invitation; raise `NotFoundError`, and `ForbiddenError` for one of others."""
    statement = (
        select(Invitation)
        .join(Badge, Badge.id == Invitation.badge_id)
        .options(joinedload(Invitation.badge).joinedload(Badge.issuer))
        .options(joinedload(Invitation.created_by))
        .where(Invitation.id == number)
    )
    if session.scalars(statement).one_or_none() is None:
        raise NotFoundError("invitation %(invitation)s: there is none", invitation=number)
    found = session.scalars(statement.where(visible(actor, now=now))).one_or_none()
    if found is None:
        raise ForbiddenError("invitation %(invitation)s: is not one of yours", invitation=number)
    return found


def codes(session: Session, invitation: Invitation) -> Sequence[Invitation]:
    """Return an invitation and all that were made with it, in their order."""
    statement = select(Invitation).where(together(invitation)).order_by(Invitation.id)
    return session.scalars(statement).all()


def uses(session: Session, invitation: Invitation, limit: int = MAX_USES_SHOWN) -> list[Use]:
    """Return who used an invitation or one of its codes, newest first."""
    rows = session.execute(
        select(InvitationUse, Person, Award.revoked_at, Assertion.uuid)
        .join(Invitation, Invitation.id == InvitationUse.invitation_id)
        .join(Person, Person.id == InvitationUse.person_id)
        .join(Award, Award.id == InvitationUse.award_id)
        .outerjoin(Assertion, and_(Assertion.award_id == Award.id, Assertion.is_default))
        .where(together(invitation))
        .order_by(InvitationUse.used_at.desc(), Person.id)
        .limit(limit)
    )
    return [
        _use(use, person, revoked_at is not None, uuid) for use, person, revoked_at, uuid in rows
    ]


def _use(use: InvitationUse, person: Person, is_revoked: bool, uuid: UUID | None) -> Use:
    hidden = person.opted_out or person.erased_at is not None
    return Use(
        username="" if hidden else person.username,
        name="" if hidden else person.display_name or person.username,
        used_at=use.used_at,
        code=use.invitation_id,
        assertion=None if hidden else uuid,
        is_revoked=is_revoked,
    )
