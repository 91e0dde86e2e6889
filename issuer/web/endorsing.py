# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of an endorsement that one of our issuers stands by, or stood by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import make_response, render_template

from issuer.errors import NotFoundError
from issuer.services import endorsable, endorsements
from issuer.services.findings import web_link
from issuer.site import current_site, db_session
from openbadges.serialization import loads_object

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.wrappers import Response


def endorsement_html(uuid: UUID) -> Response:
    """Return the page of an endorsement: 410, as its document, when it was revoked."""
    session = db_session()
    found = endorsements.find(session, uuid)
    if not found.is_own:
        raise NotFoundError("endorsement %(name)s: lies with its issuer", name=uuid)
    claimed = loads_object(found.document)["claim"]["id"]
    subject = endorsable.find(session, claimed)
    is_hidden = subject is not None and subject.is_hidden
    page = render_template(
        "endorsements/page.html",
        found=found,
        name=subject.name if subject else claimed,
        comment="" if is_hidden else found.comment,
        link=_inside(claimed) if subject else web_link(claimed),
        outside=subject is None,
    )
    return make_response(page, 410 if found.revoked_at else 200)


def _inside(address: str) -> str:
    """Return the page of something of ours; of a badge, that of the badge as it is now."""
    path = address.removeprefix(current_site().settings.base_url)
    return path.partition("/editions/")[0].partition("/epochs/")[0].removesuffix("/ob3")
