# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of Open Badges 3.0 and Verifiable Credentials 2.0 that this package writes."""

from __future__ import annotations

from typing import Final

CREDENTIALS: Final = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
EXTENSIONS: Final = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
#: The order is that of the standard; whoever reads a credential may rely on it.
CONTEXTS: Final = (CREDENTIALS, OPEN_BADGES, EXTENSIONS)
STATUS_CONTEXTS: Final = (CREDENTIALS,)
BADGE: Final = "OpenBadgeCredential"
ENDORSEMENT: Final = "EndorsementCredential"
#: What a key may be used for: to say something, such as that a badge was earned.
PURPOSE: Final = "assertionMethod"
CRYPTOSUITE: Final = "eddsa-rdfc-2022"
SCHEMA: Final = (
    "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
)
SCHEMA_TYPE: Final = "1EdTechJsonSchemaValidator2019"
REFRESH_TYPE: Final = "1EdTechCredentialRefresh"
#: How the other version of the same thing is named, in each version (implementation guide).
VERSION_2: Final = "Open Badges v2p0"
VERSION_3: Final = "Open Badges v3p0"
BADGE_CLASS: Final = "https://w3id.org/openbadges#BadgeClass"
#: Verifiers disagree on how control characters are written before they are hashed; a space says
#: the same, and all agree on the ends of lines.
UNSURE: Final = frozenset(map(chr, (*range(0x20), 0x7F))) - frozenset("\n\r")
