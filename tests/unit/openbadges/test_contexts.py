# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from openbadges import contexts
from openbadges.jsonld.engine import expand
from openbadges.vocabulary import CLASSES, CONTEXT
from tests.shared import shared_path

EXTENSIONS = "https://w3id.org/openbadges/extensions"


def published(name: str) -> Any:
    path = shared_path(f"judges/ob2/contexts/{name}.json")
    return json.loads(path.read_text(encoding="utf-8"))


def without_prose(schema: Any, *, names: bool = False) -> Any:
    """Return what a schema demands, without what it only says."""
    if isinstance(schema, list):
        return [without_prose(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    prose = set() if names else {"$schema", "title", "description", "desccription"}
    return {
        name: without_prose(value, names=name in ("properties", "definitions") and not names)
        for name, value in schema.items()
        if name not in prose
    }


def test_the_core_terms_are_those_of_the_standard() -> None:
    terms = {
        # A definition with nothing but an IRI says the same as the IRI.
        name: term["@id"] if isinstance(term, dict) and term.keys() == {"@id"} else term
        for name, term in published("openbadges-v2")["@context"].items()
    }
    assert contexts.core_terms() == terms


def test_the_terms_of_the_standard_are_those_that_were_measured() -> None:
    path = shared_path("standards/open-badges-2-terms.json")
    terms = json.loads(path.read_text(encoding="utf-8"))["terms"]
    for name, own in contexts.core_terms().items():
        measured = terms.pop(name)
        assert (own["@id"] if isinstance(own, dict) else own) == measured["definition"]
        assert isinstance(own, dict) == ("type_coercion" in measured)
    assert terms == {}


def test_every_class_of_the_vocabulary_is_a_core_term() -> None:
    assert contexts.core_terms().keys() >= CLASSES


def test_the_terms_of_1_1_mean_the_same_in_2_0() -> None:
    legacy, modern = published("openbadges-v1")["@context"]
    assert legacy == "https://w3id.org/openbadges/legacy-v1"
    known = contexts.well_known("https://w3id.org/openbadges/v1")
    assert known is not None
    plain = {"@context": modern}
    for term in modern.keys() - {"id", "type"}:
        value = {"@context": None, term: [{"@id": "https://a.example/"}]}
        old = expand(value | plain, {})
        assert expand(value | known, {}) == old, term


def test_the_caller_may_change_what_it_is_given() -> None:
    contexts.core_terms().clear()
    assert contexts.core_terms()


@pytest.mark.parametrize(
    "url",
    [
        CONTEXT,
        "http://w3id.org/openbadges/v2",
        "https://openbadgespec.org/v2/context.json",
        "https://w3id.org/openbadges/v1",
    ],
)
def test_core_contexts_are_protected(url: str) -> None:
    known = contexts.well_known(url)
    assert known is not None
    assert known["@context"]["@protected"] is True
    assert known["@context"].items() >= contexts.core_terms().items()


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/openbadges/v2",
        "https://w3id.org/openbadges/v2/",
        "https://w3id.org/openbadges/v3",
        f"{EXTENSIONS}/unknown/context.json",
        f"{EXTENSIONS}/../v2",
        f"{EXTENSIONS}/applyLinkExtension/other.json",
        "https://evil.example/extensions/applyLinkExtension/context.json",
    ],
)
def test_nothing_else_is_well_known(url: str) -> None:
    assert contexts.well_known(url) is None


def test_the_extensions_of_the_standard_are_there() -> None:
    assert len(contexts.extension_names()) == 11


@pytest.mark.parametrize("name", contexts.extension_names())
@pytest.mark.requirement("K4", "K5")
def test_an_extension_is_the_published_one(name: str) -> None:
    context = contexts.well_known(f"{EXTENSIONS}/{name}/context.json")
    schema = contexts.well_known(f"{EXTENSIONS}/{name}/schema.json")
    assert context is not None
    assert schema is not None
    assert context["@context"] == published(f"ext-{name}-context")["@context"]
    wanted = without_prose(published(f"ext-{name}-schema"))
    if name == "accessibilityExtension":
        # The published schema describes a property of the name "required", by mistake.
        wanted["properties"].pop("required")
    assert schema == wanted


@pytest.mark.parametrize("name", contexts.extension_names())
@pytest.mark.parametrize("site", ["http://w3id.org/openbadges", "https://openbadgespec.org"])
@pytest.mark.requirement("K4")
def test_an_extension_is_known_at_all_its_addresses(name: str, site: str) -> None:
    context = contexts.well_known(f"{site}/extensions/{name}/context.json")
    assert context is not None
    for rule in context["obi:validation"]:
        assert rule["obi:validatesType"].startswith("extensions:")
        assert contexts.well_known(rule["obi:validationSchema"])


# Published types that no document can have: they are no compact IRIs of the core context.
MISTAKEN_TYPES = {"extensions#accessibility", "endorsement"}


@pytest.mark.parametrize("name", contexts.extension_names())
@pytest.mark.requirement("K5")
def test_an_extension_validates_the_published_types(name: str) -> None:
    context = contexts.well_known(f"{EXTENSIONS}/{name}/context.json")
    assert context is not None
    own = {rule["obi:validatesType"] for rule in context["obi:validation"]}
    rules = published(f"ext-{name}-context")["obi:validation"]
    assert own >= {rule["obi:validatesType"] for rule in rules} - MISTAKEN_TYPES


@pytest.mark.requirement("K4")
def test_everything_that_is_published_is_known_at_its_addresses() -> None:
    addresses = published("index")
    # What 1.1 was made of: its context is built in as a whole, and 2.0 judges its documents.
    parts = {url for url in addresses if "/v1/schema/" in url or url.endswith("/legacy-v1")}
    unknown = {url for url in addresses if contexts.well_known(url) is None}
    assert unknown == parts
    assert len(addresses) - len(parts) > 60
