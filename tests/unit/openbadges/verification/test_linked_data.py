# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges in other lawful forms of JSON-LD, and contexts that would change what they say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from openbadges.contexts import core_terms
from openbadges.jsonld.engine import expand
from openbadges.signing import sign
from openbadges.verification import Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    BADGE,
    EVIL,
    ISSUER,
    hosted,
    of_badge,
    of_issuer,
    outcome,
)
from tests.unit.openbadges.verification.test_inputs import URL

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey
    from tests.unit.openbadges.verification.site import Site

CONTEXT = examples.CONTEXT
OTHER = "https://other.example.net/context"


def expanded(document: dict[str, Any]) -> list[Any]:
    return expand(document, {CONTEXT: {"@context": core_terms()}})


def test_every_document_may_be_expanded(site: Site) -> None:
    for url in (ASSERTION, BADGE, ISSUER):
        site.documents[url] = {"json": expanded(site.documents[url]["json"])}
    report = site.verify(ASSERTION, [f"email:{examples.ADDRESS}"])
    assert report.valid
    assert report.assertion == examples.assertion()
    whole = expanded(examples.assertion())
    assert site.verify(json.dumps(whole)).valid
    assert site.verify(whole[0]).valid


@pytest.mark.parametrize("prefix", ["obi:", "https://w3id.org/openbadges#"])
def test_classes_may_be_named_by_their_iris(site: Site, key: PrivateKey, prefix: str) -> None:
    site.documents |= hosted(
        type=f"{prefix}Assertion", verification={"type": f"{prefix}HostedBadge"}
    )
    site.documents |= of_badge(type=[f"{prefix}BadgeClass", "schema:Thing"])
    site.documents |= of_issuer(type=f"{prefix}Issuer")
    assert site.verify(ASSERTION).valid
    signed = {"type": f"{prefix}SignedBadge", "creator": examples.KEY_ID}
    assert site.verify(sign(examples.assertion(verification=signed), key)).valid
    site.documents |= hosted(type=f"{prefix}Criteria")
    assert site.verify(ASSERTION).verdict is Verdict.NOT_A_BADGE


def test_an_expanded_document_without_a_type_is_a_broken_one(site: Site) -> None:
    (document,) = expanded(examples.assertion())
    del document["@type"]
    site.documents[ASSERTION] = {"json": [document]}
    assert site.verify(ASSERTION).verdict is Verdict.INVALID


@pytest.mark.parametrize("text", ["[]", "[1]", '[{"a": 1}]', '[{"@type": []}, {"@type": []}]'])
def test_not_every_array_is_a_document(site: Site, text: str) -> None:
    assert site.verify(text).verdict is Verdict.NOT_A_BADGE
    site.documents[BADGE] = {"text": text}
    assert site.verify(ASSERTION).verdict is Verdict.INVALID


def test_a_signed_badge_may_be_in_any_form(site: Site, key: PrivateKey) -> None:
    own = {"@context": [CONTEXT, {"wem": "obi:recipient"}]}
    document = examples.signed_assertion(**own)
    document["wem"] = document.pop("recipient")
    assert site.verify(sign(document, key), [examples.ADDRESS]).valid
    # The payload is an object, not a list of them.
    header, _, signature = sign(document, key).split(".")
    assert not site.verify(".".join([header, "W10", signature]))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"@context": [CONTEXT, {"a": "https://a.example/#a"}], "a": 1}, id="inline"),
        pytest.param({"@context": [CONTEXT, OTHER], "pushes": 500}, id="another-url"),
        pytest.param({"https://a.example/#a": [1, {"b": 2}]}, id="full-iri"),
        pytest.param({"type": ["Assertion", "https://a.example/#Special"]}, id="types"),
        pytest.param({"@context": ["http://w3id.org/openbadges/v2"]}, id="old-address"),
        pytest.param({"verify": {"type": "hosted"}, "verification": None, "x:y": 1}, id="alias"),
        pytest.param(
            {"@context": [CONTEXT, {"name": "schema:name"}]}, id="the-same-definition-again"
        ),
    ],
)
def test_what_is_added_to_a_badge_changes_nothing(site: Site, changes: dict[str, Any]) -> None:
    site.documents |= hosted(**changes)
    site.documents[OTHER] = {"json": {"@context": {"pushes": "https://a.example/#p"}}}
    report = site.verify(ASSERTION, [f"email:{examples.ADDRESS}"])
    assert report.valid
    assert not any("w3id.org" in document.url for document in report.documents)


REDEFINED = {"issuer": "https://evil.example/#ignored", "boss": "obi:issuer"}


