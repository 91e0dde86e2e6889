# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading badges as linked data: any lawful JSON-LD becomes the plain form that models read."""

from __future__ import annotations

from openbadges.jsonld.direct import is_plain
from openbadges.jsonld.extensions import check_extensions
from openbadges.jsonld.plain import to_plain

__all__ = ["check_extensions", "is_plain", "to_plain"]
