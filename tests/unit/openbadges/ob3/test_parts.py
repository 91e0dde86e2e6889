# SPDX-License-Identifier: AGPL-3.0-or-later
"""The small parts of version 3.0: words, contexts, lists, tokens."""

from __future__ import annotations

import gzip
import importlib.machinery
import json
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from openbadges.errors import (
    KeyFormatError,
    MalformedError,
    OpenBadgesError,
    SigningError,
    UnsupportedError,
    VerificationError,
)
from openbadges.keys import PrivateKey, PublicKey, generate_rsa, load_jwk
from openbadges.models import IdentityObject
from openbadges.ob3 import (
    contexts,
    credentials,
    identifiers,
    multikeys,
    proofs,
    reading,
    statuses,
    tokens,
)
from openbadges.ob3.canonical import canonical
from openbadges.ob3.vocabulary import CONTEXTS, CREDENTIALS
from tests.unit.openbadges.ob3.world import BEFORE, credential

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.openbadges.ob3.world import World


@given(st.binary(max_size=80))
def test_base58_gives_back_what_it_took(data: bytes) -> None:
    assert multikeys.from_base58(multikeys.to_base58(data)) == data


@pytest.mark.parametrize("word", ["", "a", "z0", "zO", "u1", "z" + "1" * 300])
def test_other_words_are_no_base58(word: str) -> None:
    with pytest.raises(MalformedError, match="no multibase base58"):
        multikeys.from_base58(word)


def test_a_known_key_has_its_known_word(ed25519_key: PrivateKey) -> None:
    """The vector of the W3C's Data Integrity EdDSA Cryptosuites, section B.1."""
    word = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ5XJPt4swbTQ2"
    assert multikeys.to_multikey(multikeys.from_multikey(word, "x")) == word
    word = multikeys.to_multikey(ed25519_key.public)
    assert word.startswith("z6Mk")
    with pytest.raises(KeyFormatError, match="no Ed25519 key"):
        multikeys.from_multikey(multikeys.to_base58(b"\x12\x00" + bytes(32)), "x")
    with pytest.raises(KeyFormatError, match="no multibase"):
        multikeys.from_multikey("not", "x")


def test_a_key_of_another_kind_has_no_word(key: PrivateKey) -> None:
    with pytest.raises(KeyFormatError, match="not Ed25519"):
        multikeys.to_multikey(key.public)


def test_the_contexts_are_those_that_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in CONTEXTS:
        assert "@context" in contexts.known_context(url)
    with pytest.raises(UnsupportedError, match="not one of those"):
        contexts.known_context("https://example.org/context")
    contexts._read.cache_clear()
    monkeypatch.setattr(contexts, "find_spec", lambda _name: None)
    with pytest.raises(OpenBadgesError, match="are missing: install openbadgeslib"):
        contexts.known_context(CREDENTIALS)
    (tmp_path / "ob3" / "contexts").mkdir(parents=True)
    (tmp_path / "ob3" / "contexts" / "credentials-v2.json").write_text("{}")
    spec = importlib.machinery.ModuleSpec("openbadgeslib", None)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(contexts, "find_spec", lambda _name: spec)
    with pytest.raises(OpenBadgesError, match="is not the text that is known"):
        contexts.known_context(CREDENTIALS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"unheard": "of"}, "'unheard' means nothing"),
        ({"@context": [CREDENTIALS, {"name": "https://example.org/x"}]}, "by their URLs"),
        ({"proof": {"@context": [1]}}, "by their URLs"),
        ({"validFrom": {"@value": 1, "@id": "x"}}, "JSON-LD"),
    ],
)
def test_what_no_signature_would_cover_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        canonical({**credential(), **change})


def test_a_proof_is_made_by_a_key_of_its_kind_and_once(world: World, key: PrivateKey) -> None:
    with pytest.raises(SigningError, match="not Ed25519"):
        proofs.add_proof(credential(), key, "x", created=BEFORE)
    with pytest.raises(SigningError, match="has a proof already"):
        proofs.add_proof(world.proven(), world.ed25519, "x", created=BEFORE)
    with pytest.raises(VerificationError, match="no Ed25519 signature by a key of that kind"):
        proofs.check_proof(world.proven(), key.public)


