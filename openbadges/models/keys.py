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
    """A public key and the profile it signs for (Open Badges 2.0, CryptographicKey).

    The context also has words for the end of a key: `expires`, after which it signed nothing, and
    `revoked`, which takes back whatever it signed.
    """

    TYPES: ClassVar[tuple[str, ...]] = (CRYPTOGRAPHIC_KEY,)
    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.URL, required=True),
        Property("owner", "owner", reference(Node, kinds.IRI)),
        Property("publicKeyPem", "public_key_pem", kinds.WORD, required=True),
        Property("expires", "expires", kinds.TIME),
        Property("revoked", "revoked", kinds.BOOLEAN),
    )

    id: str
    owner: str | Node | None = None
    public_key_pem: str
    expires: str | None = None
    revoked: bool | None = None

    @property
    def owner_id(self) -> str | None:
        """The id of the profile that the key signs for, embedded or not."""
        return id_of(self.owner)
