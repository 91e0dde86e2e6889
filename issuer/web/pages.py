# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public pages: what there is, who has what, and what one badge means."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, current_app, jsonify, make_response, render_template, request, url_for

from issuer.access import current_actor
from issuer.adapters.codes import qr_code
from issuer.addresses import Addresses
from issuer.charts import chart
from issuer.services import badge_pages, bounties, browsing, endorsement_lists, front, progress
from issuer.site import current_site, db_session, live
from issuer.web import exporting, languages, offers, site_texts
from issuer.web.rulewords import in_words

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from werkzeug.wrappers import Response

    from issuer.services.cards import AssertionPage
    from openbadges.verification import Report

blueprint = Blueprint("pages", __name__)

NEAREST = 3
#: Sides of the icons of the application, in pixels.
ICONS = (192, 512)
#: What a home screen has room for.
SHORT_NAME = 24


@blueprint.get("/")
def home() -> str:
    """Show what this is, and what happens; to whoever is signed in, their own first."""
    session, now, me = db_session(), datetime.now(UTC), current_actor().key
    latest, mine = front.awards(session, me)
    return render_template(
        "pages/home.html",
        latest=latest,
        mine=mine,
        nearest=progress.nearest(session, me, NEAREST) if me else (),
        badges=front.badges(session),
        leaders=front.leaders(session, now) if live().leaderboard else {},
        numbers=front.numbers(session, now),
    )


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Tell how the site looks as an application of its own."""
    icons = [
        {
            "src": url_for("static", filename=f"icon-{side}.png"),
            "sizes": f"{side}x{side}",
            "type": "image/png",
            "purpose": purpose,
        }
        for side in ICONS
        for purpose in ("any", "maskable")
    ]
    drawing = url_for("static", filename="logo.svg")
    icons.append({"src": drawing, "sizes": "any", "type": "image/svg+xml", "purpose": "any"})
    response = jsonify(
        name=live().site_name,
        short_name=live().site_name[:SHORT_NAME],
        description=live().site_claim,
        id="/",
        start_url="/",
        scope="/",
        display="minimal-ui",
        background_color="#f7f9fd",
        theme_color="#294172",
        icons=icons,
    )
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.get("/logo.png")
def logo() -> Response:
    """Show the picture of the site, which backpacks want to see before they know us."""
    path = Path(current_app.static_folder or "") / f"icon-{ICONS[-1]}.png"
    response = make_response(path.read_bytes())
    response.mimetype = "image/png"
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@blueprint.get("/about", defaults={"name": "about"})
@blueprint.get("/about/<any(terms, privacy):name>")
def about(name: str) -> str:
    """Tell about the site: what badges are here, the terms of use, what is kept of people."""
    text = site_texts.site_text(name, languages.language())
    return render_template("pages/text.html", text=text, name=name)


def badge_html(slug: str) -> Response:
    """Return the page of a badge."""
    now, who = datetime.now(UTC), current_actor()
    session = db_session()
    page = badge_pages.badge_page(session, slug, now=now, viewer=who, after=_after())
    addresses = Addresses(current_site().settings.base_url)
    claim = addresses.base_url + f"/invitations/{page.invitation}"
    link = claim if page.invitation else addresses.badge(page.badge.slug)
    html = render_template(
        "badges/page.html",
        page=page,
        me=who.key,
        words=in_words(page.rule),
        chart=chart(page.months, now.date()),
        offer=bounties.find(session, page.badge, now=now) if page.badge.claimable else None,
        link=link,
        code=qr_code(link) if page.may_grant else "",
    )
    return make_response(html)


def issuer_html(slug: str) -> Response:
    """Return the page of an issuer."""
    session = db_session()
    page = browsing.issuer_page(session, slug)
    own = [Addresses(page.issuer.base_url).profile(page.issuer.slug)]
    said = endorsement_lists.of(session, own, now=datetime.now(UTC))
    return make_response(render_template("issuers/page.html", page=page, endorsements=said))


def assertion_html(uuid: UUID, verify: Callable[[AssertionPage], Report | None]) -> Response:
    """Return the share page of an assertion: 410, as its document, when it was revoked.

    ``verify`` tells what a stranger finds about it just now.
    """
    page, now = browsing.assertion_page(db_session(), uuid), datetime.now(UTC)
    expired = page.told.is_expired(now)
    html = render_template(
        "assertions/page.html",
        page=page,
        expired=expired,
        verification=verify(page),
        linkedin=offers.linkedin(page),
        posts=offers.posts(page),
        frame_code=offers.award_frame(page),
        picture_code=offers.picture_code(page),
        own=exporting.for_holder(page.award, db_session()),
        endorsements=endorsement_lists.of(db_session(), _endorsed(page), now=now),
    )
    response = make_response(html, 410 if page.award.is_revoked else 200)
    response.headers["Cache-Control"] = "no-cache"  # what it says of validity was found just now
    return response


def _endorsed(page: AssertionPage) -> list[str]:
    """Return what may be spoken of on a share page: not who must not be named."""
    issuer = Addresses(page.issuer.base_url).profile(page.issuer.slug)
    own = [page.assertion.document_id] if page.person else []
    return [*own, page.edition.document_id, issuer]


def _after() -> str:
    return request.args.get("after", "")
