# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public pages: what there is, who has what, and what one badge means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, jsonify, make_response, render_template, request, url_for

from issuer.services import browsing
from issuer.site import current_site, db_session
from issuer.web import offers

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.wrappers import Response

    from openbadges.verification import Report

blueprint = Blueprint("pages", __name__)

#: As many as fill the rows of the home page.
LATEST = 6
NEWEST = 8
POPULAR = 7
#: Sides of the icons of the application, in pixels.
ICONS = (192, 512)
#: What a home screen has room for.
SHORT_NAME = 24


@blueprint.get("/")
def home() -> str:
    """Show what this is, and what happens."""
    session = db_session()
    return render_template(
        "pages/home.html",
        popular=browsing.popular_badges(session, POPULAR),
        latest=browsing.latest_awards(session, LATEST),
        newest=browsing.newest_badges(session, NEWEST),
        numbers=browsing.site_numbers(session),
    )


@blueprint.get("/explore")
def explore() -> str:
    """Show the tags, and the best known badges of each; a search shows what it finds."""
    if request.args.get("q") or request.args.get("tag"):
        return badges()
    session = db_session()
    tags = browsing.tags(session)
    return render_template("pages/explore.html", tags=tags, shelves=browsing.shelves(session, tags))


@blueprint.get("/badges")
def badges() -> str:
    """Show all badges, or those that a search finds."""
    session = db_session()
    query, tag = request.args.get("q", "").strip(), request.args.get("tag", "").strip()
    found = browsing.badges_list(session, query=query, tag=tag, after=_after())
    return render_template(
        "pages/badges.html", found=found, query=query, tag=tag, tags=browsing.tags(session)
    )


@blueprint.get("/tags/<path:name>")
def tag(name: str) -> str:
    """Show the badges of a tag."""
    session = db_session()
    found = browsing.badges_list(session, tag=name, after=_after())
    return render_template(
        "pages/badges.html", found=found, query="", tag=name, tags=browsing.tags(session)
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


@blueprint.get("/about")
def about() -> str:
    """Tell what badges are here, and how to take them elsewhere."""
    return render_template("pages/about.html")


@blueprint.get("/about/terms")
def terms() -> str:
    """Tell the terms of use."""
    return render_template("pages/terms.html")


@blueprint.get("/about/privacy")
def privacy() -> str:
    """Tell what is kept and shown of people."""
    return render_template("pages/privacy.html")


def badge_html(slug: str) -> Response:
    """Return the page of a badge."""
    page = browsing.badge_page(db_session(), slug, after=_after())
    return make_response(render_template("badges/page.html", page=page))


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
