# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backpacks of people elsewhere: connected once, and then badges are sent there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.web.backpacks import connecting, sending

if TYPE_CHECKING:
    from flask import Flask

    from issuer.config import Settings

__all__ = ["init_backpacks"]


def init_backpacks(app: Flask, settings: Settings) -> None:
    """Add the pages of backpacks to a site where people can log in."""
    if settings.oidc_issuer:
        app.register_blueprint(sending.blueprint)
        app.register_blueprint(connecting.blueprint)
