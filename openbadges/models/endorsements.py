# SPDX-License-Identifier: AGPL-3.0-or-later
"""The endorsement: what somebody says in favour of a badge, an issuer or an award."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from openbadges.models import kinds
from openbadges.models.base import Document, Property, described, nested, reference
from openbadges.models.parts import Verification
from openbadges.models.profiles import Profile
from openbadges.vocabulary import ENDORSEMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Document):
    """What is endorsed, and what is said of it; other properties claimed of it are in `extra`."""

    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.IRI, required=True),
        Property("endorsementComment", "comment", kinds.TEXT),
    )

    id: str
    comment: str | None = None


CLAIM = described(Claim, bare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsement(Document):
    """A claim that its issuer makes about another object (Open Badges 2.0, Endorsement)."""

    TYPES: ClassVar[tuple[str, ...]] = (ENDORSEMENT,)
    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.IRI, required=True),
        Property("claim", "claim", CLAIM, required=True),
        Property("issuer", "issuer", reference(Profile, kinds.IRI), required=True),
        Property("issuedOn", "issued_on", kinds.TIME, required=True),
        Property(
            "verification", "verification", nested(Verification), required=True, alias="verify"
        ),
        Property("expires", "expires", kinds.TIME),
        Property("revoked", "revoked", kinds.BOOLEAN),
        Property("revocationReason", "revocation_reason", kinds.TEXT),
        Property("@language", "language", kinds.LANGUAGE),
    )

    id: str
    claim: Claim
    issuer: str | Profile
    issued_on: str
    verification: Verification
    expires: str | None = None
    revoked: bool | None = None
    revocation_reason: str | None = None
    language: str | None = None

    @property
    def issuer_id(self) -> str:
        """The id of the issuer's profile, embedded or not."""
        return self.issuer if isinstance(self.issuer, str) else self.issuer.id
