# SPDX-License-Identifier: AGPL-3.0-or-later
"""Feeds of the site, and what search engines read: the site map and what they may visit."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from flask import Blueprint, request, url_for

from issuer.addresses import Addresses
from issuer.errors import NotFoundError
from issuer.services import feeds
from issuer.site import current_site, db_session, live
from issuer.web.answers import public
from issuer.web.atom import Feed, award_entry, badge_entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Response

blueprint = Blueprint("feeds", __name__)

SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: The pages that are always there.
PAGES = (
    "/",
    "/explore",
    "/series",
    "/tags",
    "/leaderboard",
    "/report",
    "/verify",
    "/about",
    "/about/terms",
    "/about/privacy",
)
#: Those that admins can switch off.
RANKED = ("/leaderboard", "/report")
#: What costs us much, or is nobody's business but the person's.
NOT_VISITED = ("/admin/", "/api/", "/diff", "/login", "/settings")


@blueprint.get("/feeds/awards.atom")
def awards() -> Response:
    """Answer the newest awards of all."""
    listing = feeds.all_awards(db_session(), request.args.get("after", ""))
    addresses = _addresses()
    return Feed(
        title="Badges just earned",
        page=f"{addresses.base_url}/",
        own=addresses.base_url + url_for("feeds.awards"),
        after=listing.after,
        entries=[award_entry(card, addresses) for card in listing.items],
    ).answer()


@blueprint.get("/badges/<slug>/feed.atom")
def badge(slug: str) -> Response:
    """Answer the newest awards of a badge."""
    name, listing = feeds.awards_of_badge(db_session(), slug, request.args.get("after", ""))
    addresses = _addresses()
    return Feed(
        title=name,
        page=addresses.badge(slug),
        own=addresses.base_url + url_for("feeds.badge", slug=slug),
        after=listing.after,
        entries=[award_entry(card, addresses) for card in listing.items],
    ).answer()


@blueprint.get("/feeds/badges.atom")
def badges() -> Response:
    """Answer the newest badges."""
    addresses = _addresses()
    return Feed(
        title="New badges",
        page=f"{addresses.base_url}/explore",
        own=addresses.base_url + url_for("feeds.badges"),
        entries=[badge_entry(made, addresses) for made in feeds.new_badges(db_session())],
    ).answer()


@blueprint.get("/sitemap.xml")
def site_map() -> Response:
    """Answer the index of the site map."""
    size, base = feeds.map_size(db_session()), current_site().settings.base_url
    kinds = (("pages", 1), ("badges", size.badges), ("people", size.people))
    places = (
        base + url_for("feeds.site_map_part", kind=kind, page=page)
        for kind, pages in kinds
        for page in range(1, pages + 1)
    )
    rows = "".join(f"<sitemap><loc>{escape(place)}</loc></sitemap>\n" for place in places)
    return _xml(f'<sitemapindex xmlns="{SCHEMA}">\n{rows}</sitemapindex>\n')


@blueprint.get("/sitemaps/<any(pages, badges, people):kind>-<int(min=1, max=400000):page>.xml")
def site_map_part(kind: str, page: int) -> Response:
    """Answer a page of the site map; 404 behind the last."""
    session, addresses = db_session(), _addresses()
    size = feeds.map_size(session)
    last = {"pages": 1, "badges": size.badges, "people": size.people}[kind]
    if page > last:
        raise NotFoundError(f"site map {kind} {page}: there are {last} pages")
    if kind == "people":
        names = feeds.mapped_people(session, page)
        return _places((addresses.person(name), "") for name in names)
    if kind == "badges":
        made = feeds.mapped_badges(session, page)
        return _places((addresses.badge(slug), f"{day:%Y-%m-%d}") for slug, day in made)
    shown = (path for path in PAGES if live().leaderboard or path not in RANKED)
    return _places((addresses.base_url + path, "") for path in shown)


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Tell search engines what they may visit."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_VISITED), "Allow: /"]
    lines += ["", f"Sitemap: {current_site().settings.base_url}{url_for('feeds.site_map')}", ""]
    return public("\n".join(lines), "text/plain")


def _places(places: Iterable[tuple[str, str]]) -> Response:
    # The schema wants one address at least, and of those people nobody may be shown.
    places = list(places) or [(current_site().settings.base_url + "/", "")]
    rows = "".join(
        f"<url><loc>{escape(place)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>\n"
        for place, day in places
    )
    return _xml(f'<urlset xmlns="{SCHEMA}">\n{rows}</urlset>\n')


def _xml(body: str) -> Response:
    return public(f'<?xml version="1.0" encoding="utf-8"?>\n{body}', "application/xml")


def _addresses() -> Addresses:
    return Addresses(current_site().settings.base_url)
