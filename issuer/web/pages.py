# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public pages: what there is, who has what, and what one badge means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, jsonify, make_response, render_template, request, url_for

from issuer.addresses import Addresses
from issuer.services import badge_pages, browsing, front
from issuer.site import current_site, db_session
from issuer.web import languages, offers, site_texts
from issuer.web.charts import chart
from issuer.web.codes import qr_code
from issuer.web.rulewords import in_words
from issuer.web.viewers import viewer

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.wrappers import Response

    from openbadges.verification import Report

blueprint = Blueprint("pages", __name__)

#: Sides of the icons of the application, in pixels.
ICONS = (192, 512)
#: What a home screen has room for.
SHORT_NAME = 24


@blueprint.get("/")
def home() -> str:
    """Show what this is, and what happens; to whoever is signed in, their own first."""
    session, now, me = db_session(), datetime.now(UTC), viewer().key
    latest, mine = front.awards(session, me)
    return render_template(
        "pages/home.html",
        latest=latest,
        mine=mine,
        nearest=front.nearest(session, me) if me else (),
        badges=front.badges(session),
        leaders=front.leaders(session, now),
        numbers=front.numbers(session, now),
    )


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Tell how the site looks as an application of its own."""
    settings = current_site().settings
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
        name=settings.site_name,
        short_name=settings.site_name[:SHORT_NAME],
        description=settings.site_claim,
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


@blueprint.get("/about", defaults={"name": "about"})
@blueprint.get("/about/<any(terms, privacy):name>")
def about(name: str) -> str:
    """Tell about the site: what badges are here, the terms of use, what is kept of people."""
    settings = current_site().settings
    text = site_texts.site_text(settings, name, languages.language())
    return render_template("pages/text.html", text=text, name=name)


def badge_html(slug: str) -> Response:
    """Return the page of a badge."""
    now, who = datetime.now(UTC), viewer()
    page = badge_pages.badge_page(db_session(), slug, now=now, viewer=who, after=_after())
    addresses = Addresses(current_site().settings.base_url)
    claim = addresses.base_url + f"/invitations/{page.invitation}"
    link = claim if page.invitation else addresses.badge(page.badge.slug)
    html = render_template(
        "badges/page.html",
        page=page,
        me=who.key,
        words=in_words(page.rule),
        chart=chart(page.months, now.date()),
        link=link,
        code=qr_code(link) if page.may_grant else "",
    )
    return make_response(html)


def issuer_html(slug: str) -> Response:
    """Return the page of an issuer."""
    page = browsing.issuer_page(db_session(), slug)
    return make_response(render_template("issuers/page.html", page=page))


def assertion_html(uuid: UUID, verification: Report | None = None) -> Response:
    """Return the share page of an assertion: 410, as its document, when it was revoked.

    ``verification`` is what a stranger finds about it just now.
    """
    page = browsing.assertion_page(db_session(), uuid)
    expired = page.award.is_expired(datetime.now(UTC))
    html = render_template(
        "assertions/page.html",
        page=page,
        expired=expired,
        verification=verification,
        linkedin=offers.linkedin(page),
        frame_code=offers.award_frame(page),
        picture_code=offers.picture_code(page),
    )
    response = make_response(html, 410 if page.award.is_revoked else 200)
    response.headers["Cache-Control"] = "no-cache"  # what it says of validity was found just now
    return response


def _after() -> str:
    return request.args.get("after", "")
