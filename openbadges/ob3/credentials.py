# SPDX-License-Identifier: AGPL-3.0-or-later
"""An OpenBadgeCredential: what is said before anybody signs it (Open Badges 3.0, appendix B)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openbadges.errors import MalformedError
from openbadges.ob3.vocabulary import (
    BADGE_CLASS,
    CONTEXTS,
    REFRESH_TYPE,
    SCHEMA,
    SCHEMA_TYPE,
    UNSURE,
    VERSION_2,
)
from openbadges.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from openbadges.models import IdentityObject

#: What an identifier of version 2.0 is called in version 3.0 (IdentifierTypeEnum).
_IDENTIFIER_TYPES = {"email": "emailAddress", "url": "systemId", "telephone": "systemId"}
_SPACES = str.maketrans(dict.fromkeys(UNSURE, " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who issues (Profile); `id` is the controller of the key that signs."""

    id: str
    name: str
    url: str = ""
    email: str = ""
    description: str = ""
    image: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the Profile."""
        members = {
            "name": self.name,
            "url": self.url,
            "email": self.email,
            "description": self.description,
            "image": _image(self.image),
        }
        return {"id": self.id, "type": ["Profile"], **_given(members)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Achievement:
    """What was achieved, as a BadgeClass of version 2.0 says it."""

    id: str
    name: str
    description: str
    criteria_id: str
    criteria_narrative: str = ""
    image: str = ""
    tags: tuple[str, ...] = ()
    alignments: tuple[Mapping[str, str], ...] = ()
    version: str = ""
    former: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the Achievement; `former` is the id of the same as a BadgeClass of version 2.0."""
        criteria = _given({"id": self.criteria_id, "narrative": self.criteria_narrative})
        members = {
            "achievementType": "Badge",
            "name": self.name,
            "description": self.description,
            "criteria": criteria,
            "image": _image(self.image),
            "tag": list(self.tags),
            "alignment": [{"type": ["Alignment"], **each} for each in self.alignments],
            "version": self.version,
            "related": [_former(self.former)] if self.former else [],
        }
        return {"id": self.id, "type": ["Achievement"], **_given(members)}


def open_badge(
    credential_id: str,
    issuer: Issuer,
    achievement: Achievement,
    recipient: IdentityObject,
    *,
    subject_id: str,
    valid_from: datetime,
    valid_until: datetime | None = None,
    image: str = "",
    evidence: Iterable[Mapping[str, str] | str] = (),
    narrative: str = "",
    status: Mapping[str, Any] | None = None,
    refresh: str = "",
) -> dict[str, Any]:
    """Return a credential that nobody signed yet.

    `subject_id` names whom it is about, so that tokens can say it too: an id for this badge alone
    tells nobody who it is. `evidence` is what version 2.0 says of it: objects, or bare URLs.
    Nothing in it is null or empty.

    Raises `MalformedError`: the recipient's identifier has no form in version 3.0.
    """
    if recipient.type not in _IDENTIFIER_TYPES:
        raise MalformedError(f"recipient: {recipient.type!r} has no form in version 3.0")
    identifier = {
        "type": "IdentityObject",
        "hashed": recipient.hashed,
        "identityHash": recipient.identity,
        "identityType": _IDENTIFIER_TYPES[recipient.type],
        "salt": recipient.salt,
    }
    subject = {
        "id": subject_id,
        "type": ["AchievementSubject"],
        "identifier": [_given(identifier)],
        "narrative": narrative,
        "achievement": achievement.to_dict(),
    }
    members = {
        "name": achievement.name,
        "description": achievement.description,
        "image": _image(image),
        "issuer": issuer.to_dict(),
        "validFrom": format_time(valid_from),
        "awardedDate": format_time(valid_from),
        "validUntil": format_time(valid_until) if valid_until else None,
        "credentialSubject": _given(subject),
        "evidence": [_evidence(each) for each in evidence],
        "credentialSchema": [{"id": SCHEMA, "type": SCHEMA_TYPE}],
        "credentialStatus": dict(status) if status else None,
        "refreshService": {"id": refresh, "type": REFRESH_TYPE} if refresh else None,
    }
    document = {
        "@context": list(CONTEXTS),
        "id": credential_id,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        **_given(members),
    }
    result: dict[str, Any] = _plain(document)
    return result


def _evidence(given: Mapping[str, str] | str) -> dict[str, Any]:
    if isinstance(given, str):  # version 2.0 writes evidence that is a link alone as its URL
        return {"id": given, "type": ["Evidence"]}
    names = ("id", "name", "narrative", "description", "genre", "audience")
    return {"type": ["Evidence"], **{name: given[name] for name in names if given.get(name)}}


def _former(url: str) -> dict[str, Any]:
    return {"id": url, "type": ["Related", BADGE_CLASS], "version": VERSION_2}


def _image(url: str) -> dict[str, str] | None:
    return {"id": url, "type": "Image"} if url else None


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing: null and empty arrays are refused by the schema."""
    return {
        name: value for name, value in members.items() if value is False or value not in _NOTHING
    }


_NOTHING: tuple[Any, ...] = (None, "", [], {}, ())


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(_SPACES)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
