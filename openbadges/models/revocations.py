# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of the signed assertions that an issuer withdrew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from openbadges.errors import MalformedError
from openbadges.models import kinds
from openbadges.models.base import Document, Property, described, reference
from openbadges.models.parts import Node, id_of
from openbadges.vocabulary import REVOCATION_LIST

MIN_ENTRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedAssertion(Document):
    """One entry of a revocation list: the id of an assertion, and why it was withdrawn.

    `uid` names an assertion of version 1.x, which had no id.
    """

    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.ABSOLUTE),
        Property("uid", "uid", kinds.WORD),
        Property("revoked", "revoked", kinds.BOOLEAN),
        Property("revocationReason", "revocation_reason", kinds.TEXT),
    )

    id: str | None = None
    uid: str | None = None
    revoked: bool | None = None
    revocation_reason: str | None = None

    def check(self, where: str) -> None:
        """Raise MalformedError where the entry names no assertion."""
        if self.id is None and self.uid is None:
            raise MalformedError(f"{where} needs an id or a uid")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList(Document):
    """The signed assertions that an issuer withdrew (Open Badges 2.0, RevocationList)."""

    TYPES: ClassVar[tuple[str, ...]] = (REVOCATION_LIST,)
    PROPERTIES: ClassVar[tuple[Property, ...]] = (
        Property("id", "id", kinds.IRI),
        Property("issuer", "issuer", reference(Node, kinds.IRI)),
        Property(
            "revokedAssertions",
            "revoked_assertions",
            described(RevokedAssertion, bare=True),
            required=True,
            many=True,
        ),
    )

    id: str | None = None
    issuer: str | Node | None = None
    revoked_assertions: tuple[RevokedAssertion, ...] = ()

    @property
    def issuer_id(self) -> str | None:
        """The id of the profile whose list this is, embedded or not."""
        return id_of(self.issuer)

    def to_dict(self, *, embedded: bool = False) -> dict[str, Any]:
        """Return the JSON object.

        Raises `MalformedError`: the list has fewer than two entries. JSON-LD compaction turns a
        list of one into its entry, and the reference validator then finds nothing revoked;
        publish a permanent entry that names no assertion.
        """
        if len(self.revoked_assertions) < MIN_ENTRIES:
            raise MalformedError(
                f"RevocationList.revokedAssertions needs at least {MIN_ENTRIES} entries, because "
                "consumers misread shorter lists; add a permanent urn:uuid that names nothing"
            )
        return super(RevocationList, self).to_dict(embedded=embedded)

    def find(self, assertion_id: str, uid: str | None = None) -> RevokedAssertion | None:
        """Return the entry that revokes an assertion; `uid` counts only where there is no id.

        An entry that says ``revoked: false`` revokes nothing.
        """
        for entry in self.revoked_assertions:
            if assertion_id:
                named = _folded(entry.id) == _folded(assertion_id)
            else:
                named = entry.uid == uid is not None
            if named and entry.revoked is not False:
                return entry
        return None


def _folded(identifier: str | None) -> str | None:
    """Return an id as it is compared; that of a UUID has no case (RFC 9562, 4)."""
    return identifier.lower() if kinds.is_uuid(identifier) else identifier
