# SPDX-License-Identifier: AGPL-3.0-or-later
"""Compresses answers, except those whose length could tell a secret that they hold (BREACH)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, request
from flask_compress import Compress

if TYPE_CHECKING:
    from flask import Flask, Response

TYPES = [
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/json",
    "application/ld+json",
    "application/manifest+json",
    "application/rss+xml",
    "application/atom+xml",
    "application/xml",
    "image/svg+xml",
]

#: The first of those that are liked alike is taken.
ALGORITHMS = ("br", "gzip")

compress = Compress()


def init_app(app: Flask) -> None:
    """Compress what the application answers."""
    app.config.update(
        COMPRESS_MIMETYPES=TYPES,
        COMPRESS_ALGORITHM=list(ALGORITHMS),
        COMPRESS_LEVEL=6,
        COMPRESS_BR_LEVEL=5,
        COMPRESS_REGISTER=False,
    )
    compress.init_app(app)
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if _may_hold_a_secret(response):
        return response
    if response.status_code == 200 and response.mimetype in TYPES and response.is_streamed:
        response.direct_passthrough = False
        response.make_sequence()  # a static file is small, and is closed with the answer
    # The library reads "gzip;q=0" as a wish for gzip.
    request.environ["HTTP_ACCEPT_ENCODING"] = _wished()
    return compress.after_request(response)


def _wished() -> str:
    """Return the coding that the caller likes best; none has to be taken (RFC 9110, 12.5.3)."""
    accepted = request.accept_encodings
    best = max(ALGORITHMS, key=accepted.quality)
    plain = accepted.quality("identity") if "identity" in accepted.values() else 0.0
    return best if accepted.quality(best) > plain else "identity"


def _may_hold_a_secret(response: Response) -> bool:
    """Whether the answer is somebody's own: it repeats what was asked beside a form's token.

    Who has a session gets such answers, and who fetches or signs in gets what nobody may keep.
    """
    if (request.endpoint or "").endswith("static"):
        return False
    cookie = current_app.config["SESSION_COOKIE_NAME"]
    return (
        cookie in request.cookies
        or "Set-Cookie" in response.headers
        or "Authorization" in request.headers
        or response.cache_control.no_store
    )
