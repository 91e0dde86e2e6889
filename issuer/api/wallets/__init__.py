# SPDX-License-Identifier: AGPL-3.0-or-later
"""The API of Open Badges 3.0 (version 3.0, section 6): wallets fetch badges from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.api.wallets import credentials, discovery, profiles

if TYPE_CHECKING:
    from flask import Flask

    from issuer.config import Settings

__all__ = ["init_openbadges"]


def init_openbadges(app: Flask, settings: Settings) -> None:
    """Add the API to a site where people can log in, and so let wallets in."""
    if settings.oidc_issuer:
        for part in (discovery, credentials, profiles):
            app.extensions["csrf"].exempt(part.blueprint)
            app.register_blueprint(part.blueprint)
