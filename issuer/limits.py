# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often one caller may ask for what costs us much."""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from typing import TYPE_CHECKING

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix

from issuer.site import live

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from issuer.config import Settings

log = logging.getLogger(__name__)

#: The page and the API count together.
VERIFY_SCOPE = "verify"
IPV6_NETWORK = 64


def caller() -> str:
    """Return whom a request is counted for: an address, or the network that one household has."""
    address = get_remote_address()
    try:
        if ipaddress.ip_address(address).version == 6:
            return str(ipaddress.ip_network(f"{address}/{IPV6_NETWORK}", strict=False))
    except ValueError:
        return address  # a test's own, or that of a socket file
    return address


def verifications() -> str:
    """Return how often one may verify: it may fetch twenty documents of strangers."""
    return f"{live().verify_per_minute} per minute"


def logins() -> str:
    """Return how often one may begin or end a conversation with the login provider."""
    return f"{live().login_per_minute} per minute"


def invitations() -> str:
    """Return how often one person may try invitations: their addresses are secrets."""
    return f"{live().invitations_per_minute} per minute"


def claims() -> str:
    """Return how often one person may hand something in: somebody reads all of it."""
    return f"{live().claims_per_hour} per hour"


limiter = Limiter(caller)


def seconds_left() -> int:
    """Return for how long whoever was refused has to wait, 0 where nobody was."""
    limit = limiter.current_limit
    if limit is None or not limit.breached:
        return 0
    return max(1, math.ceil(limit.reset_at - time.time()))


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
    # Functions that were registered first run last: what the limiter added is there by then.
    app.after_request(_wait_only_when_refused)
    limiter.init_app(app)


def _wait_only_when_refused(response: Response) -> Response:
    """Tell nobody to come back later who was answered (RFC 9110, section 10.2.3)."""
    if response.status_code < 500 and response.status_code != 429:
        response.headers.pop("Retry-After", None)
    return response
