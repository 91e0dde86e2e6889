# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads Open Badges 0.5, 1.0 and 1.1, and says the same in the words of version 2.0.

Only what those versions knew is carried over: a word that 2.0 gave a meaning to later had none.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from openbadges.contexts import core_terms
from openbadges.errors import MalformedError
from openbadges.models.kinds import is_url, refuse
from openbadges.models.parts import IDENTITY_HASH
from openbadges.times import format_time, parse_time
from openbadges.vocabulary import (
    ASSERTION,
    BADGE_CLASS,
    CONTEXT,
    HOSTED,
    ISSUER,
    REVOCATION_LIST,
    SIGNED,
)

if TYPE_CHECKING:
    from collections.abc import Callable

V0_5: Final = "0.5"
V1_0: Final = "1.0"
V1_1: Final = "1.1"

_ASSERTION = ("uid", "recipient", "badge", "evidence", "image", "revoked")
_BADGE = ("name", "description", "image", "criteria", "issuer", "tags")
_ISSUER = ("name", "url", "description", "image", "email", "revocationList", "publicKey")
_ALIGNMENT = {"name": "targetName", "url": "targetUrl", "description": "targetDescription"}
_METHODS = {"hosted": HOSTED, "signed": SIGNED}
# The address of a whole site and this fragment name an issuer that had no document of its own.
_ISSUER_FRAGMENT = "#openbadges-0.5-issuer"
_BADGE_FRAGMENT = "#openbadges-0.5-badge"


def upgrade(document: dict[str, Any], kind: str, url: str) -> dict[str, Any]:
    """Return a document of version 1.0 or 1.1 in the words of 2.0.

    `kind` is the class it has; 1.0 did not write it down. `url` is where it was found; a document
    that names no id of its own has that one.

    Raises `MalformedError`: it is no such document.
    """
    action = _UPGRADES.get(kind)
    if action is None:
        raise MalformedError(f"there was no {kind[:40]!r} before Open Badges 2.0")
    extra = _extra(document) if kind != REVOCATION_LIST else {}
    return {"@context": CONTEXT, **action(document, url), **extra}


