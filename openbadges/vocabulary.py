# SPDX-License-Identifier: AGPL-3.0-or-later
"""The names of Open Badges 2.0: context, classes, verification types and media types."""

from __future__ import annotations

from typing import Final

CONTEXT: Final = "https://w3id.org/openbadges/v2"

ASSERTION: Final = "Assertion"
BADGE_CLASS: Final = "BadgeClass"
ISSUER: Final = "Issuer"
PROFILE: Final = "Profile"
CRYPTOGRAPHIC_KEY: Final = "CryptographicKey"
REVOCATION_LIST: Final = "RevocationList"
ENDORSEMENT: Final = "Endorsement"
EXTENSION: Final = "Extension"

HOSTED: Final = "HostedBadge"
SIGNED: Final = "SignedBadge"
VERIFICATION_OBJECT: Final = "VerificationObject"
# The context maps the short names to the same classes (Open Badges 2.0, VerificationObject).
VERIFICATION_ALIASES: Final = {"hosted": HOSTED, "signed": SIGNED}

CLASSES: Final = frozenset(
    {
        "AlignmentObject",
        "Assertion",
        "BadgeClass",
        "Criteria",
        "CryptographicKey",
        "Endorsement",
        "Evidence",
        "Extension",
        "FrameValidation",
        "HostedBadge",
        "IdentityObject",
        "Image",
        "Issuer",
        "Profile",
        "RevocationList",
        "SignedBadge",
        "TypeValidation",
        "VerificationObject",
        "hosted",
        "signed",
    }
)
"""Every class name that the 2.0 context defines; any other type must be an IRI."""

JSON_LD: Final = "application/ld+json"
JSON: Final = "application/json"
JOSE: Final = "application/jose"
PNG: Final = "image/png"
SVG: Final = "image/svg+xml"

ACCEPT_DOCUMENT: Final = f"{JSON_LD}, {JSON};q=0.9"
ACCEPT_BADGE: Final = f"{JSON_LD}, {JSON};q=0.9, {PNG};q=0.8, {SVG};q=0.8"
ACCEPT_IMAGE: Final = f"{PNG}, {SVG}"
