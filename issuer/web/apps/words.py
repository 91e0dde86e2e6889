# SPDX-License-Identifier: AGPL-3.0-or-later
"""What apps may do, and what can be wrong with what they ask, in the language of whoever reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext as _

from issuer.services import apps

if TYPE_CHECKING:
    from collections.abc import Collection


def may(scopes: Collection[str]) -> list[str]:
    """Return what an app may do that has these scopes."""
    words = {
        apps.READ_BADGES: _("read your badges, now and later ones"),
        apps.WRITE_BADGES: _("hand in badges; only those that you got here are kept"),
        apps.READ_PROFILE: _(
            "read your name, picture, website, what you say about yourself, and one e-mail address"
        ),
        apps.WRITE_PROFILE: _("change your name, website and what you say about yourself"),
    }
    return [text for scope, text in words.items() if scope in scopes]


def broken(code: str) -> str:
    """Return why an app cannot be let in."""
    words = {
        "invalid_client": _("This site does not know the app, or does not know it any more."),
        "invalid_scope": _("It asks for something that it did not register for, or for nothing."),
        "unsupported_response_type": _("It asks in a way that is not answered here."),
    }
    return str(words.get(code) or _("Its request is incomplete, or is not as it registered."))
