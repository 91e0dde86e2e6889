# SPDX-License-Identifier: AGPL-3.0-or-later
"""The badge class: what an achievement is called, looks like and asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from openbadges.models import kinds
from openbadges.models.base import Document, Property, nested, reference
from openbadges.models.parts import (
    CRITERIA,
    PICTURE,
    RELATED,
    Alignment,
    Criteria,
    Image,
    Related,
)
from openbadges.models.profiles import Profile
from openbadges.vocabulary import BADGE_CLASS


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeClass(Document):
    """One achievement that an issuer awards (Open Badges 2.0, BadgeClass).

    `issuer` is the URL of the profile, or the profile itself where it is embedded.
    """

    TYPES: ClassVar[tuple[str, ...]] = (BADGE_CLASS,)
    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.IRI, required=True),
        Property("name", "name", kinds.WORD, required=True),
        Property("description", "description", kinds.TEXT, required=True),
        Property("image", "image", PICTURE, required=True),
        Property("criteria", "criteria", CRITERIA, required=True),
        Property("issuer", "issuer", reference(Profile, kinds.IRI), required=True),
        Property("alignment", "alignment", nested(Alignment), many=True),
        Property("tags", "tags", kinds.TEXT, many=True),
        Property("version", "version", kinds.VERSION),
        Property("related", "related", RELATED, many=True),
        Property("@language", "language", kinds.LANGUAGE),
    )

    id: str
    name: str
    description: str
    image: Image
    criteria: Criteria
    issuer: str | Profile
    alignment: tuple[Alignment, ...] = ()
    tags: tuple[str, ...] = ()
    version: Any = None
    related: tuple[Related, ...] = ()
    language: str | None = None

    @property
    def issuer_id(self) -> str:
        """The id of the issuer's profile, embedded or not."""
        return self.issuer if isinstance(self.issuer, str) else self.issuer.id
