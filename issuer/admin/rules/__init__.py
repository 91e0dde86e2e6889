# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules: listed, written as fields or as text, tried on the archive, and put in force."""

from __future__ import annotations

from issuer.admin.rules import backfilling, changing, editor, listing, trying
from issuer.admin.rules.base import SECTIONS, blueprint

__all__ = ["SECTIONS", "backfilling", "blueprint", "changing", "editor", "listing", "trying"]
