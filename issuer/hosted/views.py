# SPDX-License-Identifier: AGPL-3.0-or-later
"""The views of public documents and pictures; none needs a cookie or a login."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from issuer.errors import NotFoundError
from issuer.hosted import responses
from issuer.hosted.responses import LASTING, REVALIDATE, content, document
from issuer.models import KeyState
from issuer.services import (
    credentials,
    endorsement_lists,
    endorsements,
    publishing,
    renewals,
    revoking,
)
from issuer.site import current_site, db_session
from openbadges.vocabulary import JOSE, JSON, JSON_LD, PNG, SVG

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.wrappers import Response

    from issuer.models import Assertion, BadgeEdition

blueprint = Blueprint("hosted", __name__)
blueprint.after_request(responses.public)

#: What a credential is called; the first is what nobody refuses.
CREDENTIAL_TYPES = ("application/vc+ld+json", "application/vc", JSON_LD, JSON)
#: How long a revocation may take to reach those who ask often.
STATUS_CACHE = "public, max-age=60"
#: No name of something that can be endorsed is longer.
MAX_OF = 2000
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
    return _linked(document(found.document), f"/assertions/{uuid}/ob3", CREDENTIAL_TYPES[0])


@blueprint.get("/assertions/<uuid:uuid>.jws")
def signed_assertion(uuid: UUID) -> Response:
    """Signed form of an assertion (compact JWS)."""
    token = _signed(publishing.find_assertion(db_session(), uuid, publishing.WITH_KEY))
    return content(token.encode(), JOSE, filename=f"{uuid}.jws")


@blueprint.get("/assertions/<uuid:uuid>/image")
def baked_png(uuid: UUID) -> Response:
    """Picture of the badge with the signed assertion inside, as PNG."""
    text, found = _carried(uuid)
    png = current_site().objects.get(found.edition.png.sha256)
    return content(publishing.baked(png, text), PNG, filename=f"{found.edition.badge.slug}.png")


@blueprint.get("/assertions/<uuid:uuid>/image.svg")
def baked_svg(uuid: UUID) -> Response:
    """Picture of the badge with the signed assertion inside, as SVG where it is a drawing."""
    text, found = _carried(uuid)
    drawing = _drawing(found.edition)
    return _svg(publishing.baked(drawing, text), f"{found.edition.badge.slug}.svg")


@blueprint.get("/assertions/<uuid:uuid>/ob3")
@blueprint.get("/assertions/<uuid:uuid>/ob3.json")
def credential(uuid: UUID) -> Response:
    """Award as a credential of Open Badges 3.0, with a proof inside."""
    text = publishing.find_assertion(db_session(), uuid).ob3
    if text is None:
        with current_site().database.writing() as writer:
            text = credentials.proven(writer, uuid, current_site().keys, now=datetime.now(UTC))
    return _award(text, uuid)


@blueprint.get("/assertions/<uuid:uuid>/ob3/current")
def current_credential(uuid: UUID) -> Response:
    """Award as a credential that says what holds now, for whoever has an older one."""
    text = renewals.kept(db_session(), uuid, now=datetime.now(UTC))
    if text is None:
        with current_site().database.writing() as writer:
            text = renewals.current(writer, uuid, current_site().keys, now=datetime.now(UTC))
    return _award(text, uuid)


@blueprint.get("/assertions/<uuid:uuid>/ob3.jwt")
def credential_token(uuid: UUID) -> Response:
    """Award as a credential of Open Badges 3.0, as a signed token."""
    found = publishing.find_assertion(db_session(), uuid, publishing.WITH_KEY)
    text = found.ob3_jwt
    if text is None or found.key.state == KeyState.REVOKED:
        with current_site().database.writing() as writer:
            text = credentials.token(writer, uuid, current_site().keys, now=datetime.now(UTC))
    return content(text.encode(), "text/plain", cache=REVALIDATE, filename=f"{uuid}.jwt")


@blueprint.get("/endorsements")
def told_endorsements() -> Response:
    """Tell what is said in favour of the document that ``of`` names."""
    about = request.args.get("of", "")[:MAX_OF]
    told = endorsement_lists.told(db_session(), about)
    return content(json.dumps({"of": about, "endorsements": told}).encode(), JSON)


@blueprint.get("/endorsements/<uuid:uuid>")
def endorsement(uuid: UUID) -> Response:
    """Answer what an issuer of ours says of something, or its page; 410 once it is revoked."""
    if responses.wants_html() and (page := responses.html_view("endorsement")(uuid)):
        return page
    return endorsement_json(uuid)


@blueprint.get("/endorsements/<uuid:uuid>.json")
def endorsement_json(uuid: UUID) -> Response:
    """Answer an endorsement, whoever asks."""
    return document(endorsements.find_own(db_session(), uuid).document)


@blueprint.get("/endorsements/<uuid:uuid>.jws")
def signed_endorsement(uuid: UUID) -> Response:
    """Signed form of an endorsement (compact JWS)."""
    found, keys = endorsements.find_own(db_session(), uuid), current_site().keys
    if found.jws is None:
        with current_site().database.writing() as writer:
            token = endorsements.signed(writer, uuid, keys)
    else:
        token = endorsements.token(found, keys)
    return content(token.encode(), JOSE, filename=f"{uuid}.jws")


@blueprint.get("/endorsements/<uuid:uuid>/ob3")
def endorsement_credential(uuid: UUID) -> Response:
    """Endorsement as a credential of Open Badges 3.0, with a proof inside."""
    text = endorsements.find_own(db_session(), uuid).ob3
    if text is None:
        with current_site().database.writing() as writer:
            text = endorsements.proven(writer, uuid, current_site().keys, now=datetime.now(UTC))
    return _credential(text, f"{uuid}.ob3.json")


@blueprint.get("/status/<int(min=1, max=2147483647):number>")
def status(number: int) -> Response:
    """List of what was revoked, as a signed credential."""
    text = revoking.current(db_session(), number)
    if text is None:  # something was revoked since it was signed
        with current_site().database.writing() as writer:
            keys = current_site().keys
            text = credentials.status_list(writer, number, keys, now=datetime.now(UTC))
    return content(text.encode(), CREDENTIAL_TYPES[0], cache=STATUS_CACHE)


@blueprint.get("/issuers/<slug>/did.json")
def did(slug: str) -> Response:
    """Keys of an issuer, under its name as a did:web."""
    return _did(credentials.did_document(db_session(), slug))


@blueprint.get("/.well-known/did.json")
def own_did() -> Response:
    """Keys of the default issuer, under the name of the host."""
    settings = current_site().settings
    found = credentials.did_document(db_session(), settings.issuer_slug, settings.base_url)
    return _did(found)


@blueprint.errorhandler(publishing.RevokedError)
def revoked(error: publishing.RevokedError) -> Response:
    """Answer what was revoked: 410 with what is left of it (Open Badges 2.0, H6)."""
    return document(error.stub, status=410)


def _signed(found: Assertion) -> str:
    """Return the signed form and keep it: the first who asks pays for the signature."""
    if found.jws is None:
        with current_site().database.writing() as writer:
            return publishing.sign_once(writer, found.uuid, current_site().keys)
    return publishing.token(found, current_site().keys)


def _carried(uuid: UUID) -> tuple[str, Assertion]:
    """Return what a picture carries, and its assertion."""
    found = publishing.find_assertion(db_session(), uuid, *publishing.WITH_PICTURES)
    try:
        return _signed(found), found
    except publishing.WithdrawnKeyError:
        return publishing.carried(found, current_site().keys), found


def _award(text: str, uuid: UUID) -> Response:
    response = _credential(text, f"{uuid}.ob3.json")
    return _linked(response, f"/assertions/{uuid}.json", JSON_LD)


def _credential(text: str, filename: str) -> Response:
    accepted = request.accept_mimetypes.best_match(CREDENTIAL_TYPES, default=CREDENTIAL_TYPES[0])
    return content(text.encode(), accepted, cache=REVALIDATE, filename=filename)


def _linked(response: Response, path: str, media_type: str) -> Response:
    """Tell where the same award lies in the other version of the standard."""
    url = current_site().settings.base_url + path
    response.headers.add("Link", f'<{url}>; rel="related"; type="{media_type}"')
    return response


def _did(document: dict[str, Any]) -> Response:
    return content(json.dumps(document).encode(), "application/did+json")


def _drawing(edition: BadgeEdition) -> bytes:
    if edition.svg is None:
        raise NotFoundError(f"{request.path}: this badge is no drawing: take the PNG")
    return current_site().objects.get(edition.svg.sha256)


def _svg(body: bytes, filename: str) -> Response:
    response = content(body, SVG, filename=filename)
    response.headers["Content-Security-Policy"] = SVG_POLICY
    return response
