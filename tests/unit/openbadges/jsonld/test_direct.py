# SPDX-License-Identifier: AGPL-3.0-or-later
"""A document that is read without the JSON-LD processor means what the processor makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from openbadges.contexts import core_terms
from openbadges.errors import FetchError, MalformedError, OpenBadgesError
from openbadges.jsonld import check_extensions, is_plain, to_plain
from openbadges.jsonld.engine import expand
from openbadges.models import (
    Assertion,
    BadgeClass,
    CryptographicKey,
    Document,
    Endorsement,
    Profile,
    RevocationList,
)
from openbadges.vocabulary import CLASSES, CONTEXT
from tests.tries import tries
from tests.unit.openbadges import examples

MODELS: dict[type[Document], dict[str, Any]] = {
    Assertion: examples.signed_assertion(expires="2030-01-01T00:00:00Z", evidence=[examples.BASE]),
    BadgeClass: examples.badge(alignment={"targetName": "A", "targetUrl": examples.BASE}),
    Profile: examples.issuer(verification={"allowedOrigins": "example.org"}),
    Endorsement: examples.endorsement(f"{examples.BASE}/endorsement", examples.ISSUER_ID),
    CryptographicKey: examples.key_document("-----BEGIN PUBLIC KEY-----"),
    RevocationList: examples.revocation_list("urn:a:1", {"id": "urn:b:2", "revoked": True}),
}
NAMES = st.sampled_from(
    sorted(
        {
            *core_terms(),
            "@language",
            "unknown",
            "",
            "@id",
            "obi:badge",
            "x:y",
            "http://a.example/#b",
        }
    )
)
TEXTS = st.sampled_from(
    [
        *("", "x", "a b", "é", "en", "2030-01-01T00:00:00Z", "true", "@id", "schema:name", "obi:x"),
        *("http://schema.org/name", "https://w3id.org/openbadges#Assertion", "xsd:boolean"),
        *("https://badges.example.org/a", "urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b", "../a"),
        *("email", "url", "Extension", "hosted", "obi:Assertion", "Unknown", "id", "type"),
        *sorted(CLASSES),
    ]
)
LEAVES = st.none() | st.booleans() | st.sampled_from([0, 1, -7, 1.5, 5.0, 1e21]) | TEXTS
WILD = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[type[Document], dict[str, Any]]:
    """A sound document with some of its values, at any depth, made wild."""
    model = draw(st.sampled_from(list(MODELS)))
    document = dict(MODELS[model])
    for _ in range(draw(st.integers(1, 3))):
        place = document
        inner = [value for value in document.values() if isinstance(value, dict)]
        if inner and draw(st.booleans()):
            name = draw(st.sampled_from([key for key, value in document.items() if value in inner]))
            place = document[name] = dict(document[name])
        own = st.sampled_from(sorted(place.keys() - {"@context"}) or ["id"])
        name = draw(own | NAMES)
        if draw(st.booleans()):
            place[name] = draw(WILD)
        else:
            place.pop(name, None)
    return model, document


def nothing(url: str) -> dict[str, Any]:
    raise FetchError(f"{url} was asked for")


def graph(document: dict[str, Any]) -> Any:
    """Return what the document says, whatever it looks like: in expanded form, without order."""
    contexts = {CONTEXT: {"@context": core_terms()}}
    return settled(expand(without_language(document), contexts))


def without_language(value: Any) -> Any:
    """Leave a language beside the context out: it is no JSON-LD."""
    if isinstance(value, list):
        return [without_language(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: without_language(item) for name, item in value.items() if name != "@language"}


def settled(value: Any) -> Any:
    """Sort what has no order, so that two graphs can be compared."""
    if isinstance(value, list):
        return sorted((settled(item) for item in value), key=repr)
    if isinstance(value, dict):
        return {name: settled(value[name]) for name in sorted(value)}
    return value


def meaning(model: type[Document], document: dict[str, Any]) -> Any:
    """Return what verification reads from a document; or that it does not accept it."""
    try:
        check_extensions(document, nothing)
        return known(model.from_dict(document))
    except OpenBadgesError:
        return None


def known(value: Any) -> Any:
    """Return the properties that the standard names, however they were written."""
    if isinstance(value, tuple):
        return [known(item) for item in value]
    if not isinstance(value, Document):
        return (
            {"hosted": "HostedBadge", "signed": "SignedBadge"}.get(value, value)
            if (isinstance(value, str))
            else value
        )
    return {item.attribute: known(getattr(value, item.attribute)) for item in value.PROPERTIES}


@settings(max_examples=tries(300), deadline=None)
@given(documents())
def test_the_direct_path_yields_the_graph_that_the_processor_yields(
    case: tuple[type[Document], dict[str, Any]],
) -> None:
    model, document = case
    assume(is_plain(document))
    assert to_plain(document, nothing) is document
    try:
        processed = to_plain({**document, "@context": [CONTEXT, {}]}, nothing)
    except MalformedError:
        # Whatever is no JSON-LD is not read directly either.
        assert meaning(model, document) is None
        return
    assert graph(document) == graph(processed)
    assert meaning(model, document) == meaning(model, processed)


@pytest.mark.parametrize("model", list(MODELS), ids=lambda model: model.__name__)
def test_ordinary_documents_are_read_directly(model: type[Document]) -> None:
    document = MODELS[model]
    assert is_plain(document)
    assert meaning(model, document) is not None
    processed = to_plain({**document, "@context": [CONTEXT, {}]}, nothing)
    assert graph(processed) == graph(document)
    assert meaning(model, processed) == meaning(model, document)
