# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openbadges import models
from openbadges.models import (
    Alignment,
    Assertion,
    BadgeClass,
    BasicProfile,
    Claim,
    Criteria,
    CryptographicKey,
    Document,
    Endorsement,
    Evidence,
    IdentityObject,
    Image,
    Node,
    Profile,
    Related,
    RevocationList,
    RevokedAssertion,
    Verification,
)
from tests.unit.openbadges import examples

WORD = st.text("abc é", min_size=1, max_size=9).map(lambda text: f"w{text}")
URLS = st.integers(0, 999).map(lambda number: f"https://badges.example.org/{number}")
HASHES = st.binary(min_size=32, max_size=32).map(lambda digest: f"sha256${digest.hex()}")
EXTRA = st.dictionaries(
    WORD.map(lambda name: f"x-{name}"),
    st.none() | st.integers() | WORD | st.lists(WORD),
    max_size=3,
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=3).map(tuple)


IMAGES = st.builds(Image, id=URLS, caption=maybe(WORD), author=maybe(URLS), extra=EXTRA)
LANGUAGES = st.sampled_from(["es", "es-MX", "zh-Hant-TW", "x-elvish"])
RELATED = st.builds(
    Related, id=URLS, version=maybe(WORD | st.integers()), language=maybe(LANGUAGES)
)
RECIPIENTS = st.builds(IdentityObject, identity=HASHES, salt=maybe(WORD), extra=EXTRA) | st.builds(
    IdentityObject, identity=URLS, type=st.just("url"), hashed=st.just(False)
)
VERIFICATIONS = st.builds(Verification.signed, URLS) | st.just(Verification.hosted())
EVIDENCE = st.builds(
    Evidence,
    id=maybe(URLS),
    narrative=maybe(WORD),
    name=maybe(WORD),
    description=maybe(WORD),
    genre=maybe(WORD),
    audience=maybe(WORD),
    extra=EXTRA,
)
CRITERIA = st.builds(Criteria, id=URLS, narrative=maybe(WORD), extra=EXTRA)
ALIGNMENTS = st.builds(
    Alignment,
    target_name=WORD,
    target_url=URLS,
    target_description=maybe(WORD),
    target_framework=maybe(WORD),
    target_code=maybe(WORD),
    extra=EXTRA,
)
PROFILES = st.builds(
    Profile,
    id=URLS,
    name=WORD,
    url=URLS,
    email=st.just("badges@example.org"),
    telephone=maybe(st.just("+15551234567")),
    description=maybe(WORD),
    image=maybe(IMAGES),
    public_keys=st.lists(URLS, max_size=1).map(tuple),
    revocation_list=maybe(URLS),
    verification=maybe(
        st.just(Verification.policy(starts_with="https://a.org/", allowed_origin="a.org"))
    ),
    version=maybe(WORD),
    related=some(RELATED),
    extra=EXTRA,
)
BADGES = st.builds(
    BadgeClass,
    id=URLS,
    name=WORD,
    description=WORD,
    image=IMAGES,
    criteria=CRITERIA,
    issuer=URLS | PROFILES,
    alignment=some(ALIGNMENTS),
    tags=some(WORD),
    version=maybe(st.integers()),
    related=some(RELATED),
    extra=EXTRA,
)
ASSERTIONS = st.builds(
    Assertion,
    id=URLS,
    recipient=RECIPIENTS,
    badge=URLS | BADGES,
    verification=VERIFICATIONS,
    issued_on=st.just("2020-01-01T00:00:00Z"),
    expires=maybe(st.just("2030-01-01T00:00:00Z")),
    image=maybe(IMAGES),
    evidence=some(EVIDENCE),
    narrative=maybe(WORD),
    revoked=maybe(st.booleans()),
    revocation_reason=maybe(WORD),
    related=some(RELATED),
    extra=EXTRA,
)
ENDORSEMENTS = st.builds(
    Endorsement,
    id=URLS,
    claim=st.builds(Claim, id=URLS, comment=maybe(WORD), extra=EXTRA),
    issuer=URLS | PROFILES,
    issued_on=st.just("2020-01-01T00:00:00Z"),
    verification=VERIFICATIONS,
    language=maybe(LANGUAGES),
    extra=EXTRA,
)
KEYS = st.builds(CryptographicKey, id=URLS, owner=maybe(URLS), public_key_pem=WORD, extra=EXTRA)
REVOCATIONS = st.builds(
    RevocationList,
    id=maybe(URLS),
    issuer=maybe(URLS),
    revoked_assertions=st.lists(
        st.builds(
            RevokedAssertion,
            id=URLS,
            uid=maybe(WORD),
            revoked=maybe(st.booleans()),
            revocation_reason=maybe(WORD),
        ),
        min_size=2,
        max_size=4,
    ).map(tuple),
    extra=EXTRA,
)