def test_another_suite_beside_ours_is_left_alone(world: World) -> None:
    document = world.proven()
    document["proof"] = [{"cryptosuite": "ecdsa-rdfc-2019"}, document["proof"]]
    assert proofs.proof_of(document)["cryptosuite"] == "eddsa-rdfc-2022"
    proofs.check_proof(document, world.ed25519.public)


@given(st.sets(st.integers(0, statuses.MIN_SIZE - 1), max_size=20))
def test_a_list_gives_back_its_bits(indexes: set[int]) -> None:
    encoded = statuses.encode(statuses.MIN_SIZE, indexes)
    assert encoded == statuses.encode(statuses.MIN_SIZE, sorted(indexes, reverse=True))
    bits = statuses.decode(encoded)
    assert {
        each for each in range(statuses.MIN_SIZE) if bits[each >> 3] and statuses.is_set(bits, each)
    } == indexes


def test_the_first_bit_is_the_highest() -> None:
    assert statuses.decode(statuses.encode(statuses.MIN_SIZE, [0]))[0] == 0x80


def packed(data: bytes) -> str:
    return "u" + urlsafe_b64encode(gzip.compress(data)).decode().rstrip("=")


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "z",
        "uAAAA",
        "u====",
        packed(bytes(100)),
        packed(bytes(statuses.MAX_SIZE // 8 + 1)),
        packed(bytes(20_000))[:-12],
        "u" + "A" * (33 << 20),
    ],
    ids=["empty", "not u", "not gzip", "not base64", "short", "bomb", "cut off", "long"],
)
def test_what_is_no_list_is_refused(encoded: str) -> None:
    with pytest.raises(MalformedError):
        statuses.decode(encoded)


@pytest.mark.parametrize(
    ("size", "index"),
    [(8, 0), (statuses.MIN_SIZE + 1, 0), (statuses.MIN_SIZE, -1), (statuses.MIN_SIZE, 131_072)],
)
def test_lists_have_bounds(size: int, index: int) -> None:
    with pytest.raises(MalformedError):
        statuses.encode(size, [index])


@pytest.mark.parametrize("name", ["iss", "sub", "jti", "nbf", "exp"])
def test_a_token_may_not_contradict_its_credential(world: World, name: str) -> None:
    document = credential()
    token = tokens.sign({**document, **tokens._claims(document), name: 1}, world.rsa)
    with pytest.raises(VerificationError, match=f"{name} contradicts"):
        tokens.open_token(token, world.rsa.public)


def test_tokens_need_rsa_and_all_that_they_say(world: World) -> None:
    with pytest.raises(SigningError, match="not RSA"):
        tokens.to_token(credential(), world.ed25519)
    for name in ("id", "credentialSubject", "issuer", "validFrom"):
        document = credential()
        del document[name]
        with pytest.raises(MalformedError):
            tokens.to_token(document, world.rsa)
    assert tokens.open_token(world.token(), world.rsa.public) == credential()


def test_keys_are_read_from_json_web_keys(key: PrivateKey, ed25519_key: PrivateKey) -> None:
    for each in (key.public, ed25519_key.public):
        assert load_jwk(each.to_jwk(), each.id).to_pem() == each.to_pem()
    curve = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    assert load_jwk(curve, "x").algorithm == "ES256"
    for broken in (
        {},
        {"kty": "RSA", "n": 1, "e": "AQAB"},
        {**curve, "crv": "P-999"},
        {**curve, "x": "A" * 70_000},
        {"kty": "oct", "k": "x"},
    ):
        with pytest.raises(KeyFormatError):
            load_jwk(broken, "x")
    short = PublicKey("x", rsa.generate_private_key(65537, 1024).public_key())  # noqa: S505 (meant)
    with pytest.raises(KeyFormatError, match="bits"):
        load_jwk(short.to_jwk(), "x")


