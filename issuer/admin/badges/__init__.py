# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges: found, made, changed, retired."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from issuer.admin.badges import editing, retiring, showing
from issuer.admin.badges.place import blueprint
from issuer.admin.parts import Section
from issuer.services.permissions import Right

__all__ = ["SECTIONS", "blueprint", "editing", "retiring", "showing"]

SECTIONS = (Section(_("Badges"), "admin_badges.listing", Right.BADGES, _("Badges"), 100),)
