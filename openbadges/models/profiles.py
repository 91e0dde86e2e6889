# SPDX-License-Identifier: AGPL-3.0-or-later
"""The profile: who issues badges, which keys sign for it and which ids it vouches for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from openbadges.errors import MalformedError
from openbadges.models import kinds
from openbadges.models.base import Document, Property, link, nested, reference
from openbadges.models.keys import CryptographicKey
from openbadges.models.parts import PICTURE, RELATED, Image, Related, Verification
from openbadges.vocabulary import ISSUER, PROFILE

# What somebody must say of himself before he may issue badges.
_OF_AN_ISSUER = frozenset({"name", "url", "email"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicProfile(Document):
    """Anybody who appears in a badge (Open Badges 2.0, Profile).

    Only the id is mandatory, as for recipients, and for issuers of versions before 2.0.
    """

    TYPES: ClassVar[tuple[str, ...]] = (ISSUER, PROFILE)
    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.IRI, required=True),
        Property("name", "name", kinds.WORD),
        Property("url", "url", link(kinds.URL)),
        Property("email", "email", kinds.EMAIL),
        Property("telephone", "telephone", kinds.TELEPHONE),
        Property("description", "description", kinds.TEXT),
        Property("image", "image", PICTURE),
        Property(
            "publicKey",
            "public_keys",
            reference(CryptographicKey, kinds.URL),
            many=True,
            bare=True,
        ),
        Property("revocationList", "revocation_list", link(kinds.URL)),
        Property("verification", "verification", nested(Verification)),
        Property("version", "version", kinds.VERSION),
        Property("related", "related", RELATED, many=True),
        Property("@language", "language", kinds.LANGUAGE),
    )

    id: str
    name: str | None = None
    url: str | None = None
    email: str | None = None
    telephone: str | None = None
    description: str | None = None
    image: Image | None = None
    public_keys: tuple[str | CryptographicKey, ...] = ()
    revocation_list: str | None = None
    verification: Verification | None = None
    version: Any = None
    related: tuple[Related, ...] = ()
    language: str | None = None

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys that sign for this issuer."""
        return tuple(key if isinstance(key, str) else key.id for key in self.public_keys)

    def to_dict(self, *, embedded: bool = False) -> dict[str, Any]:
        """Return the JSON object.

        Raises `MalformedError`: as every document, or ``publicKey`` would not be one URL. The
        reference validator and Badgr refuse a list of keys and an embedded key, so a rotation
        makes a new profile.
        """
        if len(self.public_keys) > 1 or not all(isinstance(key, str) for key in self.public_keys):
            raise MalformedError("Profile.publicKey must be one URL; give each key its own profile")
        return super(BasicProfile, self).to_dict(embedded=embedded)

    def check(self, where: str) -> None:
        """Raise MalformedError where the profile names a key twice."""
        if len(set(self.key_ids)) != len(self.key_ids):
            raise MalformedError(f"{where}.publicKey names a key twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(BasicProfile):
    """An issuer of badges (Open Badges 2.0, Profile, with what an issuer must say).

    A profile that is read may name several keys; one that is written names one at most.
    """

    PROPERTIES: ClassVar[tuple[Property, ...]] = tuple(
        replace(item, required=True) if item.name in _OF_AN_ISSUER else item
        for item in BasicProfile.PROPERTIES
    )

    name: str
    url: str
    email: str
