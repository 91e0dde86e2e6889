# SPDX-License-Identifier: AGPL-3.0-or-later
"""``/ims/ob/v3p0/credentials``: the badges of whoever let an app in (version 3.0, 6.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.wrappers import Response

from issuer.api.wallets.answers import CALLS, for_every_page
from issuer.api.wallets.guarding import access_of, opened
from issuer.errors import ForbiddenError, GoneError, InvalidInputError
from issuer.limits import limiter
from issuer.services import apps, holdings
from issuer.site import current_site
from issuer.statusinfo import API, status_info
from openbadges.errors import MalformedError
from openbadges.serialization import MAX_BYTES, loads_object
from openbadges.signing import peek
from openbadges.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from issuer.services.exporting import Exported

blueprint = Blueprint("credentials", __name__, url_prefix=API)
blueprint.after_request(for_every_page)

PATH = f"{API}/credentials"
PAGE, MOST, FARTHEST = 50, 100, 1_000_000
PROOFS = {"data-integrity": (True, False), "jwt": (False, True), "any": (True, True)}
JSON_TYPES = ("application/json", "application/vc+ld+json", "application/vc", "application/ld+json")


class QueryError(Exception):
    """A parameter that cannot be read."""


@blueprint.errorhandler(QueryError)
def _no_query(error: QueryError) -> Response:
    return status_info(400, str(error), "invalid_query_parameter")


@blueprint.get("/credentials")
@limiter.limit(CALLS)
def get_credentials() -> Response:
    """Answer some of the badges; each stands there once, unless both forms are asked for."""
    token, site = opened(apps.READ_BADGES), current_site()
    limit = min(_number("limit", PAGE, least=1), MOST)
    offset, since = _number("offset", 0), _since()
    forms = PROOFS.get(request.args.get("proof", "data-integrity"))
    if forms is None:
        raise QueryError(f"proof: must be one of {', '.join(PROOFS)}")
    with site.database.writing() as database:
        found = holdings.page(
            database,
            access_of(database, token),
            site.keys,
            offset=offset,
            limit=limit,
            since=since,
            now=datetime.now(UTC),
        )
    response = Response(_body(found.badges, *forms), content_type="application/json")
    response.headers["X-Total-Count"] = str(found.total)
    response.headers["Link"] = _links(limit, offset, found.total)
    return response


@blueprint.post("/credentials")
@limiter.limit(CALLS)
def upsert_credential() -> Response:
    """Take a badge that was awarded here, and refuse any other, with the reason."""
    token, site = opened(apps.WRITE_BADGES), current_site()
    try:
        document, signed = _handed_in()
        with site.database.reading() as database:
            person = access_of(database, token).person
            text = holdings.known(database, person, site.settings.base_url, document, signed)
    except ForbiddenError as error:
        return status_info(403, str(error))
    except GoneError as error:
        return status_info(404, str(error))
    except (InvalidInputError, MalformedError) as error:
        return status_info(400, str(error))
    return Response(text, content_type="text/plain" if signed else "application/json")


def _handed_in() -> tuple[dict[str, object], str]:
    """Return what a request hands in, and its text where it is a token."""
    body = request.get_data(cache=False)
    if len(body) > MAX_BYTES:
        raise MalformedError(f"the body is larger than {MAX_BYTES} bytes")
    if request.mimetype == "text/plain":
        signed = body.decode("ascii", "replace").strip()
        return loads_object(peek(signed)[1]), signed
    if request.mimetype not in JSON_TYPES:
        raise UnsupportedMediaType("send application/json, or a compact JWS as text/plain")
    return loads_object(body), ""


def _body(badges: Sequence[Exported], proofs: bool, tokens: bool) -> str:
    """Return the answer; credentials stand in it letter for letter as they are kept."""
    parts = []
    if proofs:
        parts.append(f'"credential":[{",".join(each.proof for each in badges if each.proof)}]')
    if tokens:  # of the letters of a token none needs to be escaped
        listed = ",".join(f'"{each.token}"' for each in badges if each.token)
        parts.append(f'"compactJwsString":[{listed}]')
    return f"{{{','.join(parts)}}}"


def _links(limit: int, offset: int, total: int) -> str:
    """Return where the other pages are; the first and the last one always (version 3.0, 6.4)."""
    last = max(0, (total - 1) // limit * limit)
    places = {"first": 0, "last": last}
    if offset + limit < total:
        places["next"] = offset + limit
    if offset > 0:
        places["prev"] = max(0, offset - limit)
    kept = {name: request.args[name] for name in ("since", "proof") if name in request.args}
    base = current_site().settings.base_url + PATH
    return ", ".join(
        f'<{base}?{urlencode({**kept, "limit": limit, "offset": place})}>; rel="{name}"'
        for name, place in places.items()
    )


def _number(name: str, default: int, *, least: int = 0) -> int:
    text = request.args.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < least:
        raise QueryError(f"{name}: must be a whole number from {least} on")
    return min(int(text), FARTHEST)


def _since() -> datetime | None:
    text = request.args.get("since", "")
    if not text:
        return None
    try:
        return parse_time(text.replace(" ", "+"))  # a plus that nobody escaped
    except MalformedError as error:
        raise QueryError(f"since: must be a time like 2026-01-31T12:00:00Z: {error}") from error
