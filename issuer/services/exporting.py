# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges in the forms in which they leave us: each is made of the same kept texts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from issuer.errors import NotFoundError
from issuer.models import (
    Assertion,
    Award,
    Badge,
    BadgeEdition,
    EmailIdentity,
    KeyState,
    SigningKey,
)
from issuer.services import credentials, documents, publishing
from issuer.services.cards import BadgeCard, Listing
from issuer.services.listing import cursor, position
from openbadges.baking import CREDENTIAL_KEYWORD, bake
from openbadges.serialization import loads_object

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore
    from issuer.adapters.objects import ObjectFolder
    from issuer.models import Person


class Form(StrEnum):
    """A form in which one badge leaves us."""

    PNG = "png"
    SVG = "svg"
    JSON = "json"
    JWS = "jws"
    OB3 = "ob3"
    OB3_JWT = "ob3-jwt"
    PDF = "pdf"


#: How files of a form end, and what they are.
ENDINGS = {
    Form.PNG: ".png",
    Form.SVG: ".svg",
    Form.JSON: ".json",
    Form.JWS: ".jws",
    Form.OB3: ".ob3.json",
    Form.OB3_JWT: ".ob3.jwt",
    Form.PDF: ".pdf",
}
MEDIA_TYPES = {
    Form.PNG: "image/png",
    Form.SVG: "image/svg+xml",
    Form.JSON: "application/ld+json",
    Form.JWS: "application/jose",
    Form.OB3: "application/vc+ld+json",
    Form.OB3_JWT: "application/jwt",
    Form.PDF: "application/pdf",
}
#: The forms that are nothing but the signature of the key of an award.
SIGNED = (Form.JWS, Form.OB3_JWT)
#: The forms that are made of nothing but what is kept; a certificate is drawn elsewhere.
PLAIN = (Form.PNG, Form.SVG, Form.JSON, Form.JWS, Form.OB3, Form.OB3_JWT)
PAGE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A badge for one address of its holder, with all that is kept and signed of it."""

    uuid: UUID
    address: str  # of the hosted assertion
    slug: str
    name: str
    description: str
    criteria: str
    issuer: str
    issued_at: datetime
    expires_at: datetime | None
    narrative: str
    hosted: str
    jws: str  # empty where the key was taken back: what it signed is good no more
    proof: str  # as a credential of version 3.0
    token: str  # the same as JWT, empty likewise
    png: str  # the plain picture, by its SHA-256
    svg: str | None
    made_at: datetime

    @property
    def carried(self) -> str:
        """What is inside of a picture: the signed assertion, else the hosted one."""
        return self.jws or self.hosted

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms that there are of it."""
        there = {Form.SVG: self.svg, Form.JWS: self.jws, Form.OB3_JWT: self.token}
        return tuple(form for form in Form if there.get(form, True))

    def filename(self, form: Form) -> str:
        """Return how a file of it is called."""
        return f"{self.slug}{ENDINGS[form]}"


@dataclass(frozen=True, slots=True)
class Held:
    """A badge of whoever looks, and for which of their addresses it was made out so far."""

    award_id: int
    uuid: UUID
    badge: BadgeCard
    issued_at: datetime
    is_expired: bool
    made: tuple[tuple[str, UUID], ...] = ()  # address and assertion
    unsigned: frozenset[int | None] = frozenset()  # as `unsigned` tells it


def of_person(session: Session, person: Person, slug: str = "") -> list[int]:
    """Return the awards of a person that can be taken along, the newest first.

    With ``slug`` only those of one badge; raises `NotFoundError` where there are none of it.
    """
    statement = (
        select(Award.id)
        .where(Award.person_id == person.id, Award.revoked_at.is_(None))
        .order_by(Award.issued_at.desc(), Award.id.desc())
    )
    if slug:
        statement = statement.join(Badge, Award.badge_id == Badge.id).where(
            (Badge.slug == slug) | (Badge.legacy_id == slug)
        )
    found = list(session.scalars(statement))
    if slug and not found:
        raise NotFoundError(
            "badge %(badge)r: %(person)s does not have it", badge=slug, person=person.username
        )
    return found


def award_of(session: Session, person: Person, uuid: UUID) -> int:
    """Return the award of one of a person's own assertions; raise `NotFoundError`."""
    statement = (
        select(Award.id)
        .join(Assertion, Assertion.award_id == Award.id)
        .where(Assertion.uuid == uuid, Award.person_id == person.id)
    )
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("assertion %(assertion)s: is none of yours", assertion=uuid)
    return found


