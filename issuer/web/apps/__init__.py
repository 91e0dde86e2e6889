# SPDX-License-Identifier: AGPL-3.0-or-later
"""Apps of others, such as wallets: a person lets one in, and it gets keys to the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.web.apps import answering, consenting, mine

if TYPE_CHECKING:
    from flask import Flask

    from issuer.config import Settings

__all__ = ["init_apps"]


def init_apps(app: Flask, settings: Settings) -> None:
    """Add what apps need to a site where people can log in."""
    if settings.oidc_issuer:
        # No cookie is read where apps ask by themselves; the page of consent keeps its token.
        app.extensions["csrf"].exempt(answering.blueprint)
        for part in (answering, consenting, mine):
            app.register_blueprint(part.blueprint)
