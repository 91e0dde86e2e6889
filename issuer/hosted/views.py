# SPDX-License-Identifier: AGPL-3.0-or-later
"""The views of public documents and pictures; none needs a cookie or a login."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint, request

from issuer.errors import NotFoundError
from issuer.hosted import responses
from issuer.hosted.responses import LASTING, content, document
from issuer.services import publishing
from issuer.site import current_site, db_session
from openbadges.vocabulary import JOSE, PNG, SVG

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.wrappers import Response

    from issuer.models import BadgeEdition

blueprint = Blueprint("hosted", __name__)
blueprint.after_request(responses.public)

#: An SVG opened by itself is a document: nothing in it may run or load.
SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@blueprint.get("/issuers/<slug>")
def issuer(slug: str) -> Response:
    """Profile of an issuer: the first epoch, or its page."""
    if responses.wants_html() and (page := responses.html_view("issuer")(slug)):
        return page
    return document(publishing.profile(db_session(), slug), cache=LASTING)


@blueprint.get("/issuers/<slug>.json")
def issuer_json(slug: str) -> Response:
    """Profile of an issuer, whoever asks."""
    return document(publishing.profile(db_session(), slug), cache=LASTING)


@blueprint.get("/issuers/<slug>/epochs/<int(min=1, max=2147483647):number>")
def epoch(slug: str, number: int) -> Response:
    """Profile of a later key epoch."""
    return document(publishing.profile(db_session(), slug, number), cache=LASTING)


@blueprint.get("/issuers/<slug>/image")
def issuer_image(slug: str) -> Response:
    """Picture of an issuer."""
    image = publishing.issuer_image(db_session(), slug)
    body = current_site().objects.get(image.sha256)
    return _svg(body, f"{slug}.svg") if image.media_type == SVG else content(body, PNG)


@blueprint.get("/issuers/<slug>/revocations")
def revocations(slug: str) -> Response:
    """RevocationList of an issuer."""
    return document(publishing.revocations(db_session(), slug))


@blueprint.get("/keys/<kid>")
def key(kid: str) -> Response:
    """CryptographicKey."""
    return document(publishing.key(db_session(), kid), cache=LASTING)


@blueprint.get("/keys/<kid>.jwk")
def jwk(kid: str) -> Response:
    """Public key as one bare JWK."""
    body = json.dumps(publishing.jwk(db_session(), kid)).encode()
    return content(body, "application/jwk+json", cache=LASTING)


@blueprint.get("/.well-known/jwks.json")
def jwks() -> Response:
    """All public keys."""
    body = json.dumps({"keys": publishing.jwks(db_session())}).encode()
    return content(body, "application/jwk-set+json")


@blueprint.get("/badges/<slug>")
def badge(slug: str) -> Response:
    """BadgeClass: the first edition, or the page of the newest."""
    if responses.wants_html() and (page := responses.html_view("badge")(slug)):
        return page
    return document(publishing.badge_class(db_session(), slug))


@blueprint.get("/badges/<slug>.json")
def badge_json(slug: str) -> Response:
    """BadgeClass, whoever asks."""
    return document(publishing.badge_class(db_session(), slug))


@blueprint.get("/badges/<slug>/editions/<int(min=1, max=2147483647):number>")
def edition(slug: str, number: int) -> Response:
    """BadgeClass of a later edition."""
    return document(publishing.badge_class(db_session(), slug, number), cache=LASTING)


@blueprint.get("/badges/<slug>/image")
@blueprint.get("/badges/<slug>/editions/<int(min=1, max=2147483647):number>/image")
def badge_image(slug: str, number: int = 1) -> Response:
    """Picture of a badge edition, as PNG."""
    found = publishing.find_edition(db_session(), slug, number)
    return content(current_site().objects.get(found.png.sha256), PNG, filename=f"{slug}.png")


@blueprint.get("/badges/<slug>/image.svg")
@blueprint.get("/badges/<slug>/editions/<int(min=1, max=2147483647):number>/image.svg")
def badge_drawing(slug: str, number: int = 1) -> Response:
    """Picture of a badge edition, as SVG where it is a drawing."""
    return _svg(_drawing(publishing.find_edition(db_session(), slug, number)), f"{slug}.svg")


@blueprint.get("/assertions/<uuid:uuid>")
def assertion(uuid: UUID) -> Response:
    """Answer an assertion, or its share page; 410 once it is revoked."""
    if responses.wants_html() and (page := responses.html_view("assertion")(uuid)):
        return page
    return assertion_json(uuid)


@blueprint.get("/assertions/<uuid:uuid>.json")
def assertion_json(uuid: UUID) -> Response:
    """Answer an assertion, whoever asks."""
    found = publishing.find_assertion(db_session(), uuid)
    return document(found.document)


@blueprint.get("/assertions/<uuid:uuid>.jws")
def signed_assertion(uuid: UUID) -> Response:
    """Signed form of an assertion (compact JWS)."""
    return content(_signed(uuid).encode(), JOSE, filename=f"{uuid}.jws")


@blueprint.get("/assertions/<uuid:uuid>/image")
def baked_png(uuid: UUID) -> Response:
    """Picture of the badge with the signed assertion inside, as PNG."""
    token = _signed(uuid)
    found = publishing.find_assertion(db_session(), uuid)
    png = current_site().objects.get(found.edition.png.sha256)
    return content(publishing.baked(png, token), PNG, filename=f"{found.edition.badge.slug}.png")


@blueprint.get("/assertions/<uuid:uuid>/image.svg")
def baked_svg(uuid: UUID) -> Response:
    """Picture of the badge with the signed assertion inside, as SVG where it is a drawing."""
    token = _signed(uuid)
    found = publishing.find_assertion(db_session(), uuid)
    drawing = _drawing(found.edition)
    return _svg(publishing.baked(drawing, token), f"{found.edition.badge.slug}.svg")


@blueprint.errorhandler(publishing.RevokedError)
def revoked(error: publishing.RevokedError) -> Response:
    """Answer a revoked assertion: 410 with the stub (Open Badges 2.0, H6)."""
    return document(error.stub, status=410)


def _signed(uuid: UUID) -> str:
    """Return the signed form and keep it: the first who asks pays for the signature."""
    session = db_session()
    found = publishing.find_assertion(session, uuid)
    if found.jws is None:
        with current_site().database.writing() as writer:
            return publishing.sign_once(writer, uuid, current_site().keys)
    return found.jws


def _drawing(edition: BadgeEdition) -> bytes:
    if edition.svg is None:
        raise NotFoundError(f"{request.path}: this badge is no drawing: take the PNG")
    return current_site().objects.get(edition.svg.sha256)


def _svg(body: bytes, filename: str) -> Response:
    response = content(body, SVG, filename=filename)
    response.headers["Content-Security-Policy"] = SVG_POLICY
    return response
