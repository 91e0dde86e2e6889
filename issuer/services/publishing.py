# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public forms of what was issued: documents as they were frozen, signed and baked forms."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select
from sqlalchemy.orm import contains_eager, joinedload

from issuer.errors import GoneError, NotFoundError
from issuer.models import (
    Assertion,
    Award,
    Badge,
    BadgeEdition,
    Endorsement,
    Image,
    Issuer,
    IssuerEpoch,
    KeyState,
    SigningKey,
)
from issuer.services import documents
from issuer.services.listing import plain
from openbadges.baking import bake
from openbadges.keys import load_public_key
from openbadges.signing import sign

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.base import ExecutableOption

    from issuer.adapters.keystores import KeyStore


class RevokedError(GoneError):
    """An assertion was revoked; ``stub`` is all that is still said of it."""

    def __init__(self, document_id: str, reason: str) -> None:
        self.stub = documents.revocation_stub(document_id, reason)
        super().__init__(f"assertion {document_id}: revoked: {reason}")


class RevokedEndorsementError(RevokedError):
    """An endorsement was revoked; ``stub`` is all that is still said of it."""

    def __init__(self, document_id: str, issuer: str, reason: str) -> None:
        self.stub = documents.endorsement_stub(document_id, issuer, reason)
        GoneError.__init__(self, f"endorsement {document_id}: revoked: {reason}")


class WithdrawnKeyError(RevokedError):
    """A key was taken back; ``stub`` is its document, which says so."""

    def __init__(self, kid: str, document: str) -> None:
        self.stub = document
        GoneError.__init__(self, f"key {kid}: its issuer took it back, nothing it signed is good")


def profile(session: Session, slug: str, epoch: int = 1) -> str:
    """Return the Profile of a key epoch; raise `NotFoundError`."""
    statement = (
        select(IssuerEpoch.document)
        .join(Issuer)
        .where(Issuer.slug == plain(slug), IssuerEpoch.number == epoch)
    )
    return _text(session.scalars(statement).one_or_none(), f"issuer {slug!r}")


def key(session: Session, kid: str) -> str:
    """Return a CryptographicKey; raise `NotFoundError`, or `WithdrawnKeyError`."""
    found = session.scalars(select(SigningKey).filter_by(kid=plain(kid))).one_or_none()
    if found is None:
        raise NotFoundError("key %(key)r: there is none", key=kid)
    if found.state == KeyState.REVOKED:
        raise WithdrawnKeyError(kid, found.document)
    return found.document


def badge_class(session: Session, slug: str, edition: int = 1) -> str:
    """Return the BadgeClass of an edition; raise `NotFoundError`."""
    return find_edition(session, slug, edition).document


def find_edition(session: Session, slug: str, number: int = 1) -> BadgeEdition:
    """Return an edition of a badge with its pictures; raise `NotFoundError`."""
    statement = (
        select(BadgeEdition)
        .join(Badge)
        .where(Badge.slug == plain(slug), BadgeEdition.number == number)
        .options(joinedload(BadgeEdition.png), joinedload(BadgeEdition.svg))
    )
    edition = session.scalars(statement).one_or_none()
    if edition is None:
        raise NotFoundError(
            "badge %(badge)r: there is no edition %(number)s", badge=slug, number=number
        )
    return edition


def newest_edition(session: Session, slug: str) -> BadgeEdition:
    """Return the newest edition of a badge with its pictures; raise `NotFoundError`."""
    statement = (
        select(BadgeEdition)
        .join(BadgeEdition.badge)
        .where(Badge.slug == plain(slug))
        .order_by(BadgeEdition.number.desc())
        .limit(1)
        .options(
            joinedload(BadgeEdition.png),
            contains_eager(BadgeEdition.badge).joinedload(Badge.issuer),
        )
    )
    edition = session.scalars(statement).one_or_none()
    if edition is None:
        raise NotFoundError("badge %(badge)r: there is none", badge=slug)
    return edition


def revocations(session: Session, slug: str) -> str:
    """Return the RevocationList of an issuer as it is now; raise `NotFoundError`.

    It names what the issuer withdrew: assertions, and endorsements.
    """
    issuer = session.scalars(select(Issuer).filter_by(slug=plain(slug))).one_or_none()
    if issuer is None:
        raise NotFoundError("issuer %(issuer)r: there is none", issuer=slug)
    statement = (
        select(Assertion.document_id, Award.revocation_reason)
        .join(Award, Assertion.award_id == Award.id)
        .join(Badge, Award.badge_id == Badge.id)
        .where(Award.revoked_at.is_not(None), Badge.issuer_id == issuer.id)
        .order_by(Award.revoked_at, Assertion.id)
    )
    endorsed = (
        select(Endorsement.document_id, Endorsement.revocation_reason)
        .where(Endorsement.revoked_at.is_not(None), Endorsement.issuer_id == issuer.id)
        .order_by(Endorsement.revoked_at, Endorsement.id)
    )
    rows = (*session.execute(statement), *session.execute(endorsed))
    revoked = [(document_id, reason or "") for document_id, reason in rows]
    return documents.revocation_list(issuer, revoked).text


