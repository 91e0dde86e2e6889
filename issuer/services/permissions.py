# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may do what: the one place that decides, for pages, the API and the command line alike.

A role comes from the groups that the login provider names and the settings give a meaning. A grant
gives a person or a group the right to award one badge. Nothing else gives a right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import exists, false, or_, select, true

from issuer.errors import ForbiddenError
from issuer.models import Badge, Grant, Issuer, Person

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

#: Stands for all issuers of the site.
EVERY_ISSUER = "*"


class Right(StrEnum):
    """What somebody may do; each page of the administration asks for one."""

    AWARD = "award"  # give a badge to people, and see what one gave
    INVITE = "invite"  # make links and codes by which a badge is claimed
    REVOKE = "revoke"
    REVIEW = "review"  # answer what members hand in to earn a badge
    ENDORSE = "endorse"  # speak for a badge, an issuer or an award in the name of an issuer
    BADGES = "badges"  # make, change and retire badges; series, tags and teams
    RULES = "rules"
    GRANTS = "grants"
    PEOPLE = "people"
    ISSUERS = "issuers"
    KEYS = "keys"
    SETTINGS = "settings"
    AUDIT = "audit"
    OPERATE = "operate"  # see and mend what waits: outbox, quarantine, jobs


class Role(StrEnum):
    """A part that people play by the groups they are in."""

    ADMIN = "admin"
    MANAGER = "manager"  # of the badges of one issuer, or of all
    REVIEWER = "reviewer"


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.MANAGER: frozenset(
        {
            Right.AWARD,
            Right.INVITE,
            Right.REVOKE,
            Right.REVIEW,
            Right.ENDORSE,
            Right.BADGES,
            Right.RULES,
            Right.GRANTS,
        }
    ),
    Role.REVIEWER: frozenset({Right.REVIEW}),
}
#: What a grant permits, for its badge alone.
GRANTED = frozenset({Right.AWARD, Right.INVITE})


class Scope(StrEnum):
    """What a token is good for: to read, or to write, by one right that its person has."""

    AWARDS_READ = "awards:read"
    AWARDS_WRITE = "awards:write"
    INVITATIONS_READ = "invitations:read"
    INVITATIONS_WRITE = "invitations:write"

    @property
    def right(self) -> Right:
        """Without which the scope is worth nothing."""
        return Right.AWARD if self in {self.AWARDS_READ, self.AWARDS_WRITE} else Right.INVITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which groups of the login provider make which role."""

    admins: frozenset[str] = frozenset()
    reviewers: frozenset[str] = frozenset()
    #: A group, and the slugs of the issuers whose badges it manages.
    managers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def groups(self) -> frozenset[str]:
        """All groups that mean something."""
        return self.admins | self.reviewers | frozenset(self.managers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who wants to do something; without a user name it is nobody."""

    username: str = ""
    groups: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    issuers: frozenset[str] = frozenset()  # slugs that a manager manages, or `EVERY_ISSUER`
    person_id: int | None = None
    origin: str = ""  # from where, for the audit log
    scopes: frozenset[Scope] | None = None  # of their token; None: they are here themselves

    def reaches(self, right: Right) -> bool:
        """Whether a right counts here: a token may be good for less than its person."""
        return self.scopes is None or right in {scope.right for scope in self.scopes}

    @property
    def key(self) -> str:
        """The user name without case."""
        return self.username.lower()

    @property
    def is_admin(self) -> bool:
        """Whether everything is allowed."""
        return Role.ADMIN in self.roles


#: Whoever is not logged in.
NOBODY = Actor()


def actor(
    policy: Policy,
    username: str,
    groups: Collection[str],
    *,
    person_id: int | None = None,
    origin: str = "",
) -> Actor:
    """Return somebody with the roles that their groups give them."""
    held = frozenset(groups)
    managed = [issuers for group, issuers in policy.managers.items() if group in held]
    roles = {
        Role.ADMIN: bool(policy.admins & held),
        Role.MANAGER: bool(managed),
        Role.REVIEWER: bool(policy.reviewers & held),
    }
    return Actor(
        username=username,
        groups=held,
        roles=frozenset(role for role, has in roles.items() if has),
        issuers=frozenset().union(*managed),
        person_id=person_id,
        origin=origin,
    )


