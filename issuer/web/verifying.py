# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page where anyone learns whether a badge is true."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template, request

from issuer.addresses import Addresses
from issuer.errors import AccoladesError
from issuer.limits import VERIFY, VERIFY_SCOPE, limiter
from issuer.services.findings import findings_of
from issuer.services.verifying import Elsewhere, OwnFetcher, make_fetcher, own_parts
from issuer.site import current_site, db_session
from issuer.web.showing import RememberingFetcher, picture_of, raw_documents
from openbadges.verification import verify

if TYPE_CHECKING:
    from uuid import UUID

    from flask_wtf.csrf import CSRFProtect
    from werkzeug.wrappers import Response

    from openbadges.verification import Report

log = logging.getLogger(__name__)

blueprint = Blueprint("verifying", __name__)

MAX_TEXT = 400_000
MAX_RECIPIENT = 500
#: What fits into an address that every server between us and a browser takes.
MAX_LINKED = 1500


def init_app(csrf: CSRFProtect) -> None:
    """Let anyone hand in a picture without a cookie: nothing is changed by it."""
    csrf.exempt(blueprint)


@blueprint.get("/verify")
@limiter.shared_limit(VERIFY, VERIFY_SCOPE, exempt_when=lambda: "url" not in request.args)
def form() -> str | Response:
    """Show what can be verified; with ``?url=`` an address or a signed badge, the result."""
    source = request.args.get("url", "").strip()
    return _result(source, shown=source) if source else render_template("verify/page.html")


@blueprint.post("/verify")
@limiter.shared_limit(VERIFY, VERIFY_SCOPE)
def hand_in() -> str | Response:
    """Verify a picture, a document or a text that is handed in."""
    file = request.files.get("file")
    text = request.form.get("text", "").strip()
    recipient = request.form.get("recipient", "").strip()
    if len(recipient) > MAX_RECIPIENT:
        return _again("An address to compare with is not that long.", text=text)
    if file is not None and file.filename:
        if text:
            return _again("Give one badge at a time: a file or a text.", text, recipient)
        return _result(file.read(), recipient=recipient)
    if not text:
        return _again("Nothing was handed in: choose a picture or paste a badge.", text, recipient)
    return _result(text, shown=text, recipient=recipient)


def verify_own(uuid: UUID) -> Report | None:
    """Return what a stranger would find about one of our assertions, or None if we cannot tell."""
    site, session = current_site(), db_session()
    address = Addresses(site.settings.base_url).assertion(uuid)
    own = OwnFetcher(
        lambda: nullcontext(session), site.settings.base_url, site.keys, site.objects, Elsewhere()
    )
    try:
        return verify(address, fetcher=own, now=datetime.now(UTC))
    except AccoladesError as error:
        log.warning("assertion %s cannot be verified here: %s", uuid, error)
        return None


def _result(source: str | bytes, *, shown: str = "", recipient: str = "") -> str | Response:
    if isinstance(source, str) and len(source) > MAX_TEXT:
        return _again(f"This text is longer than {MAX_TEXT} characters: hand in a file.")
    site = current_site()
    fetcher = RememberingFetcher(
        make_fetcher(site.settings, site.database.reading, site.keys, site.objects)
    )
    report = verify(
        source,
        fetcher=fetcher,
        now=datetime.now(UTC),
        recipients=[recipient] if recipient else [],
    )
    return render_template(
        "verify/page.html",
        report=report,
        findings=findings_of(report),
        picture=picture_of(report, fetcher.bodies),
        raw=raw_documents(report),
        page=_own_page(report),
        source=shown,
        recipient=recipient,
        linked=shown if len(shown) <= MAX_LINKED else "",
    )


def _again(trouble: str, text: str = "", recipient: str = "") -> Response:
    page = render_template(
        "verify/page.html", trouble=trouble, source=text[:MAX_TEXT], recipient=recipient
    )
    return make_response(page, 400)


def _own_page(report: Report) -> str:
    """Return the share page of an award of ours, inside the site; empty for any other."""
    address = str((report.assertion or {}).get("id", ""))
    parts = own_parts(address, current_site().settings.base_url)
    return parts.path if parts and parts.path.startswith("/assertions/") else ""


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"  # the verdict is of this moment
    return response
