# SPDX-License-Identifier: AGPL-3.0-or-later
"""The interface for programs, described: an OpenAPI 3.1 document made of the code, and its page."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from http import HTTPStatus
from importlib import metadata
from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template
from pydantic.json_schema import models_json_schema
from werkzeug.wrappers import Response

from issuer.access import PUBLIC, needs
from issuer.api import answers, bodies, programs
from issuer.api.programs import JSON, OPERATIONS
from issuer.problems import MEDIA_TYPE
from issuer.services import api_tokens
from issuer.services.permissions import Scope
from issuer.site import current_site
from openbadges.verification import report_schema

if TYPE_CHECKING:
    from pydantic import BaseModel

    from issuer.api.programs import Operation

blueprint = Blueprint("describing", __name__, url_prefix="/api")

BASE = programs.blueprint.url_prefix or ""
VERSION = "3.1.0"
REF = "#/components/schemas/{model}"
PART = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
KINDS = {
    "int": {"type": "integer", "minimum": 1},
    "uuid": {"type": "string", "format": "uuid"},
    "": {"type": "string"},
}
ABOUT = """\
For programs of members. Make a token in your settings and send it in the header, as \
“Authorization: Bearer acc_…”; cookies count for nothing here. A token speaks for its person, and \
for nothing but its scopes and the grants that the person holds. Errors are problem details \
(RFC 9457)."""
ONCE = """\
A key of your choice (up to 200 visible ASCII characters) that makes the request count once: for a \
day the same request with the same key is answered again, with `Idempotent-Replayed: true`, and \
nothing is done a second time."""


@blueprint.get("/v1/openapi.json")
@needs(PUBLIC)
def openapi() -> Response:
    """Return the description of all addresses, for programs that make programs."""
    response = Response(json.dumps(document(current_site().settings.base_url)), content_type=JSON)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.get("/docs")
@needs(PUBLIC)
def docs() -> str:
    """Show the same to people."""
    described = document(current_site().settings.base_url)
    return render_template("api/docs.html", described=described, schemas=_schemas_of(described))


@lru_cache(maxsize=4)
def document(base_url: str) -> dict[str, Any]:
    """Return the OpenAPI document of a site."""
    models = sorted(_models(), key=lambda model: model.__name__)
    _, found = models_json_schema(
        [(model, "serialization" if _is_answer(model) else "validation") for model in models],
        ref_template=REF,
    )
    schemas = {**found["$defs"], "Report": _report()}
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        path = BASE + PART.sub(r"{\2}", each.path)
        paths.setdefault(path, {})[each.method.lower()] = _described(each)
    paths[f"{BASE}/verify"] = {"post": _verify()}
    return {
        "openapi": VERSION,
        "info": {
            "title": "Accolades",
            "version": metadata.version("fedora-accolades"),
            "description": ABOUT,
        },
        "servers": [{"url": base_url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": api_tokens.FORM.pattern,
                }
            },
            "schemas": schemas,
        },
    }


def _models() -> set[type[BaseModel]]:
    used: set[type[BaseModel]] = {answers.Problem}
    for each in OPERATIONS:
        used.update(filter(None, [each.takes]))
        used.update(model for model in each.answers.values() if isinstance(model, type))
    return used


def _is_answer(model: type[BaseModel]) -> bool:
    return model.__module__ == answers.__name__


def _described(operation: Operation) -> dict[str, Any]:
    scope = [operation.needs] if operation.needs in set(Scope) else []
    needed = f"Needs a token of the scope `{scope[0]}`." if scope else "Needs any token."
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"{operation.details} {needed}".strip(),
        "security": [{"token": scope}],
        "parameters": [*_in_path(operation), *_in_query(operation), *_in_header(operation)],
        "responses": {
            **{str(status): _answered(status, kind) for status, kind in operation.answers.items()},
            **{str(status): _problem(status) for status in operation.problems},
        },
    }
    if operation.takes is not None:
        schema = {"$ref": REF.format(model=operation.takes.__name__)}
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return described


def _in_path(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": KINDS[kind]}
        for kind, name in PART.findall(operation.path)
    ]


def _in_query(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "description": each.what, "schema": dict(each.schema)}
        for name, each in operation.arguments.items()
    ]


def _in_header(operation: Operation) -> list[dict[str, Any]]:
    if not operation.counts_once:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return [{"name": bodies.HEADER, "in": "header", "description": ONCE, "schema": schema}]


def _answered(status: int, kind: type[BaseModel] | str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if isinstance(kind, str):
        told["content"] = {kind: {"schema": {"type": "string", "format": "binary"}}}
    elif kind is not None:
        told["description"] = " ".join((kind.__doc__ or "").split())
        told["content"] = {JSON: {"schema": {"$ref": REF.format(model=kind.__name__)}}}
    return told


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": REF.format(model=answers.Problem.__name__)}
    told: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
    headers = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
    if status in headers:
        told["headers"] = {headers[status]: {"schema": {"type": "string"}}}
    return told


def _report() -> dict[str, Any]:
    """Return the schema of reports as a part of this document: what it refers to moved with it."""
    text = json.dumps(report_schema()).replace('"#/$defs/', f'"{REF.format(model="Report")}/$defs/')
    schema: dict[str, Any] = json.loads(text)
    return {name: part for name, part in schema.items() if name not in {"$id", "$schema"}}


def _verify() -> dict[str, Any]:
    """Describe the verifier, which anybody may ask."""
    return {
        "operationId": "verify_badge",
        "summary": "Tell whether a badge is true.",
        "description": "200 whatever the verdict. Needs no token.",
        "security": [],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {
                        "type": "object",
                        "required": ["source"],
                        "additionalProperties": False,
                        "properties": {
                            "source": {"type": ["string", "object"], "minLength": 1},
                            "recipients": {
                                "type": "array",
                                "maxItems": 20,
                                "items": {"type": "string", "minLength": 1, "maxLength": 500},
                            },
                        },
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "The report.",
                "content": {JSON: {"schema": {"$ref": REF.format(model="Report")}}},
            },
            **{str(status): _problem(status) for status in (400, 413, 415, 422, 429, 503)},
        },
    }


def _schemas_of(described: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas that a page shows: of the report its reference tells."""
    schemas = described["components"]["schemas"]
    return {name: schema for name, schema in schemas.items() if name != "Report"}
