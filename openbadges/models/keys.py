# SPDX-License-Identifier: AGPL-3.0-or-later
"""The published half of a signing key, as a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from openbadges.models import kinds
from openbadges.models.base import Document, Property, reference
from openbadges.models.parts import Node, id_of
from openbadges.vocabulary import CRYPTOGRAPHIC_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class CryptographicKey(Document):
    """A public key and the profile it signs for (Open Badges 2.0, CryptographicKey)."""

    TYPES: ClassVar[tuple[str, ...]] = (CRYPTOGRAPHIC_KEY,)
    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.URL, required=True),
        Property("owner", "owner", reference(Node, kinds.IRI)),
        Property("publicKeyPem", "public_key_pem", kinds.WORD, required=True),
    )

    id: str
    owner: str | Node | None = None
    public_key_pem: str

    @property
    def owner_id(self) -> str | None:
        """The id of the profile that the key signs for, embedded or not."""
        return id_of(self.owner)
