# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people decide about themselves: every form is theirs alone, and works without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.web.settings import addresses, leaving, profile
from issuer.web.settings.shown import blueprint

if TYPE_CHECKING:
    from flask import Flask

    from issuer.config import Settings

__all__ = ["init_settings"]


def init_settings(app: Flask, settings: Settings) -> None:
    """Add the settings of people to a site where people can log in."""
    if settings.oidc_issuer:
        app.register_blueprint(blueprint)
        app.register_blueprint(profile.blueprint)
        app.register_blueprint(addresses.blueprint)
        app.register_blueprint(leaving.blueprint)
