# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Badgr finds wrong in a badge: it fetches all of it, as the recorded one does."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

if TYPE_CHECKING:
    from tests.simulators.serving import Account

ACCEPT = "application/ld+json, application/json, image/png, image/svg+xml"
AGENT = "python-requests/2.25.0"
PNG, VECTOR = b"\x89PNG\r\n\x1a\n", (b"<svg", b"<?xml")
PHOTOS = (b"\xff\xd8\xff", b"GIF8")
CONTEXT = "https://w3id.org/openbadges/v2"
STUB = {"@context", "type", "id", "revoked", "revocationReason"}
#: What it asks of each document; others may be missing (an e-mail address of an issuer, too).
NEEDED = {
    "Assertion": ("id", "recipient", "badge", "issuedOn", "verification"),
    "BadgeClass": ("id", "name", "description", "image", "criteria", "issuer"),
    "Profile": ("id", "name", "url"),
}
KINDS = {"Profile": {"Profile", "Issuer"}}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")


class PhotoError(Exception):
    """A picture is a photo: nobody catches that in Badgr, which answers with a bare page."""


class RefusedError(Exception):
    """A badge is not taken: Badgr's name for it, its words, and the raw message."""

    def __init__(self, name: str, description: str, raw: str = "") -> None:
        self.name, self.description, self.raw = name, description, raw
        super().__init__(description)

    def plain(self) -> list[dict[str, Any]]:
        """Return it as version 1 tells it."""
        raw = {
            "name": self.name,
            "messageLevel": "ERROR",
            "success": False,
            "result": self.raw or self.description,
        }
        return [{"name": self.name, "description": self.description}, raw]

    def mixed(self) -> list[str]:
        """Return it as version 2 flattens it."""
        return [str(value) for each in self.plain() for value in each.values()]


def check(url: str, account: Account, now: datetime | None = None) -> tuple[dict[str, Any], bool]:
    """Return the assertion at a URL, and whether it is for an address that nobody confirmed.

    Raises `RefusedError`, and `PhotoError`.
    """
    document = _document(url)
    if document.get("id") != url:
        document = _document(str(document.get("id")))
    _check_node(document, "Assertion")
    badge = _document(document["badge"])
    _check_node(badge, "BadgeClass")
    issuer = _document(badge["issuer"])
    _check_node(issuer, "Profile")
    if "publicKey" in issuer:  # for hosted badges, too
        _document(issuer["publicKey"])
    if document["verification"].get("type") not in {"HostedBadge", "hosted"}:
        raise _wrong("verification.type", document)
    _check_scope(document["id"], issuer)
    _check_times(document, now or datetime.now(UTC))
    address = _owner(document["recipient"], account)
    _check_picture("badge", badge["image"])
    if "image" in document:
        _check_picture("assertion", document["image"])
    if "image" in issuer:
        _check_picture("issuer", issuer["image"], photos=True)
    return document, not account.emails[address]


def _document(url: str) -> dict[str, Any]:
    try:
        answer = requests.get(url, headers={"Accept": ACCEPT, "User-Agent": AGENT}, timeout=20)
        body = answer.json()  # whatever its status and its type are
    except requests.RequestException as error:
        raise RefusedError("FETCH_HTTP_NODE", "Unable to reach URL", f"{url}: {error}") from error
    if not isinstance(body, dict) or "@context" not in body:
        raise RefusedError("FETCH_HTTP_NODE", "Unable to reach URL", f"{url}: {answer.status_code}")
    if body.get("revoked") and set(body) <= STUB:  # one with more is taken for valid
        raise RefusedError(
            "VERIFY_HOSTED_ASSERTION_NOT_REVOKED",
            "VERIFY_HOSTED_ASSERTION_NOT_REVOKED",
            f"Assertion {body['id']} has been revoked in Issuer",
        )
    found: dict[str, Any] = body
    return found


def _check_node(document: dict[str, Any], kind: str) -> None:
    if document["@context"] not in (CONTEXT, [CONTEXT]):
        raise RefusedError("JSONLD_COMPACT_DATA", "An unknown context", str(document["@context"]))
    if document.get("type") not in KINDS.get(kind, {kind}):
        raise _wrong("type", document)
    for name in NEEDED[kind]:
        if document.get(name) is None:
            raise _wrong(name, document)


def _wrong(name: str, document: dict[str, Any]) -> RefusedError:
    raw = f"{document.get('type')} property {name} not valid in {document.get('id')}"
    return RefusedError("VALIDATE_PROPERTY", "VALIDATE_PROPERTY", raw)


def _owner(recipient: dict[str, Any], account: Account) -> str:
    """Return the address that a badge is for; letter case counts."""
    if recipient.get("hashed") is not True or recipient.get("type") != "email":
        raise RefusedError("VALIDATE_PROPERTY", "VALIDATE_PROPERTY", "recipient is not hashed")
    for email in account.emails:
        digest = hashlib.sha256(f"{email}{recipient.get('salt', '')}".encode()).hexdigest()
        if recipient["identity"].lower() == f"sha256${digest}":
            return email
    raise RefusedError(
        "VERIFY_RECIPIENT_IDENTIFIER",
        "The recipient does not match any of your verified emails",
        f"Profile identifier property of type email did not match any of the emails {recipient}",
    )


def _check_scope(document_id: str, issuer: dict[str, Any]) -> None:
    host = urlsplit(document_id).netloc
    allowed = issuer.get("verification", {}).get("allowedOrigins", [])
    if host != urlsplit(issuer["id"]).netloc and host not in allowed:
        raise RefusedError(
            "HOSTED_ID_IN_VERIFICATION_SCOPE", "The badge is not where its issuer is"
        )


def _check_times(document: dict[str, Any], now: datetime) -> None:
    for name in ("issuedOn", "expires"):
        if name in document and not MOMENT.fullmatch(str(document[name])):
            raise _wrong(name, document)  # a date alone, a number, or no zone
    if datetime.fromisoformat(document["issuedOn"]) > now:
        raw = f"Assertion {document['id']} has issue date {document['issuedOn']} in the future."
        raise RefusedError("ASSERTION_TIMESTAMP_CHECKS", "A date is wrong", raw)
    expires = document.get("expires")
    if expires and datetime.fromisoformat(expires) < now:
        raw = f"Assertion {document['id']} expired on {expires}"
        raise RefusedError("ASSERTION_TIMESTAMP_CHECKS", "A date is wrong", raw)


def _check_picture(name: str, picture: Any, *, photos: bool = False) -> None:
    url = str(picture.get("id") if isinstance(picture, dict) else picture)
    try:
        answer = requests.get(url, headers={"Accept": "*/*", "User-Agent": AGENT}, timeout=20)
    except requests.RequestException as error:  # the picture of an assertion as data, too
        raise RefusedError("IMAGE_VALIDATION", f"The image of the {name} cannot be read") from error
    if answer.content.startswith(PHOTOS) and answer.status_code == 200:
        if not photos:
            raise PhotoError
    elif answer.status_code != 200 or not answer.content.startswith((PNG, *VECTOR)):
        raise RefusedError("IMAGE_VALIDATION", f"The image of the {name} cannot be read")
