# SPDX-License-Identifier: AGPL-3.0-or-later
"""One issuer with one badge and one award, in plain JSON; tests change what they are about."""

from __future__ import annotations

from typing import Any

BASE = "https://badges.example.org"
CONTEXT = "https://w3id.org/openbadges/v2"
ISSUER_ID = f"{BASE}/issuers/fedora"
KEY_ID = f"{BASE}/keys/1"
LIST_ID = f"{ISSUER_ID}/revocations"
BADGE_ID = f"{BASE}/badges/like-a-rock"
IMAGE_ID = f"{BADGE_ID}/image"
ASSERTION_ID = f"{BASE}/assertions/1"
ADDRESS = "lmacken@example.org"


def issuer(**changes: Any) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "Issuer",
        "id": ISSUER_ID,
        "name": "Fedora Badges",
        "url": BASE,
        "email": "badges@example.org",
        "publicKey": KEY_ID,
        "revocationList": LIST_ID,
    } | changes


def badge(**changes: Any) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "BadgeClass",
        "id": BADGE_ID,
        "name": "Like a Rock",
        "description": "You pushed 500 updates to stable.",
        "image": IMAGE_ID,
        "criteria": {"id": f"{BADGE_ID}/criteria", "narrative": "Push *500* updates."},
        "issuer": ISSUER_ID,
    } | changes


def assertion(**changes: Any) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "Assertion",
        "id": ASSERTION_ID,
        "recipient": {
            "type": "email",
            "hashed": True,
            "identity": "sha256$8998c01bade3c600fe6323eb3bc86fc08ea772bd5d845afc324fcdd6c484b424",
            "salt": "deadsea",
        },
        "badge": BADGE_ID,
        "verification": {"type": "HostedBadge"},
        "issuedOn": "2020-01-02T03:04:05+00:00",
    } | changes


def signed_assertion(**changes: Any) -> dict[str, Any]:
    return assertion(verification={"type": "SignedBadge", "creator": KEY_ID}) | changes


def endorsement(identifier: str, issuer_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "Endorsement",
        "id": identifier,
        "claim": {"id": BADGE_ID, "endorsementComment": "Pretty good"},
        "issuer": issuer_id,
        "issuedOn": "2020-02-02T00:00:00Z",
        "verification": {"type": "HostedBadge"},
    } | changes


def revocation_list(*entries: Any, **changes: Any) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "RevocationList",
        "id": LIST_ID,
        "issuer": ISSUER_ID,
        "revokedAssertions": list(entries),
    } | changes


def key_document(pem: str, **changes: Any) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "CryptographicKey",
        "id": KEY_ID,
        "owner": ISSUER_ID,
        "publicKeyPem": pem,
    } | changes
