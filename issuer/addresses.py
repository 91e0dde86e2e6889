# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public addresses of documents and pages; once given out they never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Addresses:
    """Builds the addresses below one origin such as ``https://badges.example.org``."""

    base_url: str

    def profile(self, slug: str, epoch: int = 1) -> str:
        """Address of an issuer's Profile; later key epochs have addresses of their own."""
        bare = f"{self.base_url}/issuers/{slug}"
        return bare if epoch == 1 else f"{bare}/epochs/{epoch}"

    def profile_image(self, slug: str) -> str:
        """Address of an issuer's picture."""
        return f"{self.base_url}/issuers/{slug}/image"

    def revocations(self, slug: str) -> str:
        """Address of an issuer's RevocationList."""
        return f"{self.base_url}/issuers/{slug}/revocations"

    def key(self, kid: str) -> str:
        """Address of a CryptographicKey."""
        return f"{self.base_url}/keys/{kid}"

    def badge(self, slug: str, edition: int = 1) -> str:
        """Address of a BadgeClass; later editions have addresses of their own."""
        bare = f"{self.base_url}/badges/{slug}"
        return bare if edition == 1 else f"{bare}/editions/{edition}"

    def badge_image(self, slug: str, edition: int = 1) -> str:
        """Address of the picture of a badge edition."""
        return f"{self.badge(slug, edition)}/image"

    def badge_card(self, slug: str) -> str:
        """Address of the wide picture of a badge."""
        return f"{self.badge(slug)}/card.png"

    def assertion(self, uuid: UUID) -> str:
        """Address of an Assertion, and of its share page."""
        return f"{self.base_url}/assertions/{uuid}"

    def assertion_image(self, uuid: UUID) -> str:
        """Address of the baked picture of an assertion."""
        return f"{self.assertion(uuid)}/image"

    def assertion_card(self, uuid: UUID) -> str:
        """Address of the wide picture of an assertion."""
        return f"{self.assertion(uuid)}/card.png"

    def assertion_embed(self, uuid: UUID) -> str:
        """Address of the card of an assertion, for frames of other sites."""
        return f"{self.assertion(uuid)}/embed"

    def assertion_drawing(self, uuid: UUID) -> str:
        """Address of the drawn card of an assertion."""
        return f"{self.assertion(uuid)}/embed.svg"

    def signed_assertion(self, uuid: UUID) -> str:
        """Address of the signed form of an assertion."""
        return f"{self.assertion(uuid)}.jws"

    def credential(self, uuid: UUID) -> str:
        """Address of an award as a credential of Open Badges 3.0."""
        return f"{self.assertion(uuid)}/ob3"

    def current_credential(self, uuid: UUID) -> str:
        """Address of an award as a credential of Open Badges 3.0 that says what holds now."""
        return f"{self.credential(uuid)}/current"

    def endorsement(self, uuid: UUID) -> str:
        """Address of an Endorsement, and of its page."""
        return f"{self.base_url}/endorsements/{uuid}"

    def endorsement_credential(self, uuid: UUID) -> str:
        """Address of an endorsement as a credential of Open Badges 3.0."""
        return f"{self.endorsement(uuid)}/ob3"

    def status(self, number: int) -> str:
        """Address of a list of what was revoked."""
        return f"{self.base_url}/status/{number}"

    def jwk(self, kid: str) -> str:
        """Address of a public key as one bare JWK."""
        return f"{self.key(kid)}.jwk"

    def person(self, username: str) -> str:
        """Address of a person's page."""
        return f"{self.base_url}/people/{quote(username, safe='')}"

    def portrait(self, username: str, *, small: bool = False) -> str:
        """Address of a person's picture, or of the small one for lists."""
        return f"{self.person(username)}/avatar" + ("?size=small" if small else "")
