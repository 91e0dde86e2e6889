# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Badgr finds wrong in a badge: it fetches all of it, as the recorded one does."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

if TYPE_CHECKING:
    from tests.simulators.serving import Account

ACCEPT = "application/ld+json, application/json, image/png, image/svg+xml"
AGENT = "python-requests/2.25.0"
PICTURES = (b"\x89PNG\r\n\x1a\n", b"<svg", b"<?xml")


class RefusedError(Exception):
    """A badge is not taken: Badgr's name for it, its words, and the raw message."""

    def __init__(self, name: str, description: str, raw: str = "") -> None:
        self.name, self.description, self.raw = name, description, raw
        super().__init__(description)

    def plain(self) -> list[dict[str, Any]]:
        """Return it as version 1 tells it."""
        raw = {"name": self.name, "success": False, "result": self.raw or self.description}
        return [{"name": self.name, "description": self.description}, raw]

    def mixed(self) -> list[str]:
        """Return it as version 2 flattens it."""
        return [str(value) for each in self.plain() for value in each.values()]


def check(url: str, account: Account, now: datetime | None = None) -> tuple[dict[str, Any], bool]:
    """Return the assertion at a URL, and whether it is for an address that nobody confirmed.

    Raises `RefusedError`.
    """
    document = _document(url)
    if document.get("id") != url:
        document = _document(str(document.get("id")))
    if "@context" not in document:
        raise RefusedError("DETECT_AND_VALIDATE_NODE_CLASS", "Could not determine the badge")
    address = _owner(document["recipient"], account)
    badge = _document(document["badge"])
    issuer = _document(badge["issuer"])
    _check_scope(document["id"], issuer)
    _check_times(document, now or datetime.now(UTC))
    for name, picture in (("badge", badge.get("image")), ("assertion", document.get("image"))):
        _check_picture(name, picture)
    return document, not account.emails[address]


def _document(url: str) -> dict[str, Any]:
    try:
        answer = requests.get(url, headers={"Accept": ACCEPT, "User-Agent": AGENT}, timeout=20)
        body = answer.json()
    except requests.RequestException as error:
        raise RefusedError("FETCH_HTTP_NODE", "Unable to reach URL", f"{url}: {error}") from error
    if answer.status_code == 410 and body.get("revoked"):
        raise RefusedError("ASSERTION_REVOKED", "The assertion has been revoked")
    if answer.status_code != 200:
        raise RefusedError("FETCH_HTTP_NODE", "Unable to reach URL", f"{url}: {answer.status_code}")
    found: dict[str, Any] = body
    return found


def _owner(recipient: dict[str, Any], account: Account) -> str:
    for email in account.emails:
        digest = hashlib.sha256(f"{email}{recipient.get('salt', '')}".encode()).hexdigest()
        if recipient["identity"] == f"sha256${digest}":
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
    if datetime.fromisoformat(document["issuedOn"]) > now:
        raw = f"Assertion {document['id']} has issue date {document['issuedOn']} in the future."
        raise RefusedError("ASSERTION_TIMESTAMP_CHECKS", "A date is wrong", raw)
    expires = document.get("expires")
    if expires and datetime.fromisoformat(expires) < now:
        raw = f"Assertion {document['id']} expired on {expires}"
        raise RefusedError("ASSERTION_TIMESTAMP_CHECKS", "A date is wrong", raw)


def _check_picture(name: str, picture: Any) -> None:
    url = picture.get("id") if isinstance(picture, dict) else picture
    answer = requests.get(str(url), headers={"Accept": "*/*", "User-Agent": AGENT}, timeout=20)
    if answer.status_code != 200 or not answer.content.startswith(PICTURES):
        raise RefusedError("IMAGE_VALIDATION", f"The image of the {name} cannot be read")
