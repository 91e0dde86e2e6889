# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the API says what went wrong: problem details (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus

from werkzeug.wrappers import Response

MEDIA_TYPE = "application/problem+json"
MAX_DETAIL = 500
#: Addresses below this are for programs.
API = "/api/"


def problem(status: int, detail: str, **members: object) -> Response:
    """Return the answer that says in ``detail`` what was wrong, with what, and what to do."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail[:MAX_DETAIL],
        **members,
    }
    response = Response(json.dumps(body), status=status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
