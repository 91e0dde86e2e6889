# SPDX-License-Identifier: AGPL-3.0-or-later
"""What protects every answer: policies for browsers, https, cookies, forms, sizes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import g, redirect, request
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect

from issuer.adapters.secret_key import kept_secret
from issuer.site import EXTENSION

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from issuer.config import Settings

log = logging.getLogger(__name__)

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # Bootstrap draws its arrows and crosses in data: addresses
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
MAY_BE_FRAMED = "frame-ancestors *"
POLICY_HEADER = "Content-Security-Policy"
#: Asked from inside the cluster, without TLS.
PLAIN_PATHS = ("/healthz/", "/metrics")
MAX_REQUEST_BYTES = 6 << 20  # a picture of the largest size, and the form around it


def init_app(app: Flask, settings: Settings) -> None:
    """Protect the application; what depends on TLS follows from the public address."""
    https = settings.is_public
    app.config.update(
        SECRET_KEY=settings.secret_key or kept_secret(settings.home),
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        SESSION_COOKIE_NAME="__Host-session" if https else "session",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        WTF_CSRF_SSL_STRICT=https,
    )
    # Functions after a request run in the reverse order: these two stand around Talisman.
    app.after_request(_restore_own_policy)
    Talisman(
        app,
        force_https=False,  # it would redirect to whatever host the request names
        session_cookie_secure=https,
        content_security_policy=POLICY,
        frame_options="DENY",
        referrer_policy="strict-origin-when-cross-origin",
        strict_transport_security=https,
        x_xss_protection=False,
    )
    app.after_request(_note_own_policy)
    app.after_request(_keep_redirects_here)
    if https:
        app.before_request(lambda: _over_https(settings.base_url))
    CSRFProtect(app)
    for warning in app.extensions[EXTENSION].keys.warnings():
        log.warning("%s", warning)


def _note_own_policy(response: Response) -> Response:
    g.own_policy = response.headers.get(POLICY_HEADER)
    return response


def _restore_own_policy(response: Response) -> Response:
    """Let a view be stricter than the pages: an SVG by itself is a document of its own."""
    if g.get("own_policy"):
        response.headers[POLICY_HEADER] = g.own_policy
        if MAY_BE_FRAMED in g.own_policy:
            response.headers.pop("X-Frame-Options", None)  # it would forbid what the policy allows
    return response


def _keep_redirects_here(response: Response) -> Response:
    """Make redirects of the router relative: it writes the host that the request named."""
    location = response.headers.get("Location", "")
    if location.startswith(request.host_url):
        response.headers["Location"] = "/" + location.removeprefix(request.host_url).lstrip("/")
    return response


def _over_https(base_url: str) -> Response | None:
    secure = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
    if secure or request.path.startswith(PLAIN_PATHS):
        return None
    return redirect(base_url + request.full_path.rstrip("?"), code=308)