@given(ASSERTIONS | BADGES | PROFILES | ENDORSEMENTS | KEYS | REVOCATIONS)
@pytest.mark.requirement("A13")
def test_reading_what_was_written_gives_the_same(document: Document) -> None:
    written = document.to_dict()
    again = type(document).from_dict(written)
    assert again == document
    assert again.to_dict() == written


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3),
    max_leaves=5,
)
UNKNOWN = st.dictionaries(WORD.map(lambda name: f"x-{name}"), JSON, min_size=1, max_size=3)
# Every object of every class, in plain JSON: those that stand alone, and those inside them.
WHOLE: dict[type[Document], dict[str, Any]] = {
    Assertion: examples.assertion(),
    BadgeClass: examples.badge(),
    BasicProfile: {"type": "Profile", "id": examples.ISSUER_ID},
    Profile: examples.issuer(),
    CryptographicKey: examples.key_document("pem"),
    RevocationList: examples.revocation_list("urn:a", "urn:b"),
    Endorsement: examples.endorsement(examples.BASE, examples.ISSUER_ID),
    IdentityObject: examples.assertion()["recipient"],
    Verification: {"type": "HostedBadge"},
    Evidence: {"name": "x"},
    Criteria: {"narrative": "x"},
    Image: {"id": examples.IMAGE_ID, "caption": "x"},
    Alignment: {"targetName": "x", "targetUrl": examples.BASE},
    Related: {"id": examples.BADGE_ID, "version": "1"},
    Claim: {"id": examples.BADGE_ID, "endorsementComment": "x"},
    RevokedAssertion: {"id": "urn:a", "revocationReason": "x"},
    Node: {"id": examples.ISSUER_ID},
}


def test_every_class_is_among_those_that_are_tried() -> None:
    named = {getattr(models, name) for name in models.__all__} - {Document}
    assert WHOLE.keys() == named


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("model", WHOLE, ids=lambda model: model.__name__)
@settings(max_examples=20)
@given(unknown=UNKNOWN)
def test_what_the_standard_does_not_name_is_kept(
    model: type[Document], unknown: dict[str, Any]
) -> None:
    embedded = "@context" not in WHOLE[model]
    document = WHOLE[model] | unknown
    assert model.from_dict(document).to_dict(embedded=embedded) == document


@pytest.mark.requirement("A13")
@settings(max_examples=30)
@given(unknown=UNKNOWN)
def test_what_is_not_named_is_kept_inside_other_objects_too(unknown: dict[str, Any]) -> None:
    inside = {
        "recipient": examples.assertion()["recipient"] | unknown,
        "verification": {"type": "HostedBadge"} | unknown,
        "evidence": [{"name": "x"} | unknown],
        "badge": examples.badge(
            criteria={"narrative": "x"} | unknown,
            image={"id": examples.IMAGE_ID} | unknown,
            alignment=[{"targetName": "x", "targetUrl": examples.BASE} | unknown],
            related=[{"id": examples.BADGE_ID} | unknown],
            issuer={**examples.issuer(), **unknown},
        ),
    }
    inside["badge"].pop("@context")
    inside["badge"]["issuer"].pop("@context")
    document = examples.assertion(**inside)
    assert Assertion.from_dict(document).to_dict() == document
