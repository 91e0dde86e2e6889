# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the addresses of Tahrir answered, in the same fields; hidden people are in none of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from issuer.errors import NotFoundError
from issuer.models import (
    Assertion,
    Award,
    Badge,
    BadgeTotal,
    Issuer,
    Period,
    Person,
    RankHistogram,
    Redirect,
    Tag,
    badge_tags,
)
from issuer.services.listing import belongs_to, newest_first, plain

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ScalarSelect
    from sqlalchemy.orm import Session

#: As its addresses had it: the bare digest, or the whole identity of Open Badges 0.5.
RECIPIENT = re.compile(r"(?:sha256\$)?([0-9a-f]{64})", re.ASCII)
MAX_AWARDS = 500


@dataclass(frozen=True, slots=True)
class OldBadge:
    """A badge with what its old JSON told."""

    id: int
    slug: str
    legacy_id: str
    name: str
    description: str
    holders: int
    people: int
    tags: str  # each with a comma behind it, as in Tahrir
    first: tuple[datetime, str] | None
    last: tuple[datetime, str] | None


@dataclass(frozen=True, slots=True)
class OldAward:
    """An award in the old JSON of a person."""

    issued_at: datetime
    slug: str
    legacy_id: str
    name: str
    description: str
    tags: str


@dataclass(frozen=True, slots=True)
class OldAssertion:
    """An assertion that is asked for by badge and recipient."""

    uuid: UUID
    identity: str
    salt: str
    issued_at: datetime
    revoked: bool
    badge: Badge
    issuer: Issuer


def slug_of(session: Session, name: str) -> str:
    """Return the slug of the badge of that old id or slug; raise `NotFoundError`."""
    row = session.execute(
        select(Badge.slug, Badge.legacy_id)
        .where(or_(Badge.legacy_id == plain(name), Badge.slug == plain(name)))
        .order_by(Badge.legacy_id != plain(name))
        .limit(1)
    ).first()
    if row is None:
        raise NotFoundError(f"badge {name!r}: there is none")
    return str(row.slug)


def redirected(session: Session, path: str) -> str | None:
    """Return where a path of the old site leads now, if it is one that was carried over."""
    return session.scalars(select(Redirect.target).filter_by(path=plain(path))).one_or_none()


def badge(session: Session, name: str) -> OldBadge:
    """Return a badge with the facts of its old JSON; raise `NotFoundError`."""
    slug = slug_of(session, name)
    everybody = (
        select(func.coalesce(func.sum(RankHistogram.people), 0))
        .where(
            RankHistogram.measure == "badges",
            RankHistogram.period == Period.ALL,
            RankHistogram.total > 0,
        )
        .scalar_subquery()
    )
    row = session.execute(
        select(
            Badge.id,
            Badge.slug,
            Badge.legacy_id,
            Badge.name,
            Badge.description,
            func.coalesce(BadgeTotal.holders, 0).label("holders"),
            everybody.label("people"),
            _tags().label("tags"),
        )
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .where(Badge.slug == slug)
    ).one()
    shown = (
        select(Award.issued_at, Person.username)
        .join(Person, Person.id == Award.person_id)
        .where(belongs_to(Award.badge_id, row.id), Award.revoked_at.is_(None))
        .where(Person.opted_out.is_(False), Person.erased_at.is_(None))
        .limit(1)
    )
    oldest_first = (Award.badge_id, Award.issued_at, Award.id)
    first = session.execute(shown.order_by(*oldest_first)).first()
    last = session.execute(shown.order_by(*newest_first(Award.badge_id))).first()
    return OldBadge(
        row.id,
        row.slug,
        row.legacy_id,
        row.name,
        row.description,
        row.holders,
        int(row.people),
        _with_commas(row.tags),
        (first[0], first[1]) if first else None,
        (last[0], last[1]) if last else None,
    )


def awards(session: Session, person: Person) -> list[OldAward]:
    """Return the awards of a person as their old JSON listed them, the newest first."""
    rows = session.execute(
        select(Award.issued_at, Badge.slug, Badge.legacy_id, Badge.name, Badge.description, _tags())
        .join(Badge, Badge.id == Award.badge_id)
        .where(belongs_to(Award.person_id, person.id), Award.revoked_at.is_(None))
        .order_by(*newest_first(Award.person_id))
        .limit(MAX_AWARDS)
    )
    return [
        OldAward(issued_at, slug, legacy_id, title, text, _with_commas(names))
        for issued_at, slug, legacy_id, title, text, names in rows
    ]


def assertion(session: Session, badge_name: str, recipient: str) -> OldAssertion:
    """Return the assertion of a badge for a hashed recipient; raise `NotFoundError`."""
    match = RECIPIENT.fullmatch(recipient)
    if match is None:
        raise NotFoundError(f"assertion {recipient[:80]!r}: not the hash of a recipient")
    row = session.execute(
        select(Assertion, Award, Badge, Issuer)
        .join(Award, Award.id == Assertion.award_id)
        .join(Badge, Badge.id == Award.badge_id)
        .join(Issuer, Issuer.id == Badge.issuer_id)
        .where(
            Assertion.identity_hash == f"sha256${match[1]}",
            or_(Badge.legacy_id == plain(badge_name), Badge.slug == plain(badge_name)),
        )
        .order_by(Assertion.id)
        .limit(1)
    ).first()
    if row is None:
        raise NotFoundError(f"assertion {badge_name!r} of {match[1]}: there is none")
    found, award, of_badge, issuer = row
    return OldAssertion(
        found.uuid,
        found.identity_hash,
        found.salt,
        award.issued_at,
        award.is_revoked,
        of_badge,
        issuer,
    )


def _tags() -> ScalarSelect[str]:
    return (
        select(func.aggregate_strings(Tag.name, ","))
        .join(badge_tags, and_(badge_tags.c.tag_id == Tag.id))
        .where(badge_tags.c.badge_id == Badge.id)
        .correlate(Badge)
        .scalar_subquery()
    )


def _with_commas(names: str | None) -> str:
    return "".join(f"{name}," for name in sorted((names or "").split(",")) if name)
