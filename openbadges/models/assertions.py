# SPDX-License-Identifier: AGPL-3.0-or-later
"""The assertion: one award of one badge to one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from openbadges.errors import MalformedError
from openbadges.models import kinds
from openbadges.models.badges import BadgeClass
from openbadges.models.base import Document, Property, nested, reference
from openbadges.models.parts import (
    EVIDENCE,
    PICTURE,
    RELATED,
    Evidence,
    IdentityObject,
    Image,
    Related,
    Verification,
)
from openbadges.times import parse_time
from openbadges.vocabulary import ASSERTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion(Document):
    """One award of one badge to one person (Open Badges 2.0, Assertion).

    `badge` is the URL of the badge class, or the class itself where it is embedded. `issued_on`
    and `expires` are times with a zone, as `openbadges.times.format_time` writes them.
    """

    TYPES: ClassVar[tuple[str, ...]] = (ASSERTION,)
    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.IRI, required=True),
        Property("recipient", "recipient", nested(IdentityObject), required=True),
        Property("badge", "badge", reference(BadgeClass, kinds.IRI), required=True),
        Property(
            "verification", "verification", nested(Verification), required=True, alias="verify"
        ),
        Property("issuedOn", "issued_on", kinds.TIME, required=True),
        Property("expires", "expires", kinds.TIME),
        Property("image", "image", PICTURE),
        Property("evidence", "evidence", EVIDENCE, many=True),
        Property("narrative", "narrative", kinds.TEXT),
        Property("revoked", "revoked", kinds.BOOLEAN),
        Property("revocationReason", "revocation_reason", kinds.TEXT),
        Property("version", "version", kinds.VERSION),
        Property("related", "related", RELATED, many=True),
        Property("@language", "language", kinds.LANGUAGE),
    )

    id: str
    recipient: IdentityObject
    badge: str | BadgeClass
    verification: Verification
    issued_on: str
    expires: str | None = None
    image: Image | None = None
    evidence: tuple[Evidence, ...] = ()
    narrative: str | None = None
    revoked: bool | None = None
    revocation_reason: str | None = None
    version: Any = None
    related: tuple[Related, ...] = ()
    language: str | None = None

    @property
    def badge_id(self) -> str:
        """The id of the badge class, embedded or not."""
        return self.badge if isinstance(self.badge, str) else self.badge.id

    def check(self, where: str) -> None:
        """Raise MalformedError where times contradict each other, or the picture is no URL."""
        if self.expires and parse_time(self.expires) < parse_time(self.issued_on):
            raise MalformedError(f"{where}.expires is earlier than issuedOn")
        if self.image and not kinds.is_url(self.image.id):
            # The picture is the baked one: embedded, it would have to hold itself.
            raise MalformedError(f"{where}.image must be the http or https URL of a picture")
