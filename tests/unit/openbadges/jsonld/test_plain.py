# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from openbadges.contexts import core_terms
from openbadges.errors import FetchError, MalformedError, UnsupportedError
from openbadges.jsonld import is_plain, to_plain
from openbadges.jsonld.engine import expand
from openbadges.models import Assertion, Document
from openbadges.vocabulary import CONTEXT
from tests.tries import tries
from tests.unit.openbadges import examples
from tests.unit.openbadges.models.test_round_trips import (
    ASSERTIONS,
    BADGES,
    ENDORSEMENTS,
    PROFILES,
    REVOCATIONS,
)

APPLY = "https://w3id.org/openbadges/extensions/applyLinkExtension/context.json"
OTHER = "https://other.example/context"


def nothing(url: str) -> dict[str, Any]:
    raise FetchError(f"{url} was asked for")


def with_context(*more: Any, **changes: Any) -> dict[str, Any]:
    return examples.assertion(**changes, **{"@context": [CONTEXT, *more]})


def known(value: Any, *, dropped: tuple[str, ...] = ("x-w",)) -> Any:
    """Return a document without what the standard does not name: it has no meaning."""
    if isinstance(value, list):
        return [known(item, dropped=dropped) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: known(item, dropped=dropped)
        for name, item in value.items()
        if not name.startswith(dropped)
    }


@settings(max_examples=tries(60))
@given(ASSERTIONS | BADGES | PROFILES | ENDORSEMENTS | REVOCATIONS)
def test_a_plain_document_means_the_same_when_it_is_processed(document: Document) -> None:
    written = known(document.to_dict())
    assert to_plain(written, nothing) is written
    processed = to_plain({**written, "@context": [CONTEXT, {}]}, nothing)
    model = type(document)
    assert model.from_dict(processed) == model.from_dict(written)


@settings(max_examples=tries(30))
@given(ASSERTIONS | BADGES)
def test_the_expanded_form_means_the_same(document: Document) -> None:
    # In expanded form a language beside the context, which is no JSON-LD, cannot be said.
    written = known(document.to_dict(), dropped=("x-w", "@language"))
    (expanded,) = expand(written, {CONTEXT: {"@context": core_terms()}})
    model = type(document)
    assert model.from_dict(to_plain(expanded, nothing)) == model.from_dict(written)


@pytest.mark.parametrize(
    "document",
    [
        examples.assertion(),
        examples.assertion(**{"@context": [CONTEXT], "@language": "es"}),
        examples.assertion(badge=examples.badge()),
        examples.assertion(unknown=[{"a": 1}]),
    ],
)
def test_a_plain_document_is_left_alone(document: dict[str, Any]) -> None:
    assert is_plain(document)
    assert to_plain(document, nothing) is document


@pytest.mark.parametrize(
    "changes",
    [
        {"@context": [CONTEXT, {}]},
        {"@context": "http://w3id.org/openbadges/v2"},
        {"@id": "x"},
        {"obi:revoked": True},
        {"related": [[{"@context": {"a": "b:c"}}]]},
        {"related": {"@context": OTHER}},
        {"type": "obi:Assertion"},
        {"type": ["Assertion", "Unknown"]},
        {"recipient": {"type": []}},
        {"recipient": {"id": 7}},
        {"verify": {"type": "HostedBadge"}},
        {"evidence": [None]},
        {"evidence": "schema:name"},
        {"evidence": {"id": "@id"}},
        {"revoked": {}},
        {"revokedAssertions": True},
        {"type": "RevocationList", "id": None, "revokedAssertions": []},
    ],
)
def test_everything_else_is_processed(changes: dict[str, Any]) -> None:
    assert not is_plain(examples.assertion(**changes))


@pytest.mark.parametrize("changes", [{"id": None}, {"id": 7}, {"type": None}, {"type": {}}])
def test_what_every_reader_refuses_is_left_to_it(changes: dict[str, Any]) -> None:
    assert is_plain(examples.assertion(**changes))


def test_other_names_for_core_properties_are_understood() -> None:
    document = with_context({"abzeichen": {"@id": "obi:badge", "@type": "@id"}})
    document["abzeichen"] = document.pop("badge")
    document["http://schema.org/image"] = [{"@id": examples.IMAGE_ID}]
    assertion = Assertion.from_dict(to_plain(document, nothing))
    assert assertion.badge_id == examples.BADGE_ID
    assert assertion.image is not None
    assert assertion.image.id == examples.IMAGE_ID


@pytest.mark.parametrize("kind", ["obi:Assertion", "https://w3id.org/openbadges#Assertion"])
def test_a_class_may_be_named_by_its_iri(kind: str) -> None:
    assert to_plain(examples.assertion(type=kind), nothing)["type"] == "Assertion"