def by_role(actor: Actor, right: Right) -> bool:
    """Whether a role gives the right, for some badge at least."""
    return actor.reaches(right) and any(right in RIGHTS[role] for role in actor.roles)


def for_issuer(actor: Actor, right: Right, slug: str) -> bool:
    """Whether a role gives the right for all badges of an issuer."""
    return actor.reaches(right) and any(
        right in RIGHTS[role]
        and (role is not Role.MANAGER or bool(actor.issuers & {EVERY_ISSUER, slug}))
        for role in actor.roles
    )


def holds(session: Session, actor: Actor, right: Right, *, now: datetime) -> bool:
    """Whether somebody may do it for some badge at least: what opens a page to them."""
    if by_role(actor, right):
        return True
    if right not in GRANTED or not actor.username or not actor.reaches(right):
        return False
    return bool(session.scalar(select(exists().where(_grants(actor, now)))))


def may(session: Session, actor: Actor, right: Right, badge: Badge, *, now: datetime) -> bool:
    """Whether somebody may do it for this badge."""
    own = select(exists().where(Badge.id == badge.id, within(actor, right, now=now)))
    return bool(session.scalar(own))


def require(session: Session, actor: Actor, right: Right, badge: Badge, *, now: datetime) -> None:
    """Raise `ForbiddenError` unless somebody may do it for this badge."""
    if not may(session, actor, right, badge, now=now):
        raise ForbiddenError(
            "badge %(badge)r: you have no right to %(right)s it", badge=badge.slug, right=right
        )


def within(actor: Actor, right: Right, *, now: datetime) -> ColumnElement[bool]:
    """Return the condition on `Badge` for all badges for which somebody may do it."""
    if not actor.reaches(right):
        return false()
    ways: list[ColumnElement[bool]] = []
    for role in actor.roles:
        if right in RIGHTS[role]:
            ways.append(_managed(actor) if role is Role.MANAGER else true())
    if right in GRANTED and actor.username:
        ways.append(exists().where(Grant.badge_id == Badge.id, _grants(actor, now)))
    return or_(false(), *ways)


def issuers(actor: Actor, right: Right) -> Select[int]:
    """Return the statement of the ids of all issuers for which a role gives the right."""
    ways: list[ColumnElement[bool]] = []
    for role in actor.roles:
        if right in RIGHTS[role]:
            everywhere = role is not Role.MANAGER or EVERY_ISSUER in actor.issuers
            ways.append(true() if everywhere else Issuer.slug.in_(sorted(actor.issuers)))
    return select(Issuer.id).where(or_(false(), *ways))


def granting(actor: Actor, *, now: datetime) -> ColumnElement[bool]:
    """Return the condition on `Grant` for those of somebody that hold now."""
    return _grants(actor, now)


def granted_groups(session: Session) -> frozenset[str]:
    """Return the groups that hold a grant: a login remembers them."""
    names = select(Grant.group_name).where(Grant.group_name.is_not(None)).distinct()
    return frozenset(name for name in session.scalars(names) if name)


def _managed(actor: Actor) -> ColumnElement[bool]:
    if EVERY_ISSUER in actor.issuers:
        return true()
    return Badge.issuer_id.in_(select(Issuer.id).where(Issuer.slug.in_(sorted(actor.issuers))))


def _grants(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Return the condition on `Grant` for those of somebody that hold now."""
    person = select(Person.id).where(Person.key == actor.key, Person.erased_at.is_(None))
    return or_(Grant.expires_at.is_(None), Grant.expires_at > now) & or_(
        Grant.person_id.in_(person), Grant.group_name.in_(sorted(actor.groups))
    )
