# SPDX-License-Identifier: AGPL-3.0-or-later
"""The small objects that stand inside badges, assertions and profiles (Open Badges 2.0)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from openbadges.contexts import core_terms
from openbadges.errors import MalformedError
from openbadges.models import kinds
from openbadges.models.base import Document, Property, described, link, reference
from openbadges.vocabulary import HOSTED, SIGNED, VERIFICATION_ALIASES, VERIFICATION_OBJECT

IDENTITY_HASH = re.compile(r"(sha256\$[0-9a-f]{64}|md5\$[0-9a-f]{32})", re.ASCII | re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(Document):
    """Something that is described at its own id; what is said of it here is kept in `extra`."""

    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.ABSOLUTE, required=True),
    )

    id: str


def id_of(node: str | Node | None) -> str | None:
    """Return the id of something that is named, or embedded, or neither."""
    return node.id if isinstance(node, Node) else node


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityObject(Document):
    """Who received a badge: an identifier, plain or hashed (Open Badges 2.0, IdentityObject)."""

    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("type", "type", kinds.WORD, required=True),
        Property("hashed", "hashed", kinds.BOOLEAN, required=True),
        Property("identity", "identity", kinds.WORD, required=True),
        Property("salt", "salt", kinds.TEXT),
    )

    identity: str
    type: str = "email"
    hashed: bool = True
    salt: str | None = None

    def check(self, where: str) -> None:
        """Raise MalformedError where the identity is of no kind, or is no hash and called one."""
        if self.type not in core_terms() and not kinds.is_absolute(self.type):
            raise MalformedError(f"{where}.type must be a property of the context or an IRI")
        is_hash = bool(IDENTITY_HASH.fullmatch(self.identity))
        if self.hashed and not is_hash:
            raise MalformedError(f"{where}.identity must be sha256$ or md5$ and hex digits")
        if not self.hashed and is_hash:
            raise MalformedError(f"{where}.hashed is false, but the identity is a hash")
        if not self.hashed and self.type == "email":
            kinds.EMAIL.read(self.identity, f"{where}.identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Document):
    """How an assertion is verified, or which ids an issuer vouches for (VerificationObject).

    In an assertion `type` is ``HostedBadge`` or ``SignedBadge`` (then `creator` is the id of the
    key); in a profile it is ``VerificationObject`` and the policy says where assertions lie.
    """

    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("type", "type", kinds.WORD),
        Property("creator", "creator", link(kinds.URL)),
        Property("verificationProperty", "verification_property", kinds.WORD),
        Property("startsWith", "starts_with", kinds.URL, many=True, bare=True),
        Property("allowedOrigins", "allowed_origins", kinds.REGISTERED_NAME, many=True, bare=True),
    )

    type: str | None = None
    creator: str | None = None
    verification_property: str | None = None
    starts_with: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()

    @classmethod
    def hosted(cls) -> Verification:
        """Return the verification of an assertion that is judged at its URL."""
        return cls(type=HOSTED)

    @classmethod
    def signed(cls, creator: str) -> Verification:
        """Return the verification of an assertion that the named key signs."""
        return cls(type=SIGNED, creator=creator)

    @classmethod
    def policy(cls, *, starts_with: str = "", allowed_origin: str = "") -> Verification:
        """Return the policy of a profile: the assertions it vouches for."""
        return cls(
            type=VERIFICATION_OBJECT,
            starts_with=(starts_with,) if starts_with else (),
            allowed_origins=(allowed_origin,) if allowed_origin else (),
        )

    @property
    def method(self) -> str:
        """The class that `type` names: an alias is resolved, anything else stays as it is."""
        return VERIFICATION_ALIASES.get(self.type or "", self.type or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria(Document):
    """What somebody did to earn a badge (Open Badges 2.0, Criteria)."""

    TYPES: ClassVar[tuple[str, ...]] = ("Criteria",)
    TYPE_REQUIRED: ClassVar[bool] = False
    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.IRI),
        Property("narrative", "narrative", kinds.TEXT),
    )

    id: str | None = None
    narrative: str | None = None

    def check(self, where: str) -> None:
        """Raise MalformedError where the criteria say nothing at all."""
        if self.id is None and not self.narrative:
            raise MalformedError(f"{where} needs an id or a narrative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Document):
    """A picture, with words for those who do not see it (Open Badges 2.0, Image)."""

    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.PICTURE, required=True),
        Property("caption", "caption", kinds.TEXT),
        Property("author", "author", reference(Node, kinds.ABSOLUTE)),
    )

    id: str
    caption: str | None = None
    author: str | Node | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Document):
    """A work that shows what was done (Open Badges 2.0, Evidence)."""

    TYPES: ClassVar[tuple[str, ...]] = ("Evidence",)
    TYPE_REQUIRED: ClassVar[bool] = False
    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.ABSOLUTE),
        Property("narrative", "narrative", kinds.TEXT),
        Property("name", "name", kinds.TEXT),
        Property("description", "description", kinds.TEXT),
        Property("genre", "genre", kinds.TEXT),
        Property("audience", "audience", kinds.TEXT),
    )

    id: str | None = None
    narrative: str | None = None
    name: str | None = None
    description: str | None = None
    genre: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment(Document):
    """An objective or standard that a badge meets (Open Badges 2.0, AlignmentObject)."""

    TYPES: ClassVar[tuple[str, ...]] = ("AlignmentObject",)
    TYPE_REQUIRED: ClassVar[bool] = False
    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("targetName", "target_name", kinds.WORD, required=True),
        Property("targetUrl", "target_url", link(kinds.URL), required=True),
        Property("targetDescription", "target_description", kinds.TEXT),
        Property("targetFramework", "target_framework", kinds.TEXT),
        Property("targetCode", "target_code", kinds.TEXT),
    )

    target_name: str
    target_url: str
    target_description: str | None = None
    target_framework: str | None = None
    target_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related(Document):
    """Another edition or translation of the same thing (Open Badges 2.0, ``related``)."""

    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.IRI, required=True),
        Property("version", "version", kinds.VERSION),
        Property("@language", "language", kinds.LANGUAGE),
    )

    id: str
    version: Any = None
    language: str | None = None


PICTURE = described(Image, bare=True)
EVIDENCE = described(Evidence, bare=True)
CRITERIA = described(Criteria, bare=False)
RELATED = described(Related, bare=True)
