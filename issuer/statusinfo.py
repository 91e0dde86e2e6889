# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the API of Open Badges 3.0 says what went wrong: Imsx_StatusInfo (version 3.0, B.3)."""

from __future__ import annotations

import json

from werkzeug.wrappers import Response

#: Addresses below this are for programs that speak Open Badges 3.0.
API = "/ims/ob/v3p0"
MAX_DESCRIPTION = 500
#: Who says it (imsx_codeMinorFieldName).
SYSTEM = "accolades"
MINOR = {
    400: "invalid_data",
    401: "unauthorizedrequest",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed",
    406: "not_acceptable",
    410: "not_found",
    413: "invalid_data",
    415: "invalid_data",
    422: "invalid_data",
    429: "server_busy",
    500: "internal_server_error",
    503: "server_busy",
}


def status_info(status: int, description: str, minor: str = "") -> Response:
    """Return the answer that says in ``description`` what was wrong."""
    field = {
        "imsx_codeMinorFieldName": SYSTEM,
        "imsx_codeMinorFieldValue": minor or MINOR.get(status, "unknown"),
    }
    body = {
        "imsx_codeMajor": "unsupported" if status == 405 else "failure",
        "imsx_severity": "status" if status in {404, 410} else "error",
        "imsx_description": description[:MAX_DESCRIPTION],
        "imsx_codeMinor": {"imsx_codeMinorField": [field]},
    }
    response = Response(json.dumps(body), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