#: An assertion with its key, and with what its pictures are made of: in one statement each.
WITH_KEY = joinedload(Assertion.key, innerjoin=True)
WITH_PICTURES = (
    WITH_KEY,
    joinedload(Assertion.edition, innerjoin=True).options(
        joinedload(BadgeEdition.badge, innerjoin=True),
        joinedload(BadgeEdition.png, innerjoin=True),
        joinedload(BadgeEdition.svg),
    ),
)


@lru_cache(maxsize=8)
def _by_uuid(options: tuple[ExecutableOption, ...]) -> Select[Assertion]:
    """Return the statement, which is put together once: it takes as long as running it."""
    return (
        select(Assertion)
        .where(Assertion.uuid == bindparam("uuid", type_=Assertion.uuid.type))
        .options(joinedload(Assertion.award, innerjoin=True), *options)
    )


def find_assertion(session: Session, uuid: UUID, *options: ExecutableOption) -> Assertion:
    """Return an assertion that holds; ``options`` tell what is read along with it.

    Raises `NotFoundError`, or `RevokedError` with the stub when it was revoked.
    """
    assertion = session.scalars(_by_uuid(options), {"uuid": uuid}).one_or_none()
    if assertion is None:
        raise NotFoundError("assertion %(assertion)s: there is none", assertion=uuid)
    if assertion.award.is_revoked:
        raise RevokedError(assertion.document_id, assertion.award.revocation_reason or "")
    return assertion


def token(assertion: Assertion, keys: KeyStore) -> str:
    """Return the signed twin of an assertion; RS256 makes the same one each time.

    Raises `KeyUnavailableError` when the key cannot be read, `WithdrawnKeyError` when it was
    revoked: what it signed before is not handed out any more.
    """
    signer = assertion.key
    if signer.state == KeyState.REVOKED:
        raise WithdrawnKeyError(signer.kid, signer.document)
    if assertion.jws is not None:
        return assertion.jws
    key_id = documents.key_id(signer.issuer, signer.kid)
    private = keys.load(signer.kid, load_public_key(signer.public_pem, key_id))
    return sign(documents.signed_twin(assertion.document, key_id), private)


def sign_once(session: Session, uuid: UUID, keys: KeyStore) -> str:
    """Return the signed twin of an assertion: made at the first demand, then kept.

    Raises as `find_assertion` and `token`.
    """
    assertion = find_assertion(session, uuid)
    signed = token(assertion, keys)
    if assertion.jws is None:
        # Two processes that sign at once keep the same bytes.
        assertion.jws = signed
        session.flush()
    return signed


def carried(assertion: Assertion, keys: KeyStore) -> str:
    """Return what a picture carries: the signed twin, or the hosted assertion of a revoked key."""
    try:
        return token(assertion, keys)
    except WithdrawnKeyError:
        return assertion.document


def baked(picture: bytes, text: str) -> bytes:
    """Return the picture with an assertion inside, signed or hosted."""
    return bake(picture, text)


def issuer_image(session: Session, slug: str) -> Image:
    """Return the picture of an issuer; raise `NotFoundError` where there is none."""
    statement = select(Image).join(Issuer, Issuer.image_id == Image.id)
    statement = statement.where(Issuer.slug == plain(slug))
    image = session.scalars(statement).one_or_none()
    if image is None:
        raise NotFoundError("issuer %(issuer)r: has no picture", issuer=slug)
    return image


def jwk(session: Session, kid: str) -> dict[str, str]:
    """Return a public key as JWK; raise `NotFoundError`, or `WithdrawnKeyError`."""
    found = session.scalars(select(SigningKey).filter_by(kid=plain(kid))).one_or_none()
    if found is None:
        raise NotFoundError("key %(key)r: there is none", key=kid)
    if found.state == KeyState.REVOKED:
        raise WithdrawnKeyError(kid, found.document)
    return load_public_key(found.public_pem, kid).to_jwk()


def jwks(session: Session) -> list[dict[str, str]]:
    """Return all public keys that still verify something."""
    statement = select(SigningKey).where(SigningKey.state != KeyState.REVOKED)
    keys = session.scalars(statement.order_by(SigningKey.id))
    return [load_public_key(found.public_pem, found.kid).to_jwk() for found in keys]


def _text(document: str | None, what: str) -> str:
    if document is None:
        raise NotFoundError("%(what)s: there is none", what=what)
    return document
