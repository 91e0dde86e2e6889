# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from openbadges.errors import MalformedError
from openbadges.jsonld.engine import compact, expand

NAME = {"@context": {"name": "http://schema.org/name"}}


def test_a_document_is_expanded_and_compacted() -> None:
    expanded = expand(NAME | {"name": "x"}, {})
    assert expanded == [{"http://schema.org/name": [{"@value": "x"}]}]
    assert compact(expanded, NAME, {}) == {"name": "x"}


def test_a_given_context_is_used() -> None:
    document = {"@context": "https://a.example/", "name": "x"}
    assert expand(document, {"https://a.example/": NAME}) == expand(NAME | {"name": "x"}, {})


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param({"@context": "https://a.example/"}, "JSON-LD", id="context-not-given"),
        pytest.param({"@context": 7}, "invalid local context", id="context-number"),
        pytest.param({"@context": {"a": "b"}, "a": 1}, "invalid IRI mapping", id="no-iri"),
        pytest.param(
            {
                "@context": [
                    {"@protected": True, "a": "https://a.example/"},
                    {"a": "https://b.example/"},
                ]
            },
            "another meaning",
            id="protected",
        ),
        pytest.param({"@type": 7}, "invalid type value", id="type"),
    ],
)
def test_what_is_no_json_ld_is_refused(document: dict[str, Any], words: str) -> None:
    with pytest.raises(MalformedError, match=words):
        expand(document, {})


def test_a_breakdown_of_the_processor_is_an_error_of_ours() -> None:
    with pytest.raises(MalformedError, match="cannot be processed"):
        compact({"@id": "http://[x", "a:b": 1}, {}, {})


def test_names_that_are_reserved_are_ignored_in_silence() -> None:
    assert expand({"@context": {"@else": "https://a.example/"}, "@else": 1}, {}) == []


PROGRAM = """
import sys
import openbadges.verification
from pyld import jsonld
found = {"requests", "aiohttp", "urllib3"} & sys.modules.keys()
assert not found, found
try:
    jsonld.expand({"@context": "https://a.example/"})
except Exception as error:
    print(type(error).__name__)
"""


def test_no_library_that_speaks_http_is_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "JsonLdError"
