# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards as Open Badges 3.0: made from the frozen documents at the first demand, then kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from issuer.addresses import Addresses
from issuer.errors import NotFoundError
from issuer.models import Assertion, Issuer, KeyState, SigningKey
from issuer.services import including, issuers, publishing, revoking
from issuer.services.listing import plain
from openbadges.keys import ED25519_SIGNATURE, PublicKey, Signer, load_public_key
from openbadges.models import BadgeClass, IdentityObject, Profile
from openbadges.ob3 import credentials, identifiers, proofs, statuses, tokens
from openbadges.ob3.multikeys import to_multikey
from openbadges.serialization import dumps, loads_object
from openbadges.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore

MULTIKEY_CONTEXT = "https://w3id.org/security/multikey/v1"


def did(issuer: Issuer) -> str:
    """Return the name under which an issuer signs credentials; it never changes."""
    return identifiers.did_web(issuer.base_url, "issuers", issuer.slug)


def proof_key(session: Session, issuer: Issuer, keys: KeyStore, *, now: datetime) -> SigningKey:
    """Return the key that makes proofs; where there is none, make it.

    The private half is written before the row, so that no row ever names a key that is lost.
    """
    statement = select(SigningKey).filter_by(
        issuer_id=issuer.id, algorithm=ED25519_SIGNATURE, state=KeyState.ACTIVE
    )
    if (found := session.scalars(statement).one_or_none()) is not None:
        return found
    public = keys.make(ED25519_SIGNATURE, year=now.year, taken=issuers.kids(session))
    kid = public.id
    made = SigningKey(
        kid=kid,
        issuer=issuer,
        algorithm=public.algorithm,
        public_pem=public.to_pem(),
        document=_multikey(issuer, kid, public),
        valid_from=now,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # somebody else was first: theirs is the key
        return session.scalars(statement).one()
    return made


@dataclass(frozen=True, slots=True)
class _Prover:
    """The key with which an issuer makes proofs, and its name."""

    did: str
    key: Signer
    method: str

    @classmethod
    def of(cls, session: Session, issuer: Issuer, keys: KeyStore, now: datetime) -> _Prover:
        found, name = proof_key(session, issuer, keys, now=now), did(issuer)
        public = load_public_key(found.public_pem, Addresses(issuer.base_url).key(found.kid))
        return cls(name, keys.load(found.kid, public), f"{name}#{found.kid}")

    def prove(self, document: dict[str, Any], now: datetime) -> str:
        return dumps(proofs.add_proof(document, self.key, self.method, created=now)).decode()


def proven(session: Session, uuid: UUID, keys: KeyStore, *, now: datetime) -> str:
    """Return an award as a credential with a Data Integrity proof, byte for byte the same for ever.

    Raises as `publishing.find_assertion`, and `KeyUnavailableError` where a key cannot be used.
    """
    found = locked(session, uuid)
    if found.ob3 is None:
        issuer = found.edition.badge.issuer
        prover = _Prover.of(session, issuer, keys, now)
        revoking.place(session, found, issuer, now=now)
        included = including.endorsements(session, [found], now=now)
        found.ob3 = prover.prove(_credential(found, included), now)
        session.flush()
    return found.ob3


def token(session: Session, uuid: UUID, keys: KeyStore, *, now: datetime) -> str:
    """Return an award as a JWT that the key of the assertion signed.

    Raises as `proven`.
    """
    found = locked(session, uuid)
    if found.key.state == KeyState.REVOKED:
        raise publishing.WithdrawnKeyError(found.key.kid, found.key.document)
    if found.ob3_jwt is None:
        revoking.place(session, found, found.edition.badge.issuer, now=now)
        included = including.endorsements(session, [found], now=now)
        found.ob3_jwt = _token(found, _credential(found, included), keys)
        session.flush()
    return found.ob3_jwt


def make_all(
    session: Session, assertions: Iterable[Assertion], keys: KeyStore, *, now: datetime
) -> None:
    """Make what `proven` and `token` make, for many assertions that hold and are locked.

    A key that was taken back makes no token.
    """
    missing: dict[Issuer, list[Assertion]] = {}
    for each in assertions:
        if each.ob3 is None or each.ob3_jwt is None:
            missing.setdefault(each.edition.badge.issuer, []).append(each)
    for issuer, theirs in missing.items():
        prover = _Prover.of(session, issuer, keys, now)
        revoking.place_all(session, theirs, issuer, now=now)
        included = including.endorsements(session, theirs, now=now)
        for each in theirs:
            document = _credential(each, included)
            each.ob3 = each.ob3 or prover.prove(document, now)
            if each.key.state != KeyState.REVOKED:
                each.ob3_jwt = each.ob3_jwt or _token(each, document, keys)
    session.flush()


def status_list(
    session: Session, number: int, keys: KeyStore, *, now: datetime, keep: bool = True
) -> str:
    """Return a list of revocations as a signed credential; one that is new is kept.

    Raises `NotFoundError`, and `KeyUnavailableError` where a key cannot be used.
    """

    def signer(issuer: Issuer) -> tuple[str, Signer, str]:
        prover = _Prover.of(session, issuer, keys, now)
        return prover.did, prover.key, prover.method

    return revoking.credential(session, number, signer, now=now, keep=keep)


def did_document(session: Session, slug: str, base_url: str = "") -> dict[str, Any]:
    """Return the did:web document of an issuer, of all its keys that still verify.

    With ``base_url`` it is that of the whole origin. Raises `NotFoundError`.
    """
    issuer = session.scalars(select(Issuer).filter_by(slug=plain(slug))).one_or_none()
    if issuer is None:
        raise NotFoundError("issuer %(issuer)r: there is none", issuer=slug)
    statement = select(SigningKey).where(
        SigningKey.issuer_id == issuer.id, SigningKey.state != KeyState.REVOKED
    )
    public = [
        (key.kid, load_public_key(key.public_pem, key.kid))
        for key in session.scalars(statement.order_by(SigningKey.id))
    ]
    own = did(issuer)
    if base_url:
        whole = identifiers.did_document(identifiers.did_web(base_url), public)
        return {**whole, "alsoKnownAs": [own]}
    document = identifiers.did_document(own, public)
    return {**document, "alsoKnownAs": [Addresses(issuer.base_url).profile(issuer.slug)]}


def locked(session: Session, uuid: UUID) -> Assertion:
    """Return an assertion; of two who ask at once the second sees what the first made."""
    publishing.find_assertion(session, uuid)
    statement = select(Assertion).filter_by(uuid=uuid).with_for_update(of=Assertion)
    options = {"populate_existing": True}
    return session.scalars(statement, execution_options=options).one()


def _token(found: Assertion, document: dict[str, Any], keys: KeyStore) -> str:
    key = found.key
    address = Addresses(key.issuer.base_url).jwk(key.kid)
    signer = keys.load(key.kid, load_public_key(key.public_pem, address))
    return tokens.to_token(document, signer)


def _credential(found: Assertion, included: including.Included) -> dict[str, Any]:
    """Return what is signed: said by the frozen documents, so that both forms agree.

    It carries what was said in favour of them by the time it is made.
    """
    issuer = found.edition.badge.issuer
    addresses = Addresses(issuer.base_url)
    listed, index = revoking.place_of(found)
    recipient = IdentityObject(
        type=found.identity_type, identity=found.identity_hash, salt=found.salt
    )
    document = loads_object(found.document)
    made = credentials.open_badge(
        addresses.credential(found.uuid),
        profile_of(issuer, found.edition.epoch.document),
        _achievement(found),
        recipient,
        subject_id=f"urn:uuid:{found.subject_uuid}",
        # Not those of the award: of two that were merged, each keeps its own.
        valid_from=parse_time(document["issuedOn"]),
        valid_until=parse_time(document["expires"]) if "expires" in document else None,
        image=addresses.assertion_image(found.uuid),
        evidence=document.get("evidence", ()),
        narrative=document.get("narrative", ""),
        status=statuses.entry(addresses.status(listed), index),
        refresh=addresses.current_credential(found.uuid),
    )
    return including.carry(made, included)


def unsigned(session: Session, found: Assertion, *, now: datetime) -> dict[str, Any]:
    """Return what would be signed if an assertion, which is locked, became a credential now."""
    revoking.place(session, found, found.edition.badge.issuer, now=now)
    return _credential(found, including.endorsements(session, [found], now=now))


def prove(
    session: Session, issuer: Issuer, document: dict[str, Any], keys: KeyStore, *, now: datetime
) -> str:
    """Return a document with a proof of an issuer; raise as `proven`."""
    return _Prover.of(session, issuer, keys, now).prove(document, now)


def profile_of(issuer: Issuer, document: str) -> credentials.Issuer:
    """Return an issuer as a Profile of version 2.0 tells it, under its name in version 3.0."""
    profile = Profile.from_dict(loads_object(document))
    return credentials.Issuer(
        id=did(issuer),
        name=str(profile.name),
        url=str(profile.url),
        email=profile.email or "",
        description=profile.description or "",
        image=(profile.image.id if profile.image else "") or "",
    )


def _achievement(found: Assertion) -> credentials.Achievement:
    badge = BadgeClass.from_dict(loads_object(found.edition.document))
    criteria = badge.criteria
    return credentials.Achievement(
        id=badge.id or found.edition.document_id,
        name=badge.name,
        description=badge.description,
        criteria_id=criteria.id or found.edition.document_id,
        criteria_narrative=criteria.narrative or "",
        image=badge.image.id or "",
        tags=badge.tags,
        alignments=tuple(each.to_dict(embedded=True) for each in badge.alignment),
        version=str(badge.version or ""),
        former=found.edition.document_id,
    )


def _multikey(issuer: Issuer, kid: str, key: PublicKey) -> str:
    document = {
        "@context": MULTIKEY_CONTEXT,
        "id": Addresses(issuer.base_url).key(kid),
        "type": "Multikey",
        "controller": did(issuer),
        "publicKeyMultibase": to_multikey(key),
    }
    return dumps(document).decode()