def listed(
    session: Session, person: Person, *, now: datetime, after: str = "", limit: int = PAGE
) -> Listing[Held]:
    """Return the badges of a person that can be taken along, the newest first, and what follows.

    For nobody's eyes but theirs: it names their addresses.
    """
    statement = (
        select(Award, Assertion.uuid, Badge)
        .join(Assertion, (Assertion.award_id == Award.id) & Assertion.is_default)
        .join(Badge, Award.badge_id == Badge.id)
        .where(Award.person_id == person.id, Award.revoked_at.is_(None))
        .order_by(Award.issued_at.desc(), Award.id.desc())
    )
    if after:
        statement = statement.where(tuple_(Award.issued_at, Award.id) < position(after))
    rows = session.execute(statement.limit(limit + 1)).all()
    award_ids = [award.id for award, _, _ in rows[:limit]]
    made, lost = _made(session, award_ids), unsigned(session, award_ids)
    items = tuple(
        Held(
            award.id,
            uuid,
            BadgeCard(
                badge.slug,
                badge.name,
                badge.description,
                version=badge.version,
                svg_id=badge.svg_id,
            ),
            award.issued_at,
            award.is_expired(now),
            tuple(made.get(award.id, ())),
            lost.get(award.id, frozenset()),
        )
        for award, uuid, badge in rows[:limit]
    )
    last = items[-1] if len(rows) > limit else None
    return Listing(items, cursor(last.issued_at, last.award_id) if last else "")


def unsigned(session: Session, award_ids: Sequence[int]) -> dict[int, frozenset[int | None]]:
    """Return for which addresses awards have no signed forms, because their key was taken back.

    An address is its number, None what the public page shows; awards without any are left out.
    """
    statement = (
        select(Assertion.award_id, Assertion.email_identity_id, Assertion.is_default)
        .join(SigningKey, Assertion.key_id == SigningKey.id)
        .where(Assertion.award_id.in_(award_ids), SigningKey.state == KeyState.REVOKED)
    )
    found: dict[int, set[int | None]] = {}
    for award_id, address, is_default in session.execute(statement):
        # Whatever has no number here is that of the public page.
        found.setdefault(award_id, set()).update({address, None} if is_default else {address})
    return {award_id: frozenset(lost) for award_id, lost in found.items()}


def _made(session: Session, award_ids: Sequence[int]) -> dict[int, list[tuple[str, UUID]]]:
    statement = (
        select(Assertion.award_id, EmailIdentity.address, Assertion.uuid)
        .join(EmailIdentity, Assertion.email_identity_id == EmailIdentity.id)
        .where(Assertion.award_id.in_(award_ids))
        .order_by(EmailIdentity.address)
    )
    made: dict[int, list[tuple[str, UUID]]] = {}
    for award_id, address, uuid in session.execute(statement):
        made.setdefault(award_id, []).append((address, uuid))
    return made


def collect(
    session: Session, rows: Sequence[int], keys: KeyStore, *, now: datetime
) -> list[Exported]:
    """Return assertions with all their signed forms, which are made where nobody asked before.

    Those that were taken back meanwhile are left out. Raises `KeyUnavailableError`.
    """
    statement = (
        select(Assertion)
        .where(Assertion.id.in_(rows), Award.revoked_at.is_(None))
        .join(Assertion.award)
        .options(
            contains_eager(Assertion.award),
            joinedload(Assertion.key, innerjoin=True).joinedload(SigningKey.issuer, innerjoin=True),
            joinedload(Assertion.edition, innerjoin=True).options(
                joinedload(BadgeEdition.epoch, innerjoin=True),
                joinedload(BadgeEdition.badge, innerjoin=True),
                joinedload(BadgeEdition.png, innerjoin=True),
                joinedload(BadgeEdition.svg),
            ),
        )
        # Always in the same order, so that two who ask at once wait and do not block each other.
        .order_by(Assertion.id)
        .with_for_update(of=Assertion)
        .execution_options(populate_existing=True)
    )
    found = {each.id: each for each in session.scalars(statement)}
    credentials.make_all(session, found.values(), keys, now=now)
    for each in found.values():
        if each.key.state != KeyState.REVOKED:
            each.jws = publishing.token(each, keys)
    session.flush()
    return [_exported(found[row]) for row in rows if row in found]


def _exported(found: Assertion) -> Exported:
    edition = found.edition
    told = documents.told(found.document, edition.document, edition.epoch.document)
    is_good = found.key.state != KeyState.REVOKED
    return Exported(
        uuid=found.uuid,
        address=found.document_id,
        slug=edition.badge.slug,
        name=told.name,
        description=told.description,
        criteria=told.criteria,
        issuer=told.issuer,
        issued_at=told.issued_at,
        expires_at=told.expires_at,
        narrative=loads_object(found.document).get("narrative", ""),
        hosted=found.document,
        jws=(found.jws or "") if is_good else "",
        proof=found.ob3 or "",
        token=(found.ob3_jwt or "") if is_good else "",
        png=edition.png.sha256,
        svg=edition.svg.sha256 if edition.svg else None,
        made_at=found.created_at,
    )


def content(badge: Exported, form: Form, objects: ObjectFolder) -> bytes:
    """Return a badge in a plain form; pictures carry both the 2.0 and the 3.0 badge.

    Raises `NotFoundError` for a form that there is not.
    """
    if form not in badge.forms:
        raise NotFoundError(
            "badge %(badge)r: there is no %(form)s of it: take the PNG", badge=badge.slug, form=form
        )
    texts = {
        Form.JSON: badge.hosted,
        Form.JWS: badge.jws,
        Form.OB3: badge.proof,
        Form.OB3_JWT: badge.token,
    }
    if form in texts:
        return texts[form].encode()
    picture = objects.get(badge.svg if form is Form.SVG and badge.svg else badge.png)
    return bake(bake(picture, badge.carried), badge.proof, keyword=CREDENTIAL_KEYWORD)
