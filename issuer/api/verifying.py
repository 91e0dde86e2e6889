# SPDX-License-Identifier: AGPL-3.0-or-later
"""``POST /api/v1/verify``: the report on a badge, for programs and for pages of other sites."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from flask import Blueprint
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from issuer.api.requests import InvalidRequestError, read_request
from issuer.limits import VERIFY_SCOPE, limiter, verifications
from issuer.problems import problem
from issuer.services.verifying import make_fetcher
from issuer.site import current_site
from openbadges.verification import verify

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

#: For a day a browser need not ask again whether it may ask.
PREFLIGHT_SECONDS = 86400


@blueprint.post("/verify")
@limiter.shared_limit(verifications, VERIFY_SCOPE, methods=["POST"])
def verify_badge() -> Response:
    """Answer the report on what was sent; 200 whatever the verdict."""
    asked, site = read_request(), current_site()
    fetcher = make_fetcher(site.settings, site.database.reading, site.keys, site.objects)
    report = verify(
        asked.source, fetcher=fetcher, now=datetime.now(UTC), recipients=asked.recipients
    )
    return Response(json.dumps(report.to_dict()), content_type="application/json")


@blueprint.errorhandler(InvalidRequestError)
def _invalid(error: InvalidRequestError) -> Response:
    return problem(422, f"{error}.", errors=error.mistakes)


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> Response:
    return problem(413, "The body is larger than is accepted: send the badge without the rest.")


@blueprint.after_request
def _readable_from_anywhere(response: Response) -> Response:
    """Let any page read the answer, and nobody keep it: the verdict is of this moment."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response
