# SPDX-License-Identifier: AGPL-3.0-or-later
"""Judges answers for programs by the OpenAPI document of the site."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from issuer.api.describing import document
from tests.issuing import BASE_URL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.test import TestResponse

DOCUMENT = "urn:openapi"


def check(method: str, path: str, answer: TestResponse) -> str:
    """Raise unless an answer is as described; return the id of its operation, '' for none."""
    operation = operation_of(method, path)
    if operation is None:
        return ""
    told = operation["responses"].get(str(answer.status_code))
    assert told is not None, f"{method} {path}: {answer.status_code} is not described"
    content = told.get("content", {})
    assert set(told.get("headers", {})) <= set(answer.headers.keys())
    if not content:
        assert answer.data == b""
    else:
        assert answer.mimetype in content, f"{method} {path}: {answer.mimetype}"
        if answer.is_json:
            validate(content[answer.mimetype]["schema"], answer.get_json())
    return str(operation["operationId"])


def check_body(method: str, path: str, body: object) -> None:
    """Raise unless a body is as described."""
    operation = operation_of(method, path)
    assert operation is not None
    validate(operation["requestBody"]["content"]["application/json"]["schema"], body)


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """Return what is said of an address, or nothing where it is not described."""
    for template, methods in described()["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path.partition("?")[0]):
            found: dict[str, Any] | None = methods.get(method.lower())
            return found
    return None


def described() -> dict[str, Any]:
    """Return the document of the site of the tests."""
    return document(BASE_URL)


def validate(schema: Mapping[str, Any], value: object) -> None:
    """Raise unless a value fits a schema of the document."""
    schema = {
        name: f"{DOCUMENT}{each}" if name == "$ref" else each for name, each in schema.items()
    }
    Draft202012Validator(
        schema, registry=_registry(), format_checker=Draft202012Validator.FORMAT_CHECKER
    ).validate(value)


@cache
def _registry() -> Registry[Any]:
    resource = DRAFT202012.create_resource(described())
    return Registry().with_resource(DOCUMENT, resource)
