# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be endorsed: badges, issuers and awards of ours, by any name that they have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from issuer.addresses import Addresses
from issuer.models import Assertion, Award, Badge, BadgeEdition, Issuer, IssuerEpoch
from issuer.services.credentials import did

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

CREDENTIAL = "/ob3"
DID = re.compile(r"did:web:[^:]+:issuers:(?P<slug>[A-Za-z0-9._~%-]+)", re.ASCII)


class Kind(StrEnum):
    """What an endorsement is about."""

    BADGE = "badge"
    ISSUER = "issuer"
    AWARD = "award"
    OUTSIDE = "outside"  # of another site


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something that can be endorsed."""

    kind: Kind
    id: str  # under which all that is said of it is found
    claimed: str  # as it was named
    credential: str  # as version 3.0 names it
    name: str
    about: Issuer | None = None
    is_revoked: bool = False
    is_hidden: bool = False  # whose award it is must not be told
    badge: Badge | None = None


def profile_id(issuer: Issuer) -> str:
    """Return the name under which all Profiles of an issuer are one."""
    return Addresses(issuer.base_url).profile(issuer.slug)


def find(session: Session, iri: str) -> Subject | None:
    """Return what of ours an IRI names, exactly as a document writes it; None: nothing of ours."""
    if "\0" in iri:
        return None
    return _badge(session, iri) or _issuer(session, iri) or _award(session, iri)


def newest(session: Session, subject: Subject) -> Subject:
    """Return a badge as it is now for one that is named as a whole, anything else as it is."""
    badge = subject.badge
    if badge is None or subject.id != Addresses(badge.issuer.base_url).badge(badge.slug):
        return subject
    return find(session, Addresses(badge.issuer.base_url).badge(badge.slug, badge.version)) or (
        subject
    )


def _badge(session: Session, iri: str) -> Subject | None:
    statement = (
        select(BadgeEdition)
        .where(BadgeEdition.document_id == iri)
        .options(joinedload(BadgeEdition.badge).joinedload(Badge.issuer))
    )
    edition = session.scalars(statement).one_or_none()
    if edition is None:
        return None
    badge = edition.badge
    return Subject(
        kind=Kind.BADGE,
        id=iri,
        claimed=iri,
        credential=iri,
        name=badge.name,
        about=badge.issuer,
        badge=badge,
    )


def _issuer(session: Session, iri: str) -> Subject | None:
    if named := DID.fullmatch(iri):
        found = select(Issuer).filter_by(slug=unquote(named["slug"]).replace("\0", "\ufffd"))
        issuer = session.scalars(found).one_or_none()
        issuer = issuer if issuer is not None and did(issuer) == iri else None
    else:
        epoch = select(Issuer).join(IssuerEpoch, IssuerEpoch.issuer_id == Issuer.id)
        issuer = session.scalars(epoch.where(IssuerEpoch.document_id == iri)).one_or_none()
    if issuer is None:
        return None
    return Subject(
        kind=Kind.ISSUER,
        id=profile_id(issuer),
        claimed=iri,
        credential=did(issuer),
        name=issuer.name,
        about=issuer,
    )


def _award(session: Session, iri: str) -> Subject | None:
    bare = iri.removesuffix(CREDENTIAL)
    statement = (
        select(Assertion)
        .where(Assertion.document_id == bare)
        .options(
            joinedload(Assertion.award).options(
                joinedload(Award.badge).joinedload(Badge.issuer), joinedload(Award.person)
            )
        )
    )
    assertion = session.scalars(statement).one_or_none()
    if assertion is None:
        return None
    badge, person = assertion.award.badge, assertion.award.person
    return Subject(
        kind=Kind.AWARD,
        id=bare,
        claimed=iri,
        credential=bare + CREDENTIAL,
        name=badge.name,
        about=badge.issuer,
        is_revoked=assertion.award.is_revoked,
        is_hidden=person.opted_out or person.erased_at is not None,
    )
