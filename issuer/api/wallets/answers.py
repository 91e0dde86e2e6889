# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the API answers: readable from any page, kept by nobody, and cookies tell nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

CALLS = "300 per minute"
EXPOSED = "Link, X-Total-Count, WWW-Authenticate, Retry-After"


def answer(body: Mapping[str, Any]) -> Response:
    """Return a JSON object."""
    return Response(json.dumps(body), content_type="application/json")


def for_every_page(response: Response) -> Response:
    """Let any page read the answer: what opens it is a token, which no browser adds by itself."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    response.headers.setdefault("Cache-Control", "no-store")
    return response
