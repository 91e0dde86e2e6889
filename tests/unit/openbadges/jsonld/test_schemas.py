# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from openbadges.errors import MalformedError, UnsupportedError
from openbadges.jsonld.schemas import MAX_INSTANCE, MAX_SCHEMA, check_schema, size

DRAFT = "http://json-schema.org/draft-04/schema#"
CHAIN = "abcdefghijklmnopqrs"
EXPONENTIAL = {
    "$ref": "#/definitions/a",
    "definitions": {
        here: {"allOf": [{"$ref": f"#/definitions/{after}"}] * 2}
        for here, after in zip(CHAIN, CHAIN[1:] + "t", strict=True)
    }
    | {"t": {}},
}


def check(instance: object, schema: object, *, trusted: bool = False) -> None:
    check_schema(instance, schema, trusted=trusted, where="extension x:y")


@pytest.mark.parametrize(
    ("instance", "schema"),
    [
        pytest.param({"a": 1}, {"$schema": DRAFT, "required": ["a"]}, id="required"),
        pytest.param(
            {"a": "x"},
            {
                "properties": {"a": {"$ref": "#/definitions/t~1~0"}},
                "definitions": {"t/~": {"type": "string"}},
            },
            id="reference",
        ),
        pytest.param({}, True, id="anything"),
        pytest.param(
            {"a": "https://x.example/"}, {"properties": {"a": {"format": "uri"}}}, id="uri"
        ),
        pytest.param({"a": 7}, {"properties": {"a": {"format": "uri"}}}, id="uri-number"),
        pytest.param(
            {"a": "2020-01-01T00:00:00Z"}, {"properties": {"a": {"format": "date-time"}}}, id="time"
        ),
        pytest.param({"a": "x"}, {"properties": {"a": {"format": "else"}}}, id="unknown-format"),
        pytest.param({"a": "b"}, {"properties": {"a": {"pattern": "^a$"}}}, id="no-patterns"),
    ],
)
def test_an_object_that_fits_passes(instance: object, schema: object) -> None:
    check(instance, schema)


@pytest.mark.parametrize(
    ("instance", "schema", "words"),
    [
        pytest.param({}, {"required": ["a"]}, "'a' is a required", id="required"),
        pytest.param(
            {"a": [1]}, {"properties": {"a": {"items": {"type": "string"}}}}, "/a/0", id="type"
        ),
        pytest.param({"a": "x"}, {"properties": {"a": {"format": "uri"}}}, "'uri'", id="uri"),
        pytest.param({"a": "x"}, {"properties": {"a": {"format": "date-time"}}}, "time", id="time"),
        pytest.param({}, False, "False schema", id="nothing"),
    ],
)
def test_an_object_that_does_not_fit_is_refused(
    instance: object, schema: object, words: str
) -> None:
    with pytest.raises(MalformedError, match=words):
        check(instance, schema)


def test_a_pattern_counts_in_a_schema_that_is_trusted() -> None:
    with pytest.raises(MalformedError, match="does not match"):
        check({"a": "b"}, {"properties": {"a": {"pattern": "^a$"}}}, trusted=True)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        pytest.param([], "that is none", id="array"),
        pytest.param({"type": 7}, "that is none", id="type"),
        pytest.param(
            {"$schema": "https://json-schema.org/draft/2020-12/schema"}, "draft", id="new"
        ),
        pytest.param({"$ref": "https://evil.example/"}, "refers to", id="remote"),
        pytest.param({"$ref": "#/definitions/none"}, "refers to", id="nowhere"),
        pytest.param({"$ref": "#/required/0", "required": ["a"]}, "refers to", id="into-a-list"),
        pytest.param({"$ref": "#"}, "larger than", id="loop"),
        pytest.param(EXPONENTIAL, "larger than", id="exponential"),
        pytest.param({"enum": list(range(MAX_SCHEMA))}, "larger than", id="large"),
        pytest.param({"$dynamicRef": "#a"}, "unknown way", id="dynamic"),
    ],
)
def test_a_schema_that_cannot_be_applied_within_bounds_is_not_applied(
    schema: object, words: str
) -> None:
    with pytest.raises(UnsupportedError, match=words):
        check({"a": 1}, schema)


@pytest.mark.parametrize("reference", ["https://evil.example/", "#"])
def test_a_reference_without_end_is_never_followed(reference: str) -> None:
    schema: dict[str, Any] = {"$ref": reference}
    with pytest.raises(UnsupportedError, match="cannot be applied"):
        check({"a": 1}, schema, trusted=True)


def test_a_large_object_is_not_measured_against_a_strangers_schema() -> None:
    with pytest.raises(UnsupportedError, match="larger than"):
        check([1] * MAX_INSTANCE, {})
    check([1] * MAX_INSTANCE, {}, trusted=True)


def test_the_size_counts_every_value() -> None:
    assert size({"a": [1, 2, {"b": None}]}) == 6
