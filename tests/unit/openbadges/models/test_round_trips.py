# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from openbadges.models import (
    Alignment,
    Assertion,
    BadgeClass,
    Claim,
    Criteria,
    CryptographicKey,
    Document,
    Endorsement,
    Evidence,
    IdentityObject,
    Image,
    Profile,
    Related,
    RevocationList,
    RevokedAssertion,
    Verification,
)

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
def test_reading_what_was_written_gives_the_same(document: Document) -> None:
    written = document.to_dict()
    again = type(document).from_dict(written)
    assert again == document
    assert again.to_dict() == written
