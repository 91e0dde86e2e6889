# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a credential of strangers says, checked for its form (appendix B)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openbadges.errors import MalformedError, UnsupportedError
from openbadges.jsonld.loading import as_list
from openbadges.models import IdentityObject
from openbadges.models.kinds import is_absolute, is_url
from openbadges.ob3.endorsements import SUBJECT
from openbadges.ob3.vocabulary import BADGE, CREDENTIALS, ENDORSEMENT, REFRESH_TYPE
from openbadges.times import parse_time

if TYPE_CHECKING:
    from datetime import datetime

_BADGE = frozenset({BADGE, "AchievementCredential"})
#: What an identifier type of version 3.0 was called before.
_KINDS = {"emailAddress": "email", "email": "email", "systemId": "url", "url": "url"}
MAX_IDENTIFIERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The parts of a credential that decide whether it holds, and what it is about."""

    id: str
    issuer: str
    issuer_name: str
    name: str
    valid_from: datetime
    valid_until: datetime | None
    recipients: tuple[IdentityObject, ...]
    statuses: tuple[dict[str, Any], ...]
    #: What is endorsed and what is said of it; empty for the award of a badge.
    endorsed: str = ""
    comment: str = ""
    refresh: str = ""  # where its issuer answers it as it is now


def is_credential(document: dict[str, Any]) -> bool:
    """Say whether a document is a Verifiable Credential of version 2.0, and so no older badge."""
    return CREDENTIALS in as_list(document.get("@context"))


def read(document: dict[str, Any]) -> Credential:
    """Return what a credential says.

    Raises `MalformedError`: a required member is absent or of the wrong kind; the text names it.
    Raises `UnsupportedError`: it is a credential, and neither the award of a badge nor an
    endorsement.
    """
    if as_list(document.get("@context"))[:1] != [CREDENTIALS]:
        raise MalformedError(f"@context must begin with {CREDENTIALS}")
    types = as_list(document.get("type"))
    if "VerifiableCredential" not in types:
        raise MalformedError("type must name VerifiableCredential")
    if is_endorsement(document):
        return _endorsement(document)
    if not any(isinstance(each, str) and each in _BADGE for each in types):
        raise UnsupportedError("this credential is not the award of a badge (OpenBadgeCredential)")
    subject = _object(document, "credentialSubject")
    achievement = _object(subject, "achievement")
    name = _text(achievement, "achievement.name", "name")
    _text(achievement, "achievement.description", "description")
    _object(achievement, "criteria")
    return _credential(document, name=name, recipients=tuple(_recipients(subject)))


def is_endorsement(document: dict[str, Any]) -> bool:
    """Say whether a credential calls itself an endorsement."""
    return ENDORSEMENT in as_list(document.get("type"))


def _endorsement(document: dict[str, Any]) -> Credential:
    subject = _object(document, "credentialSubject")
    if SUBJECT not in as_list(subject.get("type")):
        raise MalformedError(f"credentialSubject.type must name {SUBJECT}")
    comment = subject.get("endorsementComment", "")
    if not isinstance(comment, str):
        raise MalformedError("endorsementComment must be text")
    endorsed = _id(subject, "credentialSubject.id")
    return _credential(document, name="", endorsed=endorsed, comment=comment)


def _credential(
    document: dict[str, Any],
    *,
    name: str,
    recipients: tuple[IdentityObject, ...] = (),
    endorsed: str = "",
    comment: str = "",
) -> Credential:
    """Read what all credentials say."""
    issuer = document.get("issuer")
    profile = issuer if isinstance(issuer, dict) else {"id": issuer}
    until = document.get("validUntil")
    return Credential(
        id=_id(document, "id"),
        issuer=_id(profile, "issuer.id", "id"),
        issuer_name=str(profile.get("name") or profile["id"]),
        name=name,
        valid_from=_time(document.get("validFrom"), "validFrom"),
        valid_until=None if until is None else _time(until, "validUntil"),
        recipients=recipients,
        endorsed=endorsed,
        comment=comment,
        statuses=tuple(_statuses(document)),
        refresh=_refresh(document),
    )


def _recipients(subject: dict[str, Any]) -> list[IdentityObject]:
    found = as_list(subject.get("identifier"))
    if not found and not is_absolute(subject.get("id")):
        raise MalformedError("credentialSubject must have an id or an identifier")
    if len(found) > MAX_IDENTIFIERS:
        raise MalformedError(f"credentialSubject has more than {MAX_IDENTIFIERS} identifiers")
    return [_recipient(each) for each in found]


def _recipient(given: object) -> IdentityObject:
    if not isinstance(given, dict):
        raise MalformedError("credentialSubject.identifier must be an object")
    kind = given.get("identityType")
    members = {
        "type": _KINDS.get(str(kind), "url"),
        "hashed": given.get("hashed"),
        "identity": given.get("identityHash"),
        "salt": given.get("salt"),
    }
    return IdentityObject.from_dict(members, where="credentialSubject.identifier")


def _statuses(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = as_list(document.get("credentialStatus"))
    if any(not isinstance(each, dict) for each in found):
        raise MalformedError("credentialStatus must be an object")
    return found


def _refresh(document: dict[str, Any]) -> str:
    """Return the first address of a kind that is known; of others nothing is known, nor wrong."""
    for each in as_list(document.get("refreshService")):
        known = isinstance(each, dict) and REFRESH_TYPE in as_list(each.get("type"))
        if known and isinstance(each.get("id"), str) and is_url(each["id"]):
            return str(each["id"])
    return ""


def _object(members: dict[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name)
    if not isinstance(value, dict):
        raise MalformedError(f"{name} must be an object")
    return value


def _text(members: dict[str, Any], place: str, name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value.strip():
        raise MalformedError(f"{place} must be text that is not empty")
    return value


def _id(members: dict[str, Any], place: str, name: str = "id") -> str:
    value = members.get(name)
    if not isinstance(value, str) or not is_absolute(value):
        raise MalformedError(f"{place} must be an absolute IRI")
    return value


def _time(value: object, name: str) -> datetime:
    if not isinstance(value, str):
        raise MalformedError(f"{name} must be a time")
    return parse_time(value)
