# SPDX-License-Identifier: AGPL-3.0-or-later
"""Builds the public documents. Each is made once, kept as text, and served byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from issuer.addresses import Addresses
from issuer.services.checking import web_address
from openbadges import revocation
from openbadges.models import (
    Alignment,
    Assertion,
    BadgeClass,
    Claim,
    Criteria,
    CryptographicKey,
    Endorsement,
    Evidence,
    IdentityObject,
    Image,
    Profile,
    Related,
    RevocationList,
    RevokedAssertion,
    Verification,
)
from openbadges.ob3.vocabulary import VERSION_3
from openbadges.serialization import dumps, loads
from openbadges.times import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from issuer import models


#: Where the document of a key says the key itself.
PUBLIC = ("publicKeyPem", "publicKeyMultibase")


@dataclass(frozen=True, slots=True)
class Document:
    """A public document: its address and its text."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the documents of an award say, whatever became of the badge and its issuer since."""

    name: str
    description: str
    criteria: str
    issuer: str
    issued_at: datetime
    expires_at: datetime | None

    def is_expired(self, now: datetime) -> bool:
        """Whether what was issued no longer counts at ``now``."""
        return self.expires_at is not None and self.expires_at <= now


def told(assertion: str, badge: str, profile: str) -> Told:
    """Return what was said when an award was issued: by its Assertion, BadgeClass and Profile."""
    award, about = loads(assertion), loads(badge)
    return Told(
        name=about["name"],
        description=about["description"],
        criteria=about["criteria"].get("narrative", ""),
        issuer=loads(profile)["name"],
        issued_at=parse_time(award["issuedOn"]),
        expires_at=parse_time(award["expires"]) if "expires" in award else None,
    )


def profile(issuer: models.Issuer, kid: str, epoch: int) -> Document:
    """Return the Profile of an issuer while the key ``kid`` signs for it.

    One key a Profile, as one plain address: consumers refuse a list.
    """
    addresses = Addresses(issuer.base_url)
    document = Profile(
        id=addresses.profile(issuer.slug, epoch),
        name=issuer.name,
        url=_address(issuer.url),
        email=issuer.email,
        description=issuer.description or None,
        image=Image(id=addresses.profile_image(issuer.slug)) if issuer.image_id else None,
        public_keys=(addresses.key(kid),),
        revocation_list=addresses.revocations(issuer.slug),
        verification=_scope(issuer.base_url),
    )
    return Document(document.id, _text(document.to_dict()))


def cryptographic_key(issuer: models.Issuer, kid: str, epoch: int, public_pem: str) -> Document:
    """Return the document of a public key; its owner is the Profile that names it."""
    addresses = Addresses(issuer.base_url)
    document = CryptographicKey(
        id=addresses.key(kid),
        owner=addresses.profile(issuer.slug, epoch),
        public_key_pem=public_pem,
    )
    return Document(document.id, _text(document.to_dict()))


def withdrawn_key(document: str) -> str:
    """Return what is left of the document of a key that its issuer took back.

    The key itself is left out: verifiers that overlook `revoked` must not find it any more.
    """
    kept = {name: value for name, value in loads(document).items() if name not in PUBLIC}
    return _text({**kept, "revoked": True})


def badge_class(badge: models.Badge, profile_id: str, edition: int) -> Document:
    """Return the BadgeClass of a badge as it is now, for issuing under ``profile_id``."""
    addresses = Addresses(badge.issuer.base_url)
    former = addresses.badge(badge.slug, edition - 1)
    document = BadgeClass(
        id=addresses.badge(badge.slug, edition),
        name=badge.name,
        description=badge.description,
        image=Image(id=addresses.badge_image(badge.slug, edition)),
        criteria=Criteria(
            id=_address(badge.criteria_url or addresses.badge(badge.slug)),
            narrative=badge.criteria_text or badge.description,
        ),
        issuer=profile_id,
        alignment=tuple(
            Alignment.from_dict({**item, "targetUrl": _address(item["targetUrl"])})
            for item in badge.alignments
        ),
        tags=tuple(tag.name for tag in badge.tags),
        version=str(edition) if edition > 1 else None,
        related=(Related(id=former, version=str(edition - 1)),) if edition > 1 else (),
    )
    return Document(document.id, _text(document.to_dict()))


