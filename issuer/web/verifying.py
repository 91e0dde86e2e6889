# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page where anyone learns whether a badge is true."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template, request
from flask_babel import gettext as _

from issuer.addresses import Addresses
from issuer.errors import AccoladesError
from issuer.limits import VERIFY_SCOPE, limiter, verifications
from issuer.services import endorsable, endorsement_lists
from issuer.services.findings import findings_of, identifier
from issuer.services.verifying import (
    AtHand,
    Elsewhere,
    OwnFetcher,
    RememberingFetcher,
    make_fetcher,
    own_parts,
)
from issuer.site import current_site, db_session
from issuer.web import texts, verdicts
from issuer.web.showing import picture_of, raw_documents
from openbadges.verification import verify
from openbadges.vocabulary import JSON_LD, PNG

if TYPE_CHECKING:
    from flask_wtf.csrf import CSRFProtect
    from werkzeug.wrappers import Response

    from issuer.services.cards import AssertionPage
    from issuer.services.endorsement_lists import Said
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
@limiter.shared_limit(verifications, VERIFY_SCOPE, exempt_when=lambda: "url" not in request.args)
def form() -> str | Response:
    """Show what can be verified; with ``?url=`` an address or a signed badge, the result."""
    source = request.args.get("url", "").strip()
    return _result(source, shown=source) if source else render_template("verify/page.html")


@blueprint.post("/verify")
@limiter.shared_limit(verifications, VERIFY_SCOPE)
def hand_in() -> str | Response:
    """Verify a picture, a document or a text that is handed in."""
    file = request.files.get("file")
    text = request.form.get("text", "").strip()
    recipient = request.form.get("recipient", "").strip()
    if len(recipient) > MAX_RECIPIENT:
        return _again(_("An address to compare with is not that long."), text=text)
    if file is not None and file.filename:
        if text:
            return _again(_("Give one badge at a time: a file or a text."), text, recipient)
        return _result(file.read(), recipient=recipient)
    if not text:
        trouble = _("Nothing was handed in: choose a picture or paste a badge.")
        return _again(trouble, text, recipient)
    return _result(text, shown=text, recipient=recipient)


def verify_own(page: AssertionPage) -> Report | None:
    """Return what a stranger would find about one of our assertions, or None if we cannot tell.

    What the page read of it just now is what would be served, and is not read again.
    """
    site, session, edition = current_site(), db_session(), page.edition
    addresses = Addresses(site.settings.base_url)
    own = OwnFetcher(
        lambda: nullcontext(session), site.settings.base_url, site.keys, site.objects, Elsewhere()
    )
    try:
        picture = site.objects.get(page.picture)
        known = {
            edition.document_id: (edition.document.encode(), JSON_LD),
            page.profile.document_id: (page.profile.document.encode(), JSON_LD),
            addresses.badge_image(page.badge.slug, edition.number): (picture, PNG),
        }
        if not page.award.is_revoked:  # which is answered with less, and by 410
            known[page.assertion.document_id] = (page.assertion.document.encode(), JSON_LD)
        address = addresses.assertion(page.assertion.uuid)
        return verify(address, fetcher=AtHand(known, own), now=datetime.now(UTC))
    except AccoladesError as error:
        log.warning("assertion %s cannot be verified here: %s", page.assertion.uuid, error)
        return None


def _result(source: str | bytes, *, shown: str = "", recipient: str = "") -> str | Response:
    if isinstance(source, str) and len(source) > MAX_TEXT:
        longest = texts.number(MAX_TEXT)
        return _again(
            _("This text is longer than %(number)s characters: hand in a file.", number=longest)
        )
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
    findings = findings_of(report)
    said = endorsement_lists.in_report(report)
    return render_template(
        "verify/page.html",
        report=report,
        findings=findings,
        told=verdicts.told(report, findings),
        picture=picture_of(report, fetcher.bodies),
        raw=raw_documents(report),
        page=_own_page(report),
        said=said,
        told_here=_told_here(report, said),
        source=shown,
        recipient=recipient,
        linked=shown if len(shown) <= MAX_LINKED else "",
    )


def _again(trouble: str, text: str = "", recipient: str = "") -> Response:
    page = render_template(
        "verify/page.html", trouble=trouble, source=text[:MAX_TEXT], recipient=recipient
    )
    return make_response(page, 400)


def _told_here(report: Report, said: tuple[Said, ...]) -> list[Said]:
    """Return what else this site knows to be said of a true badge of its own.

    What is said of an award may name its holder, who may not want to be seen.
    """
    if not report.valid:
        return []
    session, base_url = db_session(), current_site().settings.base_url
    own = [name for name in _names(report) if own_parts(name, base_url) or name.startswith("did:")]
    found = [endorsable.find(session, name) for name in own]
    ids = [subject.id for subject in found if subject is not None and not subject.is_hidden]
    links = {each.link.removesuffix(endorsable.CREDENTIAL) for each in said}
    told = endorsement_lists.of(session, ids, now=datetime.now(UTC))
    return [each for each in told if each.link not in links]


def _names(report: Report) -> list[str]:
    """Return the ids of an award, its badge and its issuer, in either version."""
    document = report.document or {}
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    parts = (document, achievement, report.badge, report.issuer, document.get("issuer"))
    return [name for part in parts if (name := identifier(part))]


def _own_page(report: Report) -> str:
    """Return the share page of an award of ours, inside the site; empty for any other."""
    address = str((report.assertion or {}).get("id", ""))
    parts = own_parts(address, current_site().settings.base_url)
    return parts.path if parts and parts.path.startswith("/assertions/") else ""


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"  # the verdict is of this moment
    return response
