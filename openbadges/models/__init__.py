# SPDX-License-Identifier: AGPL-3.0-or-later
"""The documents of Open Badges 2.0 as frozen values; reading and writing changes nothing."""

from __future__ import annotations

from openbadges.models.assertions import Assertion
from openbadges.models.badges import BadgeClass
from openbadges.models.base import Document
from openbadges.models.endorsements import Claim, Endorsement
from openbadges.models.keys import CryptographicKey
from openbadges.models.parts import (
    Alignment,
    Criteria,
    Evidence,
    IdentityObject,
    Image,
    Node,
    Related,
    Verification,
)
from openbadges.models.profiles import BasicProfile, Profile
from openbadges.models.revocations import RevocationList, RevokedAssertion

__all__ = [
    "Alignment",
    "Assertion",
    "BadgeClass",
    "BasicProfile",
    "Claim",
    "Criteria",
    "CryptographicKey",
    "Document",
    "Endorsement",
    "Evidence",
    "IdentityObject",
    "Image",
    "Node",
    "Profile",
    "Related",
    "RevocationList",
    "RevokedAssertion",
    "Verification",
]