def issued(
    base_url: str,
    badge: str,
    uuid: UUID,
    recipient: IdentityObject,
    *,
    issued_at: datetime,
    expires_at: datetime | None,
    evidence: Iterable[dict[str, str]],
    narrative: str,
) -> Document:
    """Return the hosted Assertion of an award for one recipient identity."""
    addresses = Addresses(base_url)
    document = Assertion(
        id=addresses.assertion(uuid),
        recipient=recipient,
        badge=badge,
        verification=Verification.hosted(),
        issued_on=format_time(issued_at),
        expires=format_time(expires_at) if expires_at else None,
        # The baked picture: a backpack keeps what this address answers (Badgr facts, 0.3).
        image=Image(id=addresses.assertion_image(uuid)),
        evidence=tuple(
            Evidence.from_dict({**item, "id": _address(item["id"])} if "id" in item else dict(item))
            for item in evidence
        ),
        narrative=narrative or None,
        related=(Related(id=addresses.credential(uuid), version=VERSION_3),),
    )
    return Document(document.id, _text(document.to_dict()))


def endorsed(
    base_url: str, profile_id: str, uuid: UUID, subject: str, comment: str, *, issued_at: datetime
) -> Document:
    """Return the hosted Endorsement of ``subject`` that an issuer makes under ``profile_id``."""
    document = Endorsement(
        id=Addresses(base_url).endorsement(uuid),
        claim=Claim(id=subject, comment=comment or None),
        issuer=profile_id,
        issued_on=format_time(issued_at),
        verification=Verification.hosted(),
    )
    return Document(document.id, _text(document.to_dict()))


def signed_twin(hosted: str, key_document_id: str) -> bytes:
    """Return what is signed: the hosted document with the same id, verified by a key."""
    document = loads(hosted)
    document["verification"] = Verification.signed(key_document_id).to_dict(embedded=True)
    return dumps(document)


def revocation_list(issuer: models.Issuer, revoked: Iterable[tuple[str, str]]) -> Document:
    """Return the RevocationList with the (id, reason) of every revoked assertion.

    Two permanent entries come first: a list of one is misread (Open Badges 2.0, I7).
    """
    addresses = Addresses(issuer.base_url)
    entries = [RevokedAssertion(id=sentinel) for sentinel in issuer.sentinels]
    entries += [
        RevokedAssertion(id=document_id, revocation_reason=reason)
        for document_id, reason in revoked
    ]
    document = RevocationList(
        id=addresses.revocations(issuer.slug),
        issuer=addresses.profile(issuer.slug),
        revoked_assertions=tuple(entries),
    )
    return Document(addresses.revocations(issuer.slug), _text(document.to_dict()))


def key_id(issuer: models.Issuer, kid: str) -> str:
    """Return the address of a key, which is also what a signed assertion names."""
    return Addresses(issuer.base_url).key(kid)


def revocation_stub(document_id: str, reason: str) -> str:
    """Return the body of the 410 answer of a revoked assertion: no more than it needs (H6, N4)."""
    return _text(revocation.revocation_stub(document_id, reason))


def endorsement_stub(document_id: str, issuer: str, reason: str) -> str:
    """Return the body of the 410 answer of a revoked endorsement."""
    return _text(revocation.endorsement_stub(document_id, issuer, reason))


def _scope(base_url: str) -> Verification | None:
    """Return the policy that vouches for what we say, where the standard can express it.

    One beginning alone: consumers refuse a list (F4), and endorsements lie beside assertions.

    An origin with a port or an address cannot be named (F5, F9): the default, same origin, holds.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.port or "." not in host or host.replace(".", "").isdigit():
        return None
    return Verification.policy(starts_with=f"{base_url}/", allowed_origin=host)


def _address(url: str) -> str:
    """Return an address as machines write it; the model refuses what is none."""
    return web_address(url) or url


def _text(document: dict[str, object]) -> str:
    return dumps(document).decode()
