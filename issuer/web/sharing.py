# SPDX-License-Identifier: AGPL-3.0-or-later
"""What other sites show of an award: a wide picture, a card in a frame, a drawing, oEmbed."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import UUID

from flask import Blueprint, current_app, jsonify, make_response, request
from werkzeug.exceptions import NotImplemented as NotImplementedHere

from issuer.adapters.pictures import redraw
from issuer.adapters.posters import CARDS, paint
from issuer.errors import NotFoundError
from issuer.services import browsing, publishing
from issuer.services.verifying import own_parts
from issuer.site import current_site, db_session
from issuer.web import offers, wording
from issuer.web.files import PNG, REVALIDATE, SVG, picture

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from issuer.adapters.posters import Poster
    from issuer.services.cards import AssertionPage

blueprint = Blueprint("sharing", __name__)

BADGE_CARDS = "badge-cards"
#: Awards have no end: of the pictures of so many at most, some 60 kB each, the oldest go.
MOST_CARDS = 20_480
#: The recipe of a kept picture stands before it.
RECIPE_LENGTH = 64
#: This card alone may stand in the frame of another site; it holds no form and knows nobody.
FRAMED = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors *"
)
DRAWN = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
SHORT = "public, max-age=300"
SMALL = 192
ASSERTION = re.compile(r"/assertions/(?P<uuid>[0-9a-fA-F-]{36})(\.json|/embed(\.svg)?)?")
BADGE = re.compile(r"/badges/(?P<slug>[a-z0-9-]{1,200})")


@blueprint.get("/assertions/<uuid:uuid>/card.png")
def assertion_card(uuid: UUID) -> Response:
    """Picture of an award for the cards of other sites, 1200 by 630 pixels."""
    page = browsing.assertion_page(db_session(), uuid)
    poster = wording.poster_of_award(page, datetime.now(UTC))
    return _painted(CARDS, uuid.hex, poster, page.picture, most=MOST_CARDS)


@blueprint.get("/badges/<slug>/card.png")
def badge_card(slug: str) -> Response:
    """Picture of a badge for the cards of other sites, 1200 by 630 pixels."""
    edition = publishing.newest_edition(db_session(), slug)
    poster = wording.poster_of_badge(edition.badge)
    return _painted(BADGE_CARDS, f"badge-{edition.badge_id}", poster, edition.png.sha256)


@blueprint.get("/assertions/<uuid:uuid>/embed")
def embed(uuid: UUID) -> Response:
    """Show an award as a small card, for a frame in any page."""
    page = browsing.assertion_page(db_session(), uuid)
    response = _unseen("assertions/embed.html", page, theme=request.args.get("theme", ""))
    response.headers["Content-Security-Policy"] = FRAMED
    response.headers["Cache-Control"] = SHORT
    return response


@blueprint.get("/assertions/<uuid:uuid>/embed.svg")
def embed_drawing(uuid: UUID) -> Response:
    """Show an award as a drawing that holds all it needs, for ``<img>`` in any page."""
    page = browsing.assertion_page(db_session(), uuid)
    art = redraw(current_site().objects.get(page.picture), "picture of the badge", SMALL)
    text = _unseen("assertions/embed.svg", page, art=base64.b64encode(art).decode())
    response = picture(text.data, f"{SVG}; charset=utf-8", cache=SHORT)
    response.headers["Content-Security-Policy"] = DRAWN
    return response


@blueprint.get("/oembed")
def oembed() -> Response:
    """Tell how to show one of our pages inside another (oEmbed 1.0), as JSON or XML."""
    form = request.args.get("format") or "json"
    if form not in {"json", "xml"}:
        raise NotImplementedHere(f"oEmbed: format {form!r:.20} is not spoken here: json or xml is")
    answer = _offered(request.args.get("url", ""), offers.Room.of(request.args))
    response = jsonify(answer) if form == "json" else make_response(offers.xml(answer))
    if form == "xml":
        response.content_type = "text/xml; charset=utf-8"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = SHORT
    return response


def _offered(url: str, room: offers.Room) -> dict[str, object]:
    parts = own_parts(url, current_site().settings.base_url)
    path = unquote(parts.path) if parts else ""
    if found := ASSERTION.fullmatch(path):
        try:
            uuid = UUID(found["uuid"])
        except ValueError:
            raise NotFoundError(f"oEmbed: {url!r:.200} is no award") from None
        return offers.of_award(browsing.assertion_page(db_session(), uuid), room)
    if found := BADGE.fullmatch(path):
        return offers.of_badge(publishing.newest_edition(db_session(), found["slug"]).badge, room)
    raise NotFoundError(f"oEmbed: {url!r:.200} is no award and no badge of this site")


def _unseen(template: str, page: AssertionPage, **values: object) -> Response:
    """Draw a template without looking at who asks: no session is opened, no cookie read."""
    now = datetime.now(UTC)
    text = current_app.jinja_env.get_template(template).render(
        page=page, expired=page.told.is_expired(now), **values
    )
    return make_response(text)


def _painted(kind: str, name: str, poster: Poster, art: str, *, most: int = 0) -> Response:
    """Answer a poster: from the caller's cache, from ours, or painted now and kept."""
    objects, recipe = current_site().objects, poster.recipe(art)
    etag = recipe[:32]
    if request.if_none_match.contains(etag):
        return picture(b"", PNG, cache=REVALIDATE, etag=etag)
    kept = objects.get_made(kind, name)
    if kept is not None and kept.content[:RECIPE_LENGTH] == recipe.encode():
        body = kept.content[RECIPE_LENGTH:]
    else:
        body = paint(poster, objects.get(art))
        objects.put_made(kind, name, recipe.encode() + body, most=most)
    return picture(body, PNG, cache=REVALIDATE, etag=etag)
