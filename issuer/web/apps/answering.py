# SPDX-License-Identifier: AGPL-3.0-or-later
"""What apps ask without a person: to be known, for tokens, and for the end of a token."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Error
from flask import Blueprint, g, request
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from issuer.limits import limiter, seconds_left
from issuer.services import apps
from issuer.site import current_site
from issuer.tongues import LANGUAGES
from issuer.web.apps import registering
from issuer.web.apps.registering import RegistrationError
from issuer.web.apps.server import CODE, METHODS, REFRESH, SESSION, Server, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

blueprint = Blueprint("oauth", __name__)
server = Server()

AUTHORIZE, TOKEN, REVOKE, REGISTER = (
    f"/oauth/{name}" for name in ("authorize", "token", "revoke", "register")
)
METADATA = "/.well-known/oauth-authorization-server"
#: How often one caller may; a service has all its people's tokens renewed from one address.
REGISTRATIONS, TOKENS = "20 per hour", "300 per minute"
METADATA_CACHE = "public, max-age=300"
MAX_FORM = 16 * 1024


@blueprint.get(METADATA)
def metadata() -> Response:
    """Tell where everything is (RFC 8414)."""
    own = current_site().settings.base_url
    response = _json(
        {
            "issuer": own,
            "authorization_endpoint": own + AUTHORIZE,
            "token_endpoint": own + TOKEN,
            "registration_endpoint": own + REGISTER,
            "revocation_endpoint": own + REVOKE,
            "scopes_supported": list(apps.SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": [CODE, REFRESH],
            "token_endpoint_auth_methods_supported": METHODS,
            "revocation_endpoint_auth_methods_supported": METHODS,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "ui_locales_supported": list(LANGUAGES),
            "op_policy_uri": f"{own}/about/privacy",
            "op_tos_uri": f"{own}/about/terms",
        }
    )
    response.headers["Cache-Control"] = METADATA_CACHE
    return response


@blueprint.post(REGISTER)
@limiter.limit(REGISTRATIONS)
def register() -> Response:
    """Make an app known (RFC 7591)."""
    now = datetime.now(UTC)
    try:
        said = registering.read(request.get_data(cache=False))
    except RegistrationError as error:
        return _json({"error": error.code, "error_description": str(error)}, status=400)
    with current_site().database.writing() as database:
        app, secret = apps.register(database, said, now=now)
        client_id = app.client_id
    made: dict[str, Any] = {"client_id": client_id, "client_id_issued_at": int(now.timestamp())}
    if secret:
        made |= {"client_secret": secret, "client_secret_expires_at": 0}
    return _json({**made, **registering.answer(said)}, status=201)


@blueprint.post(TOKEN)
@limiter.limit(TOKENS)
def token() -> Response:
    """Give tokens for a code, or for a refresh token."""
    return _asked(server.create_token_response)


@blueprint.post(REVOKE)
@limiter.limit(TOKENS)
def revoke() -> Response:
    """End a token (RFC 7009)."""
    return _asked(lambda: server.create_endpoint_response("revocation"))


def _asked(answer: Callable[[], Response]) -> Response:
    """Answer a request of an app; what a refusal ended stays ended."""
    if (request.content_length or 0) > MAX_FORM:
        return _refused(InvalidRequestError("The body is larger than any such request."))
    if request.args or repeated(list(request.form.items(multi=True))):
        return _refused(InvalidRequestError("Each parameter comes once, and in the body."))
    with current_site().database.writing() as database:
        setattr(g, SESSION, database)
        try:
            return answer()
        except UnicodeDecodeError:  # of the header, where Authlib looks for a name and a secret
            return _refused(InvalidClientError(status_code=401))


def _refused(error: OAuth2Error) -> Response:
    status, body, headers = error()
    response = _json(body, status=status)
    response.headers.update(headers)
    return response


def _json(body: dict[str, Any], *, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")


@blueprint.errorhandler(TooManyRequests)
def _too_often(_error: TooManyRequests) -> Response:
    text = "too many requests: come back later"
    response = _json(
        {"error": "temporarily_unavailable", "error_description": text},
        status=HTTPStatus.TOO_MANY_REQUESTS,
    )
    response.headers["Retry-After"] = str(seconds_left() or 60)
    return response


@blueprint.after_request
def _for_every_page(response: Response) -> Response:
    """Let pages of others ask too: no cookie is read here. Nobody keeps what holds a secret."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "GET, POST"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    response.headers["Access-Control-Expose-Headers"] = "Retry-After, WWW-Authenticate"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