def test_a_value_of_another_type_stays_with_its_property() -> None:
    document = with_context(**{"obi:evidence": 7, "sec:expiration": "2020-01-01T00:00:00Z"})
    plain = to_plain(document | {"expires": "2030-01-01T00:00:00Z"}, nothing)
    assert plain["evidence"] == 7
    assert sorted(plain["expires"]) == ["2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]


def test_text_names_nothing() -> None:
    document = with_context(**{"obi:badge": examples.BADGE_ID})
    del document["badge"]
    with pytest.raises(MalformedError, match="badge is missing"):
        Assertion.from_dict(to_plain(document, nothing))


def test_an_id_keeps_its_whole_text() -> None:
    document = with_context(evidence=["http://schema.org/about", "schema:name"])
    assert to_plain(document, nothing)["evidence"] == [
        "http://schema.org/about",
        "http://schema.org/name",
    ]


def test_one_thing_said_twice_in_two_ways_is_two_values() -> None:
    document = with_context(**{"obi:badge": {"id": "https://evil.example/badge"}})
    with pytest.raises(MalformedError, match="holds 2 values"):
        Assertion.from_dict(to_plain(document, nothing))


@pytest.mark.parametrize("said", [{"obi:revoked": True}, {"revoked": True}])
def test_revoked_is_understood_in_every_form(said: dict[str, Any]) -> None:
    assert to_plain(with_context(**said), nothing)["revoked"] is True
    twice = to_plain(with_context(**{"obi:revoked": True, "revoked": False}), nothing)
    assert sorted(twice["revoked"]) == [False, True]


def test_a_list_of_revocations_stays_one() -> None:
    entries: list[Any] = ["urn:a", {"id": "urn:b", "revocationReason": "x"}]
    document = examples.revocation_list(*entries, **{"@context": [CONTEXT, {}]})
    assert to_plain(document, nothing)["revokedAssertions"] == entries


@pytest.mark.parametrize("term", ["issuer", "badge", "id", "type", "verify", "revoked", "obi"])
def test_no_context_redefines_a_core_term(term: str) -> None:
    evil = {term: "https://evil.example/#x"}
    with pytest.raises(MalformedError, match="another meaning"):
        to_plain(with_context(evil), nothing)
    with pytest.raises(MalformedError, match="another meaning"):
        to_plain(with_context(OTHER), lambda _url: {"@context": evil})
    with pytest.raises(MalformedError, match="another meaning"):
        to_plain(examples.assertion(badge=examples.badge(**{"@context": evil})), nothing)


def test_no_context_takes_the_core_away() -> None:
    with pytest.raises(MalformedError, match="another meaning"):
        to_plain(with_context(None), nothing)


def test_a_core_property_in_disguise_brings_no_context() -> None:
    document = with_context({"abzeichen": {"@id": "obi:badge", "@type": "@id"}})
    document["abzeichen"] = {"@context": {"issuer": "schema:name"}, "id": "https://evil.example/"}
    with pytest.raises(MalformedError, match="context of its own"):
        to_plain(document, nothing)


def test_an_extension_keeps_its_own_words_and_its_form() -> None:
    extension = {"@context": APPLY, "type": ["Extension", "extensions:ApplyLink"], "url": "x"}
    document = examples.assertion(**{"extensions:ApplyLink": [extension, extension]})
    assert to_plain(document, nothing)["extensions:ApplyLink"] == [extension, extension]


def test_an_extension_that_is_set_aside_still_knows_the_prefixes_of_its_document() -> None:
    document = with_context({"my": "https://my.example/#"}, **{"my:thing": {"@context": APPLY}})
    plain = to_plain(document, nothing)
    assert plain["https://my.example/#thing"] == {
        "@context": [{"my": "https://my.example/#"}, APPLY]
    }


def test_what_has_no_meaning_is_dropped_and_never_fetched() -> None:
    document = with_context(unknown={"@context": OTHER, "issuer": "x"})
    assert "unknown" not in to_plain(document, nothing)


def test_relative_references_stay_relative() -> None:
    document = with_context({}, evidence=["a work"], type=["Assertion", "Foo"], image="/a.png")
    plain = to_plain(document, nothing)
    assert plain["evidence"] == "a work"
    assert plain["type"] == ["Assertion", "Foo"]
    assert not str(plain["image"]).startswith("relative:")


def test_a_language_beside_the_context_is_kept() -> None:
    related = {"id": examples.BADGE_ID, "@language": "es"}
    plain = to_plain(with_context({}, related=related, **{"@language": "en-GB"}), nothing)
    assert plain["@language"] == "en-GB"
    assert plain["related"] == related


def test_a_language_inside_a_value_is_json_ld() -> None:
    name = {"@value": "Como una roca", "@language": "es"}
    document = examples.badge(**{"@context": [CONTEXT, {}], "name": name})
    assert to_plain(document, nothing)["name"] == name


def test_several_things_at_once_are_not_judged() -> None:
    graph = {"@context": CONTEXT, "@graph": [examples.assertion(), examples.badge()]}
    with pytest.raises(UnsupportedError, match="several things"):
        to_plain(graph, nothing)


def test_an_unknown_context_is_asked_for() -> None:
    with pytest.raises(FetchError, match=OTHER):
        to_plain(with_context(OTHER), nothing)
