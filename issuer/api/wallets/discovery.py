# SPDX-License-Identifier: AGPL-3.0-or-later
"""``GET /ims/ob/v3p0/discovery``: what there is, and where one gets a token (version 3.0, 6.3)."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from issuer.api.wallets.answers import answer, for_every_page
from issuer.services import apps
from issuer.site import current_site, live
from issuer.statusinfo import API

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("discovery", __name__, url_prefix=API)
blueprint.after_request(for_every_page)

CACHE = "public, max-age=300"
SCHEMAS = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_"
FAILED = {
    "default": {
        "description": "The request was refused, and why.",
        "content": {
            "application/json": {"schema": {"$ref": f"{SCHEMAS}imsx_statusinfo_schema.json"}}
        },
    }
}


@blueprint.get("/discovery")
def discover() -> Response:
    """Describe the API (ServiceDescriptionDocument)."""
    own = current_site().settings.base_url
    response = answer(
        {
            "openapi": "3.0.1",
            "info": {
                "title": live().site_name,
                "description": "Badges of this site, for wallets that their holders let in.",
                "version": version("fedora-accolades"),
                "termsOfService": f"{own}/about/terms",
                "x-imssf-privacyPolicyUrl": f"{own}/about/privacy",
                "x-imssf-image": f"{own}/logo.png",
            },
            "servers": [{"url": own + API}],
            "paths": _paths(),
            "components": {"securitySchemes": {"OAuth2ACG": _scheme(own, live().site_name)}},
        }
    )
    response.headers["Cache-Control"] = CACHE
    return response


def _scheme(own: str, name: str) -> dict[str, Any]:
    return {
        "type": "oauth2",
        "description": "OAuth 2.0 Authorization Code Grant authorization, with PKCE (S256)",
        "x-imssf-name": name,
        "x-imssf-privacyPolicyUrl": f"{own}/about/privacy",
        "x-imssf-termsOfServiceUrl": f"{own}/about/terms",
        "x-imssf-registrationUrl": f"{own}/oauth/register",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": f"{own}/oauth/authorize",
                "tokenUrl": f"{own}/oauth/token",
                "refreshUrl": f"{own}/oauth/token",
                "scopes": apps.SCOPES,
            }
        },
    }


def _paths() -> dict[str, Any]:
    credential, profile = "achievementcredential", "profile"
    listed = [
        _parameter("limit", "integer", "How many, at most 100."),
        _parameter("offset", "integer", "How many to pass over."),
        _parameter("since", "string", "Only what was awarded later.", format="date-time"),
        _parameter(
            "proof",
            "string",
            "In which form: with a proof inside, or as a compact JWS.",
            enum=["data-integrity", "jwt", "any"],
            default="data-integrity",
        ),
    ]
    return {
        "/credentials": {
            "get": {
                **_operation("getCredentials", apps.READ_BADGES, "getopenbadgecredentialsresponse"),
                "parameters": listed,
            },
            "post": {
                **_operation("upsertCredential", apps.WRITE_BADGES, credential),
                "description": "Takes what was awarded here, and refuses all else.",
                "requestBody": _body(credential, "text/plain"),
            },
        },
        "/profile": {
            "get": _operation("getProfile", apps.READ_PROFILE, profile),
            "put": {
                **_operation("putProfile", apps.WRITE_PROFILE, profile),
                "description": "Changes name, url and description.",
                "requestBody": _body(profile),
            },
        },
    }


def _operation(name: str, scope: str, schema: str) -> dict[str, Any]:
    found = {"application/json": {"schema": {"$ref": f"{SCHEMAS}{schema}_schema.json"}}}
    return {
        "operationId": name,
        "security": [{"OAuth2ACG": [scope]}],
        "responses": {"200": {"description": "Done.", "content": found}, **FAILED},
    }


def _body(schema: str, *others: str) -> dict[str, Any]:
    content: dict[str, Any] = {
        "application/json": {"schema": {"$ref": f"{SCHEMAS}{schema}_schema.json"}}
    }
    content |= {other: {"schema": {"type": "string"}} for other in others}
    return {"required": True, "content": content}


def _parameter(name: str, kind: str, text: str, **more: Any) -> dict[str, Any]:
    schema = {"type": kind, **more}
    return {"name": name, "in": "query", "description": text, "schema": schema}