def upgrade_assertion_0_5(
    document: dict[str, Any], url: str
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return an assertion of version 0.5 in the words of 2.0, and the documents inside it by id.

    It holds the badge and the issuer, who had no documents of their own: the badge gets an id from
    `url`, the issuer one from its origin.

    Raises `MalformedError`: it is no such assertion.
    """
    badge = document.get("badge")
    issuer = badge.get("issuer") if isinstance(badge, dict) else None
    if not isinstance(badge, dict) or not isinstance(issuer, dict):
        raise MalformedError("an assertion of Open Badges 0.5 must hold its badge and its issuer")
    origin = issuer.get("origin")
    if not isinstance(origin, str) or not is_url(origin):
        refuse("issuer.origin", "the http or https URL of a site", origin)
    badge_id, issuer_id = url + _BADGE_FRAGMENT, origin + _ISSUER_FRAGMENT
    # Addresses in a badge may be relative to the issuer's site (Open Badges 0.5).
    local = {name: _absolute(origin, badge.get(name)) for name in ("image", "criteria")}
    assertion = {
        "type": ASSERTION,
        "id": url,
        "recipient": _recipient(document),
        "badge": badge_id,
        "verification": {"type": HOSTED},
        "issuedOn": _time(document.get("issued_on"), "issued_on"),
        **_time_if_any(document, "expires"),
        **_some(document, ("evidence",)),
    }
    new_badge = upgrade({**badge, **local, "id": badge_id, "issuer": issuer_id}, BADGE_CLASS, url)
    new_issuer = {
        "@context": CONTEXT,
        "type": ISSUER,
        "id": issuer_id,
        "name": issuer.get("name"),
        "url": origin,
        **({"email": issuer["contact"]} if issuer.get("contact") else {}),
    }
    documents = {badge_id: new_badge, issuer_id: new_issuer}
    return {"@context": CONTEXT, **assertion, **_extra(document)}, documents


def _assertion(document: dict[str, Any], url: str) -> dict[str, Any]:
    given = document.get("verify", document.get("verification"))
    verify = given if isinstance(given, dict) else {}
    method = verify.get("type")
    method = _METHODS.get(method, method) if isinstance(method, str) else method
    address = verify.get("url")
    verification = {"type": method}
    if method == SIGNED:
        verification["creator"] = address
    identifier = document.get("id") or (address if method == HOSTED else None) or url
    identifier = identifier or _identifier_of(document.get("uid"))
    if document.get("revoked") is True:
        # Whoever withdraws a badge need not say anything else about it.
        stub = {"type": ASSERTION, "id": identifier, "revoked": True}
        return {**stub, **_some(document, ("revocationReason",))}
    return {
        "type": ASSERTION,
        "id": identifier,
        "verification": verification,
        "issuedOn": _time(document.get("issuedOn"), "issuedOn"),
        **_time_if_any(document, "expires"),
        **_some(document, _ASSERTION),
    }


def _badge(document: dict[str, Any], url: str) -> dict[str, Any]:
    given = document.get("alignment")
    alignment = [
        {_ALIGNMENT.get(name, name): value for name, value in item.items()}
        if isinstance(item, dict)
        else item
        for item in (given if isinstance(given, list) else [] if given is None else [given])
    ]
    return {
        "type": BADGE_CLASS,
        "id": document.get("id") or url,
        **_some(document, _BADGE),
        **({"alignment": alignment} if alignment else {}),
    }


def _issuer(document: dict[str, Any], url: str) -> dict[str, Any]:
    for name in ("name", "url"):
        if document.get(name) is None:
            raise MalformedError(f"Issuer.{name} is missing")
    return {"type": ISSUER, "id": document.get("id") or url, **_some(document, _ISSUER)}


def _revocations(document: dict[str, Any], url: str) -> dict[str, Any]:
    """Read a list of version 1.x: one object that maps the uid of an assertion to the reason."""
    entries = {name: reason for name, reason in document.items() if not name.startswith("@")}
    if not all(isinstance(reason, str) for reason in entries.values()):
        raise MalformedError("a revocation list of Open Badges 1.x maps uids to reasons")
    return {
        "type": REVOCATION_LIST,
        "id": url,
        "revokedAssertions": [
            {"uid": uid, "revocationReason": reason} for uid, reason in entries.items()
        ],
    }


_UPGRADES: Final[dict[str, Callable[[dict[str, Any], str], dict[str, Any]]]] = {
    ASSERTION: _assertion,
    BADGE_CLASS: _badge,
    ISSUER: _issuer,
    REVOCATION_LIST: _revocations,
}


def _recipient(document: dict[str, Any]) -> dict[str, Any]:
    identity = document.get("recipient")
    if not isinstance(identity, str):
        refuse("recipient", "an e-mail address or its hash", identity)
    hashed = bool(IDENTITY_HASH.fullmatch(identity))
    return {"type": "email", "hashed": hashed, "identity": identity, **_some(document, ("salt",))}


def _identifier_of(uid: object) -> str | None:
    """Return an id for a signed assertion of 1.0, which had only a uid."""
    return uuid.uuid5(uuid.NAMESPACE_OID, uid).urn if isinstance(uid, str) and uid else None


def _time_if_any(document: dict[str, Any], name: str) -> dict[str, str]:
    value = document.get(name)
    return {} if value is None else {name: _time(value, name)}


def _time(value: object, where: str) -> str:
    """Return a time with a zone; versions before 2.0 allowed dates alone and seconds since 1970."""
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return format_time(datetime.fromtimestamp(value, UTC))
        except (OSError, OverflowError, ValueError) as error:
            raise MalformedError(f"{where} is no time: {str(value)[:40]}") from error
    if not isinstance(value, str):
        refuse(where, "a time or a date", value)
    for addition in ("", "Z", "T00:00:00Z"):
        try:
            parse_time(value + addition)
        except MalformedError:
            continue
        return value + addition
    return refuse(where, "a time or a date", value)


def _absolute(origin: str, value: object) -> object:
    if not isinstance(value, str) or is_url(value):
        return value
    try:
        return urljoin(origin + "/", value)
    except ValueError:
        return value


def _some(document: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: document[name] for name in names if document.get(name) is not None}


def _extra(document: dict[str, Any]) -> dict[str, Any]:
    """Return what is no word of version 2.0: extensions, and what the issuer made up."""
    known = core_terms().keys() | {"@context", "issued_on"}
    return {name: value for name, value in document.items() if name not in known}
