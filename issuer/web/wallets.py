# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges for wallets on a telephone: links and codes for their holder, the exchange for the wallet.

Wallets speak the exchange of the VC-API: they post to the address in a link, are asked to prove a
name of theirs, and get the credential. One of them sends its proof at once, as the link tells it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from issuer.adapters.codes import qr_code
from issuer.errors import InvalidInputError
from issuer.limits import limiter
from issuer.services import exporting, wallets
from issuer.site import current_site
from issuer.web.exporting import number_of, uuid_of, who
from issuer.web.settings.shown import changing
from openbadges.errors import MalformedError
from openbadges.ob3.presentations import present
from openbadges.serialization import loads_object

if TYPE_CHECKING:
    from flask import Flask

    from issuer.config import Settings

#: For the holder, and for the wallet.
blueprint = Blueprint("wallets", __name__, url_prefix="/my/badges")
exchange = Blueprint("exchange", __name__, url_prefix="/wallets")

LCW, LCW_APP = "https://lcw.app/request.html", "dccrequest://request"
LEARNCARD = "https://learncard.app/request"
OFFERS, EXCHANGES = "20 per minute", "60 per minute"
#: A presentation that proves a name has one kilobyte.
MAX_BYTES = 32 << 10
PREFLIGHT_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class Way:
    """How one kind of wallet is told of a badge."""

    name: str
    home: str
    link: str
    app: str = ""  # the same for the app alone, past any web page

    @property
    def code(self) -> str:
        """The link as a QR code."""
        return qr_code(self.link)


def init_wallets(app: Flask, settings: Settings) -> None:
    """Let people put their badges into wallets where they can log in."""
    if settings.oidc_issuer:
        app.extensions["csrf"].exempt(exchange)  # the secret in the address is the token
        app.register_blueprint(blueprint)
        app.register_blueprint(exchange)


@blueprint.post("/wallet")
@limiter.limit(OFFERS, key_func=who)
def offer() -> Response:
    """Show the links and codes by which a wallet fetches one badge; each time they are new."""
    site, now = current_site(), datetime.now(UTC)
    uuid, address = uuid_of(request.form.get("badge", "")), request.form.get("address", "")
    with changing() as (database, person):
        award_id = exporting.award_of(database, person, uuid)
        made = wallets.make(database, person, award_id, number_of(address), site.keys, now=now)
        name = made.offer.assertion.edition.badge.name
        lately = [
            (each.taken_at, each.taken_by) for each in wallets.lately(database, person, award_id)
        ]
    page = render_template(
        "my/wallet.html",
        name=name,
        uuid=uuid,
        address=address,
        minutes=int(wallets.LASTS.total_seconds() // 60),
        ways=ways(made.token, site.settings.base_url),
        lately=lately,
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@exchange.post("/<token>")
@limiter.limit(EXCHANGES, methods=["POST"])
def participate(token: str) -> Response:
    """Ask a wallet to prove a name of its own; answer the credential to one that does."""
    site, now = current_site(), datetime.now(UTC)
    presentation, is_wrapped = _read()
    if presentation is None:
        with site.database.reading() as database:
            wallets.find(database, token, now=now)
        return _json(_request_of(token, site.settings.base_url))
    with site.database.writing() as database:
        credential = wallets.take(
            database,
            token,
            presentation,
            site.keys,
            base_url=site.settings.base_url,
            now=now,
        )
    answer = present(credential)
    # Whoever sends one bare expects one bare.
    return _json({"verifiablePresentation": answer} if is_wrapped else answer)


@exchange.after_request
def _readable_from_anywhere(response: Response) -> Response:
    """Let wallets that are web pages in: they have the secret, and no cookie is read."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response


def ways(token: str, base_url: str) -> tuple[Way, ...]:
    """Return the links for the wallets that are known."""
    address = f"{base_url}/wallets/{token}"
    asked = urlencode(
        {
            "issuer": base_url,
            "auth_type": "bearer",
            "challenge": wallets.challenge(token),
            "vc_request_url": address,
        }
    )
    only = urlencode({"vc_request_url": address})
    return (
        Way(
            "Learner Credential Wallet", "https://lcw.app/", f"{LCW}?{asked}", f"{LCW_APP}?{asked}"
        ),
        Way("LearnCard", "https://www.learncard.com/", f"{LEARNCARD}?{only}"),
    )


def _read() -> tuple[dict[str, Any] | None, bool]:
    """Return the presentation that was sent, if any, and whether it was inside of something."""
    request.max_content_length = MAX_BYTES
    body = request.get_data()
    try:
        sent = loads_object(body) if body.strip() else {}
    except MalformedError as error:
        raise InvalidInputError("wallet: %(reason)s", reason=error) from error
    if "verifiablePresentation" in sent:
        inside = sent["verifiablePresentation"]
        if not isinstance(inside, dict):
            raise InvalidInputError("wallet: the presentation must be a JSON object")
        return inside, True
    return (sent, False) if "proof" in sent or "type" in sent else (None, False)


def _request_of(token: str, base_url: str) -> dict[str, Any]:
    """Return the request for a proof of a name (VP request specification, DIDAuthentication)."""
    service = {
        "type": "UnmediatedHttpPresentationService2021",
        "serviceEndpoint": f"{base_url}/wallets/{token}",
    }
    return {
        "verifiablePresentationRequest": {
            "query": [{"type": "DIDAuthentication"}],
            "challenge": wallets.challenge(token),
            "domain": base_url,
            "interact": {"service": [service]},
        }
    }


def _json(document: dict[str, Any]) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), content_type="application/json")