@pytest.mark.parametrize(
    "did",
    ["did:key:x", "did:web:", "did:web:a/b", "did:web:a:..", "did:web:a::b", "did:web:a:%2F", "x"],
)
def test_other_names_are_no_did_web(did: str) -> None:
    with pytest.raises(MalformedError, match="is no did:web"):
        identifiers.did_web_url(did)


def test_a_did_key_is_its_key(ed25519_key: PrivateKey) -> None:
    word = multikeys.to_multikey(ed25519_key.public)
    found = identifiers.key_of_did_key(f"did:key:{word}#{word}")
    assert found.to_pem() == ed25519_key.public.to_pem()
    with pytest.raises(KeyFormatError, match="no did:key"):
        identifiers.key_of_did_key("did:web:x")


def test_nothing_is_null_or_empty_and_tabs_are_spaces() -> None:
    text = json.dumps(credential(status=None, refresh="", narrative="", evidence=()))
    for nothing in ("null", '""', "[]", "{}", "\\t"):
        assert nothing not in text
    assert "updates at least" in text


def test_what_others_write_in_another_way_before_they_hash_it_is_a_space() -> None:
    control = "".join(map(chr, (*range(0x20), 0x7F)))
    subject = credential(narrative=control)["credentialSubject"]
    assert set(subject["narrative"]) == {" ", "\n", "\r"}


def test_a_recipient_must_have_a_form_in_this_version() -> None:
    recipient = IdentityObject(type="https://example.org/badge-number", identity="7", hashed=False)
    with pytest.raises(MalformedError, match="has no form"):
        credentials.open_badge(
            "urn:a:b",
            credentials.Issuer(id="urn:a:c", name="x"),
            credentials.Achievement(id="urn:a:d", name="x", description="y", criteria_id="urn:a:e"),
            recipient,
            subject_id="urn:a:f",
            valid_from=BEFORE,
        )


@pytest.mark.parametrize(
    "change",
    [
        {"credentialSubject": {"identifier": ["x"]}},
        {"credentialSubject": {"identifier": [{}] * 21}},
        {"credentialStatus": ["x"]},
        {"@context": ["https://example.org", CREDENTIALS]},
        {"issuer": 1},
    ],
)
def test_what_is_of_the_wrong_kind_is_named(change: dict[str, Any]) -> None:
    document = credential()
    for name, value in change.items():
        document[name] = {**document[name], **value} if isinstance(value, dict) else value
    with pytest.raises(MalformedError):
        reading.read(document)


def test_rsa_keys_stand_in_did_documents_too() -> None:
    key = generate_rsa("https://badges.example.org/keys/1")
    (method,) = identifiers.did_document("did:web:x", [("rsa", key.public)])["verificationMethod"]
    assert (method["type"], method["publicKeyJwk"]["kid"]) == ("JsonWebKey", "rsa")


def alike(levels: int) -> dict[str, Any]:
    """Return a credential in which two nodes look alike, each with nodes that look alike."""
    document = credential()
    level = {"type": ["RubricCriterionLevel"], "name": "x"}
    described = {
        "type": ["ResultDescription"],
        "name": "x",
        "rubricCriterionLevel": [dict(level) for _ in range(levels)],
    }
    both = [described, dict(described)]
    document["credentialSubject"]["achievement"]["resultDescription"] = both
    return document


def test_a_document_that_would_be_ordered_for_ever_is_given_up_at_once() -> None:
    """Attacks V15: twelve nodes that look alike have 479,001,600 orders."""
    assert canonical(alike(3))
    with pytest.raises(UnsupportedError, match="look alike"):
        canonical(alike(12))
    many = credential()
    child = {"type": ["Evidence"], "name": "x"}
    many["evidence"] = [{**child, "name": str(number)} for number in range(1001)]
    with pytest.raises(UnsupportedError, match="more than 1000 nodes without id"):
        canonical(many)
    many["evidence"] = [dict(child) for _ in range(6000)]
    with pytest.raises(UnsupportedError, match="too many values"):
        canonical(many)
