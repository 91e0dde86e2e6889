# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of people, from this site alone: who looks at one is told to nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, request

from issuer.adapters.portraits import Portraits
from issuer.paths import PACKAGE
from issuer.services import preferences
from issuer.site import current_site, db_session
from issuer.web.files import PNG, SVG, WEBP, picture

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("portraits", __name__)

NEUTRAL = PACKAGE / "static" / "avatar.svg"
POLICY = "default-src 'none'; sandbox"
CACHE = "public, max-age=300, must-revalidate"


@blueprint.get("/people/<username>/avatar")
def avatar(username: str) -> Response:
    """Picture of a person, or a neutral one; 404 and 410 as for their page.

    Lists ask for ``?size=small``.
    """
    name, site = preferences.portrait_of(db_session(), username), current_site()
    if name:
        portraits = Portraits(site.settings, site.objects)
        portrait = portraits.get(name, now=datetime.now(UTC))
        if portrait and request.args.get("size") == "small":
            return picture(portraits.small(name), WEBP, cache=CACHE)
        if portrait:
            return picture(portrait, PNG, cache=CACHE)
    response = picture(NEUTRAL.read_bytes(), SVG, cache=CACHE)
    response.headers["Content-Security-Policy"] = POLICY
    return response
