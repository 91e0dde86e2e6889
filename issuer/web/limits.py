# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often one caller may ask for what costs us much."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from flask import Flask

    from issuer.config import Settings

log = logging.getLogger(__name__)

#: A verification may fetch twenty documents of strangers.
VERIFY = "30 per minute"

limiter = Limiter(get_remote_address)


def init_app(app: Flask, settings: Settings) -> None:
    """Count callers, in the process or in Redis; behind proxies, by the address they report."""
    if settings.trusted_proxies:
        number = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=number)  # type: ignore[method-assign]  # Flask's own documented way
    if not settings.cache_url and not settings.demo and not app.testing:
        log.warning("cache_url is not set: limits on requests hold for each worker by itself")
    app.config.update(
        RATELIMIT_STORAGE_URI=settings.cache_url or "memory://",
        RATELIMIT_HEADERS_ENABLED=True,
        # A limiter that is away must not take the site with it.
        RATELIMIT_SWALLOW_ERRORS=True,
    )
    limiter.init_app(app)
