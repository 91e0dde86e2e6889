# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers that are pictures: with an ETag, so that nobody is sent what they have."""

from __future__ import annotations

import hashlib

from flask import request
from werkzeug.wrappers import Response

PNG, SVG, WEBP = "image/png", "image/svg+xml", "image/webp"
#: A caller may keep it and has to ask each time whether it still holds.
REVALIDATE = "public, max-age=0, must-revalidate"


def picture(body: bytes, media_type: str, *, cache: str, etag: str = "") -> Response:
    """Return a picture, or 304 where the caller has it; any page may read it."""
    response = Response(body, content_type=media_type)
    response.headers["Cache-Control"] = cache
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.set_etag(etag or hashlib.sha256(body).hexdigest()[:32])
    return response.make_conditional(request)
