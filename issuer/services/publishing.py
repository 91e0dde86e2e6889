# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public forms of what was issued: documents as they were frozen, signed and baked forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from issuer.errors import GoneError, NotFoundError
from issuer.models import (
    Assertion,
    Award,
    Badge,
    BadgeEdition,
    Image,
    Issuer,
    IssuerEpoch,
    KeyState,
    SigningKey,
)
from issuer.services import documents
from openbadges.baking import bake
from openbadges.keys import load_public_key
from openbadges.signing import sign

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.adapters.keystore import KeyFolder


class RevokedError(GoneError):
    """An assertion was revoked; ``stub`` is all that is still said of it."""

    def __init__(self, document_id: str, reason: str) -> None:
        self.stub = documents.revocation_stub(document_id, reason)
        super().__init__(f"assertion {document_id}: revoked: {reason}")


def profile(session: Session, slug: str, epoch: int = 1) -> str:
    """Return the Profile of a key epoch; raise `NotFoundError`."""
    statement = (
        select(IssuerEpoch.document)
        .join(Issuer)
        .where(Issuer.slug == slug, IssuerEpoch.number == epoch)
    )
    return _text(session.scalars(statement).one_or_none(), f"issuer {slug!r}")


def key(session: Session, kid: str) -> str:
    """Return a CryptographicKey; raise `NotFoundError`."""
    statement = select(SigningKey.document).filter_by(kid=kid)
    return _text(session.scalars(statement).one_or_none(), f"key {kid!r}")


def badge_class(session: Session, slug: str, edition: int = 1) -> str:
    """Return the BadgeClass of an edition; raise `NotFoundError`."""
    return find_edition(session, slug, edition).document


def find_edition(session: Session, slug: str, number: int = 1) -> BadgeEdition:
    """Return an edition of a badge with its pictures; raise `NotFoundError`."""
    statement = (
        select(BadgeEdition)
        .join(Badge)
        .where(Badge.slug == slug, BadgeEdition.number == number)
        .options(joinedload(BadgeEdition.png), joinedload(BadgeEdition.svg))
    )
    edition = session.scalars(statement).one_or_none()
    if edition is None:
        raise NotFoundError(f"badge {slug!r}: there is no edition {number}")
    return edition


def newest_edition(session: Session, slug: str) -> BadgeEdition:
    """Return the newest edition of a badge with its pictures; raise `NotFoundError`."""
    statement = (
        select(BadgeEdition)
        .join(BadgeEdition.badge)
        .where(Badge.slug == slug.replace("\0", "\ufffd"))
        .order_by(BadgeEdition.number.desc())
        .limit(1)
        .options(
            joinedload(BadgeEdition.png),
            contains_eager(BadgeEdition.badge).joinedload(Badge.issuer),
        )
    )
    edition = session.scalars(statement).one_or_none()
    if edition is None:
        raise NotFoundError(f"badge {slug!r}: there is none")
    return edition


def revocations(session: Session, slug: str) -> str:
    """Return the RevocationList of an issuer as it is now; raise `NotFoundError`."""
    issuer = session.scalars(select(Issuer).filter_by(slug=slug)).one_or_none()
    if issuer is None:
        raise NotFoundError(f"issuer {slug!r}: there is none")
    statement = (
        select(Assertion.document_id, Award.revocation_reason)
        .join(Award, Assertion.award_id == Award.id)
        .join(Badge, Award.badge_id == Badge.id)
        .where(Award.revoked_at.is_not(None), Badge.issuer_id == issuer.id)
        .order_by(Award.revoked_at, Assertion.id)
    )
    revoked = [(document_id, reason or "") for document_id, reason in session.execute(statement)]
    return documents.revocation_list(issuer, revoked).text


def find_assertion(session: Session, uuid: UUID) -> Assertion:
    """Return an assertion that holds.

    Raises `NotFoundError`, or `RevokedError` with the stub when it was revoked.
    """
    statement = (
        select(Assertion).filter_by(uuid=uuid).options(joinedload(Assertion.award, innerjoin=True))
    )
    assertion = session.scalars(statement).one_or_none()
    if assertion is None:
        raise NotFoundError(f"assertion {uuid}: there is none")
    if assertion.award.is_revoked:
        raise RevokedError(assertion.document_id, assertion.award.revocation_reason or "")
    return assertion


def token(assertion: Assertion, keys: KeyFolder) -> str:
    """Return the signed twin of an assertion; RS256 makes the same one each time.

    Raises `KeyUnavailableError` when the key cannot be read.
    """
    if assertion.jws is not None:
        return assertion.jws
    signer = assertion.key
    key_id = documents.key_id(signer.issuer, signer.kid)
    private = keys.load(signer.kid, key_id)
    return sign(documents.signed_twin(assertion.document, key_id), private)


def sign_once(session: Session, uuid: UUID, keys: KeyFolder) -> str:
    """Return the signed twin of an assertion: made at the first demand, then kept.

    Raises as `find_assertion` and `token`.
    """
    assertion = find_assertion(session, uuid)
    if assertion.jws is None:
        # Two processes that sign at once keep the same bytes.
        assertion.jws = token(assertion, keys)
        session.flush()
    return assertion.jws


def baked(picture: bytes, token: str) -> bytes:
    """Return the picture with the signed assertion inside."""
    return bake(picture, token)


def issuer_image(session: Session, slug: str) -> Image:
    """Return the picture of an issuer; raise `NotFoundError` where there is none."""
    statement = select(Image).join(Issuer, Issuer.image_id == Image.id).where(Issuer.slug == slug)
    image = session.scalars(statement).one_or_none()
    if image is None:
        raise NotFoundError(f"issuer {slug!r}: has no picture")
    return image


def jwk(session: Session, kid: str) -> dict[str, str]:
    """Return a public key as JWK; raise `NotFoundError`."""
    found = session.scalars(select(SigningKey).filter_by(kid=kid)).one_or_none()
    if found is None:
        raise NotFoundError(f"key {kid!r}: there is none")
    return load_public_key(found.public_pem, kid).to_jwk()


def jwks(session: Session) -> list[dict[str, str]]:
    """Return all public keys that still verify something."""
    statement = select(SigningKey).where(SigningKey.state != KeyState.REVOKED)
    keys = session.scalars(statement.order_by(SigningKey.id))
    return [load_public_key(found.public_pem, found.kid).to_jwk() for found in keys]


def _text(document: str | None, what: str) -> str:
    if document is None:
        raise NotFoundError(f"{what}: there is none")
    return document