@pytest.mark.parametrize(
    "context",
    [
        pytest.param([CONTEXT, REDEFINED], id="inline"),
        pytest.param([CONTEXT, f"{EVIL}/context"], id="remote"),
        pytest.param([CONTEXT, None, REDEFINED], id="after-clearing"),
        pytest.param([CONTEXT, {"obi": "https://evil.example/#"}], id="prefix"),
        pytest.param([CONTEXT, {"id": "https://evil.example/#id", "me": "@id"}], id="keyword"),
        pytest.param(
            [CONTEXT, {"x": {"@id": "urn:x", "@context": REDEFINED}}], id="scoped-to-a-term"
        ),
        pytest.param([CONTEXT, {"@import": f"{EVIL}/context"}], id="imported"),
        pytest.param(f"{EVIL}/context", id="remote-alone"),
        pytest.param([f"{EVIL}/context", CONTEXT], id="remote-first"),
        pytest.param(REDEFINED, id="inline-alone"),
        pytest.param([REDEFINED, CONTEXT], id="inline-first"),
    ],
)
@pytest.mark.parametrize("place", ["assertion", "badge", "issuer", "embedded"])
@pytest.mark.requirement("A1", "K3")
def test_no_context_gives_a_core_term_another_meaning(site: Site, context: Any, place: str) -> None:
    # Read as JSON, the badge is the true issuer's; its own context would make it the attacker's.
    site.documents[f"{EVIL}/context"] = {"json": {"@context": REDEFINED}}
    changes = {"@context": context, "boss": f"{EVIL}/issuer"}
    site.documents |= {
        "assertion": hosted(**changes),
        "badge": of_badge(**changes),
        "issuer": of_issuer(**changes),
        "embedded": hosted(badge=examples.badge(**changes)),
    }[place]
    report = site.verify(ASSERTION)
    assert report.verdict in (Verdict.INVALID, Verdict.UNVERIFIABLE)


@pytest.mark.parametrize("context", [f"{EVIL}/context", [f"{EVIL}/context", CONTEXT]])
def test_a_context_that_is_not_ours_first_is_never_fetched(site: Site, context: Any) -> None:
    report = site.verify(examples.assertion(**{"@context": context}))
    assert report.documents == ()
    assert report.verdict is Verdict.UNVERIFIABLE


def test_an_alias_of_a_core_property_counts(site: Site) -> None:
    alias = {"@context": [CONTEXT, {"chef": {"@id": "obi:issuer", "@type": "@id"}}]}
    badge = examples.badge(**alias)
    badge["chef"] = badge.pop("issuer")
    site.documents[BADGE] = {"json": badge}
    assert site.verify(ASSERTION).valid
    site.documents[BADGE] = {"json": badge | {"issuer": ISSUER}}
    assert "holds 2 values" in site.verify(ASSERTION).sentence


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        pytest.param({"status": 404}, Verdict.INVALID, id="missing"),
        pytest.param({"status": 500}, Verdict.UNVERIFIABLE, id="broken"),
        pytest.param({"text": "x"}, Verdict.INVALID, id="no-json"),
        pytest.param({"json": {"a": 1}}, Verdict.INVALID, id="no-context"),
        pytest.param(
            {"status": 302, "location": f"{EVIL}/moved"}, Verdict.VALID, id="kept-elsewhere"
        ),
    ],
)
def test_a_context_must_be_there(site: Site, answer: dict[str, Any], verdict: Verdict) -> None:
    site.documents |= hosted(**{"@context": [CONTEXT, OTHER]})
    site.documents[OTHER] = answer
    site.documents[f"{EVIL}/moved"] = {"json": {"@context": {}}}
    assert site.verify(ASSERTION).verdict is verdict


@pytest.mark.parametrize(
    ("language", "valid"), [("es-MX", True), ("español", False), ({"a": 1}, False)]
)
@pytest.mark.parametrize("context", [CONTEXT, [CONTEXT, {}]])
def test_the_language_of_a_document_is_a_language_tag(
    site: Site, context: Any, language: object, *, valid: bool
) -> None:
    for changed in (hosted, of_badge, of_issuer):
        site.documents |= changed(**{"@context": context, "@language": language})
    assert site.verify(ASSERTION).valid is valid


def test_extensions_are_named(site: Site) -> None:
    context = "https://w3id.org/openbadges/extensions/exampleExtension/context.json"
    name = "extensions:ExampleExtension"
    node: dict[str, Any] = {"@context": context, "type": ["Extension", name]}
    sound = {name: node | {"exampleProperty": "x"}}
    broken = {name: node | {"exampleProperty": 7}}
    checks = {"data": hosted, "badge": of_badge, "issuer": of_issuer}
    for check, changed in checks.items():
        site.documents |= changed(**broken)
        assert "7 is not of type 'string'" in outcome(site.verify(ASSERTION), check)[1]
        site.documents |= changed(**sound)
        report = site.verify(ASSERTION)
        assert report.valid
        assert outcome(report, check)[1].endswith(name)
    assert [document.url for document in report.documents][:3] == [ASSERTION, BADGE, ISSUER]


@pytest.mark.parametrize(
    ("schema", "verdict"),
    [
        (f"{EVIL}/schema", Verdict.UNVERIFIABLE),
        ("schema.json", Verdict.INVALID),
        ("file:///etc/passwd", Verdict.INVALID),
    ],
)
def test_the_schema_of_an_extension_must_be_there(
    site: Site, schema: str, verdict: Verdict
) -> None:
    rule = {"obi:validatesType": "extensions:Own", "obi:validationSchema": schema}
    site.documents[OTHER] = {"json": {"@context": {}, "obi:validation": [rule]}}
    own = {"@context": OTHER, "type": ["Extension", "extensions:Own"]}
    site.documents |= of_badge(**{"extensions:Own": own})
    assert site.verify(ASSERTION).verdict is verdict


def test_an_extension_inside_a_signed_badge_class_is_checked(site: Site, key: PrivateKey) -> None:
    urn = "urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b"
    inside = examples.badge(id=urn, **{"x:y": {"type": "Extension"}})
    report = site.verify(sign(examples.signed_assertion(badge=inside), key))
    assert report.verdict is Verdict.INVALID
    assert "no @context" in outcome(report, "badge")[1]


def test_an_address_may_answer_in_expanded_form(site: Site) -> None:
    site.documents[URL] = {"json": expanded(examples.assertion())}
    assert site.verify(URL).valid
