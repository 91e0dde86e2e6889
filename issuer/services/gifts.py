# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges on their way to people: what is known before an award is written, and all its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from issuer.errors import InvalidInputError
from issuer.models import Badge, BadgeEdition, Issuer, IssuerEpoch, KeyState, SigningKey
from issuer.services import documents
from openbadges.identity import email_identity, new_salt

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Source
    from issuer.services.standings import Holder


_editions = aliased(BadgeEdition)
#: Badges with their newest editions; made once, for making a statement costs more than running it.
_BADGES = (
    select(
        Badge.id,
        Badge.slug,
        Badge.legacy_id,
        Badge.name,
        Badge.description,
        Badge.points,
        Badge.expires_after,
        Issuer.base_url,
        BadgeEdition.id,
        BadgeEdition.document_id,
        IssuerEpoch.key_id,
        SigningKey.state,
    )
    .join(Issuer, Badge.issuer_id == Issuer.id)
    .join(BadgeEdition, BadgeEdition.badge_id == Badge.id)
    .join(IssuerEpoch, BadgeEdition.epoch_id == IssuerEpoch.id)
    .join(SigningKey, IssuerEpoch.key_id == SigningKey.id)
    .where(
        Badge.id.in_(bindparam("ids", expanding=True)),
        BadgeEdition.number
        == select(func.max(_editions.number))
        .where(_editions.badge_id == Badge.id)
        .scalar_subquery(),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why an award is made."""

    source: Source
    id: str | None = None  # of the message, invitation, claim…
    url: str | None = None
    narrative: str = ""
    evidence: Sequence[dict[str, str]] = ()
    awarded_by: int | None = None  # a person's row


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """A badge for a person, who may not be known yet."""

    badge_id: int
    username: str
    holder: Holder | None
    cause: Cause
    issued_at: datetime
    occurrence: str = ""

    @property
    def key(self) -> str:
        """The person's name without case."""
        return self.holder.key if self.holder else self.username.lower()


@dataclass(frozen=True, slots=True)
class IssuedBadge:
    """A badge with the edition under which it is issued now."""

    id: int
    slug: str
    legacy_id: str
    name: str
    description: str
    points: int
    expires_after: int | None  # seconds
    base_url: str
    edition_id: int
    edition_document_id: str
    key_id: int


@dataclass(frozen=True, slots=True)
class NewAward:
    """An award and its assertion for the person's own address, as they are written."""

    uuid: UUID
    occurrence: str
    issued_at: datetime
    expires_at: datetime | None
    cause: Cause
    assertion: dict[str, Any]

    @property
    def cause_id(self) -> str | None:
        """The id of the message that caused it."""
        return self.cause.id


@dataclass(frozen=True, slots=True)
class Given:
    """A badge that somebody got."""

    badge: IssuedBadge
    person: Holder
    award: NewAward


def find_badges(session: Session, ids: Collection[int]) -> dict[int, IssuedBadge]:
    """Return badges with their newest editions.

    Raises `InvalidInputError` where there is none, or where the issuer has no key that signs.
    """
    found = {}
    for *columns, state in session.connection().execute(_BADGES, {"ids": sorted(ids)}):
        badge = found[columns[0]] = IssuedBadge(*columns)
        if state != KeyState.ACTIVE:
            raise InvalidInputError(
                "badge %(badge)r: its issuer has no key that signs: run 'accolades keys rotate'",
                badge=badge.slug,
            )
    for missing in sorted(set(ids) - found.keys()):
        slug = session.scalars(select(Badge.slug).filter_by(id=missing)).one()
        raise InvalidInputError(
            "badge %(badge)r: has no picture yet: give it a PNG or SVG", badge=slug
        )
    return found


def wrap(gift: Gift, badge: IssuedBadge, person: Holder, email_domain: str, now: datetime) -> Given:
    """Return an award with its frozen document; only the salted hash of the address is in it."""
    # Never later than now: a verifier refuses a date in the future (Open Badges 2.0, N7).
    moment = min(gift.issued_at, now).replace(microsecond=0)
    lasts = badge.expires_after
    expires = moment + timedelta(seconds=lasts) if lasts else None
    plain = person.address or f"{person.username}@{email_domain}".lower()
    recipient = email_identity(plain, new_salt())
    uuid = uuid4()
    document = documents.issued(
        badge.base_url,
        badge.edition_document_id,
        uuid,
        recipient,
        issued_at=moment,
        expires_at=expires,
        evidence=gift.cause.evidence,
        narrative=gift.cause.narrative,
    )
    assertion = {
        "uuid": uuid,
        "email_identity_id": person.address_id,
        "is_default": True,
        "identity_type": "email",
        "salt": recipient.salt,
        "identity_hash": recipient.identity,
        "subject_uuid": uuid4(),
        "edition_id": badge.edition_id,
        "key_id": badge.key_id,
        "document_id": document.id,
        "document": document.text,
    }
    return Given(
        badge,
        person,
        NewAward(uuid4(), gift.occurrence, moment, expires, gift.cause, assertion),
    )


def announcement(badge: IssuedBadge | Badge, base_url: str, person: Any) -> dict[str, object]:
    """Return the body of `badges.badge.award` as the subscribers of the old system know it."""
    return {
        "badge": {
            "badge_id": badge.legacy_id,
            "name": badge.name,
            "description": badge.description,
            "image_url": f"{base_url}/badges/{badge.slug}/image",
        },
        "user": {"username": person.username, "badges_user_id": person.id},
    }
