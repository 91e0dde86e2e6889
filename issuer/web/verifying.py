# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page where anyone learns whether a badge is true."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request

from issuer.adapters.fetching import GuardedFetcher
from issuer.addresses import Addresses
from issuer.errors import AccoladesError, InvalidInputError
from issuer.services.verifying import Elsewhere, OwnFetcher
from issuer.site import current_site, db_session
from issuer.web.limits import VERIFY, limiter
from openbadges.verification import verify

if TYPE_CHECKING:
    from uuid import UUID

    from flask_wtf.csrf import CSRFProtect
    from werkzeug.wrappers import Response

    from openbadges.fetching import Fetcher
    from openbadges.verification import Report

log = logging.getLogger(__name__)

blueprint = Blueprint("verifying", __name__)

MAX_TEXT = 100_000


def init_app(csrf: CSRFProtect) -> None:
    """Let anyone hand in a picture without a cookie: nothing is changed by it."""
    csrf.exempt(blueprint)


@blueprint.get("/verify")
@limiter.limit(VERIFY, exempt_when=lambda: "url" not in request.args)
def form() -> str:
    """Show what can be verified; with ``?url=`` an address or a signed badge, the result."""
    source = request.args.get("url", "").strip()
    return _page(source, _judge(source, _elsewhere()) if source else None)


@blueprint.post("/verify")
@limiter.limit(VERIFY)
def hand_in() -> str:
    """Verify a picture, a document or a text that is handed in."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return _page(file.filename, _judge(file.read(), _elsewhere()))
    text = request.form.get("text", "").strip()
    if not text:
        raise InvalidInputError("Nothing was handed in: choose a picture or paste a badge.")
    return _page(text, _judge(text, _elsewhere()))


def verify_own(uuid: UUID) -> Report | None:
    """Return what a stranger would find about one of our assertions, or None if we cannot tell."""
    try:
        own = Addresses(current_site().settings.base_url).assertion(uuid)
        return _judge(own, Elsewhere())
    except AccoladesError as error:
        log.warning("assertion %s cannot be verified here: %s", uuid, error)
        return None


def _elsewhere() -> GuardedFetcher:
    return GuardedFetcher(allow_loopback=current_site().settings.allow_loopback)


def _judge(source: str | bytes, elsewhere: Fetcher) -> Report:
    if len(source) > MAX_TEXT and isinstance(source, str):
        raise InvalidInputError(f"This text is longer than {MAX_TEXT} characters: hand in a file.")
    site = current_site()
    fetcher = OwnFetcher(db_session(), site.settings.base_url, site.keys, site.objects, Elsewhere())
    return verify(source, fetcher=fetcher, now=datetime.now(UTC))


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"  # the verdict is of this moment
    return response


def _page(source: str, report: Report | None) -> str:
    own = Addresses(current_site().settings.base_url)
    # A report is false when the badge is not valid: ask whether there is one.
    address = "" if report is None else str((report.assertion or {}).get("id", ""))
    here = address.startswith(own.base_url + "/assertions/")
    return render_template(
        "verify/page.html", source=source, report=report, address=address if here else ""
    )
