# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.api_jws import PyJWS

from openbadges.baking import bake
from openbadges.keys import PublicKey
from openbadges.serialization import dumps
from openbadges.signing import sign
from openbadges.verification import Outcome, Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.baking.test_svg import SVG
from tests.unit.openbadges.test_signing import mangled
from tests.unit.openbadges.verification.changes import outcome
from tests.unit.openbadges.verification.site import Site, recorded

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey

ISSUER = examples.ISSUER_ID
KEY = examples.KEY_ID
LIST = examples.LIST_ID
EVIL_KEY = "https://evil.example/key"
URN = "urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b"


def test_a_signed_badge_is_valid_and_needs_no_hosted_assertion(site: Site, key: PrivateKey) -> None:
    del site.documents[examples.ASSERTION_ID]
    report = site.verify(sign(examples.signed_assertion(), key), [examples.ADDRESS])
    assert report.valid
    assert (report.key_id, report.algorithm) == (KEY, "RS256")
    skipped = {check.id for check in report.checks if check.outcome is Outcome.SKIPPED}
    assert skipped == {"links", "scope", "expiry"}
    assert "the signature is the issuer's" in report.sentence
    assert report.assertion == examples.signed_assertion()


@pytest.mark.parametrize("form", ["newline", "bytes", "png", "svg", "url"])
def test_a_token_is_judged_however_it_comes(site: Site, key: PrivateKey, form: str) -> None:
    token = sign(examples.signed_assertion(), key)
    site.documents[f"{examples.BASE}/1.jws"] = {"text": token + "\n"}
    sources: dict[str, str | bytes] = {
        "newline": token + "\n",
        "bytes": token.encode(),
        "png": bake(PNG, token),
        "svg": bake(SVG, token),
        "url": f"{examples.BASE}/1.jws",
    }
    assert site.verify(sources[form]).valid


@pytest.mark.parametrize("identifier", [URN, examples.ASSERTION_ID])
def test_a_revoked_id_is_revoked_however_the_list_says_it(
    site: Site, key: PrivateKey, identifier: str
) -> None:
    token = sign(examples.signed_assertion(id=identifier), key)
    reasoned = {"id": identifier, "revocationReason": "By mistake"}
    for entries in ([identifier], [reasoned], ["urn:a", identifier], ["urn:a", reasoned]):
        site.documents[LIST] = {"json": examples.revocation_list(*entries)}
        report = site.verify(token)
        assert report.verdict is Verdict.REVOKED
        assert ("By mistake" in report.sentence) == (reasoned in entries)


def changed_issuer(**changes: Any) -> dict[str, Any]:
    return {ISSUER: {"json": examples.issuer(**changes)}}


@pytest.mark.parametrize(
    ("changes", "verdict", "check", "words"),
    [
        pytest.param(
            changed_issuer(publicKey=None), "invalid", "key", "lists no key", id="issuer-has-no-key"
        ),
        pytest.param(
            changed_issuer(publicKey=EVIL_KEY), "invalid", "key", "is not one", id="key-not-listed"
        ),
        pytest.param({KEY: {"status": 404}}, "unverifiable", "key", "404", id="key-404"),
        pytest.param({KEY: {"error": "down"}}, "unverifiable", "key", "down", id="key-down"),
        pytest.param(
            {KEY: {"json": examples.key_document("garbage")}},
            "invalid",
            "key",
            "cannot be read",
            id="key-garbage",
        ),
        pytest.param(
            {KEY: {"json": examples.key_document("pem", id=EVIL_KEY)}},
            "invalid",
            "key",
            "calls itself",
            id="key-of-another-id",
        ),
        pytest.param({LIST: {"status": 404}}, "unverifiable", "revocation", "404", id="list-404"),
        pytest.param({LIST: {"error": "x"}}, "unverifiable", "revocation", "x", id="list-down"),
        pytest.param(
            {LIST: {"status": 500, "json": examples.revocation_list()}},
            "unverifiable",
            "revocation",
            "500",
            id="list-500-with-body",
        ),
        pytest.param(
            {LIST: {"json": examples.revocation_list(type="Profile")}},
            "unverifiable",
            "revocation",
            "type",
            id="list-wrong-type",
        ),
        pytest.param(
            {LIST: {"json": examples.revocation_list("not an iri")}},
            "unverifiable",
            "revocation",
            "IRI",
            id="list-bad-entry",
        ),
        pytest.param(
            {LIST: {"json": examples.revocation_list(revokedAssertions=None)}},
            "unverifiable",
            "revocation",
            "missing",
            id="list-without-entries",
        ),
    ],
)
def test_a_fault_is_found_by_its_check(
    site: Site, key: PrivateKey, changes: dict[str, Any], verdict: str, check: str, words: str
) -> None:
    site.documents |= changes
    report = site.verify(sign(examples.signed_assertion(), key))
    assert report.verdict.value == verdict
    found, message = outcome(report, check)
    assert found is (Outcome.ERROR if verdict == "unverifiable" else Outcome.FAILED)
    assert words in message


@pytest.mark.parametrize(
    ("payload", "verdict", "check"),
    [
        pytest.param(b"[1]", "invalid", "assertion", id="array"),
        pytest.param({"revoked": True}, "revoked", "revocation", id="revoked-in-payload"),
        pytest.param({"expires": "2020-02-02T00:00:00Z"}, "expired", "expiry", id="expired"),
        pytest.param({"issuedOn": None}, "invalid", "data", id="no-time"),
        pytest.param({"id": None}, "invalid", "data", id="no-id"),
        pytest.param({"@context": None}, "unverifiable", "assertion", id="no-context"),
        pytest.param({"type": "Issuer"}, "not a badge", "assertion", id="no-assertion"),
        pytest.param(
            {"verification": {"type": "SignedBadge", "creator": examples.key_document("pem")}},
            "invalid",
            "data",
            id="embedded-key",
        ),
        pytest.param({"badge": URN}, "invalid", "badge", id="badge-without-document"),
    ],
)
def test_a_bad_payload_is_found(
    site: Site, key: PrivateKey, payload: dict[str, Any] | bytes, verdict: str, check: str
) -> None:
    if isinstance(payload, bytes):
        header, _, signature = sign(examples.signed_assertion(), key).split(".")
        token = ".".join([header, base64.urlsafe_b64encode(payload).decode(), signature])
    else:
        token = sign(examples.signed_assertion(**payload), key)
    report = site.verify(token)
    assert report.verdict.value == verdict
    assert outcome(report, check)[0] is not Outcome.PASSED


def test_a_stranger_signs_for_nobody(site: Site, other_key: PrivateKey) -> None:
    forged = examples.signed_assertion(verification={"type": "SignedBadge"})
    # The true key is listed, the token is the stranger's.
    assert site.verify(sign(forged, other_key)).verdict is Verdict.INVALID
    # The issuer lists no key: nothing that was not checked may pass.
    site.documents |= changed_issuer(publicKey=[])
    report = site.verify(sign(forged, other_key))
    assert report.verdict is Verdict.INVALID
    assert outcome(report, "signature")[0] is Outcome.SKIPPED
    # A key of the stranger's own, whose owner it claims to be the issuer.
    site.documents[EVIL_KEY] = {
        "json": examples.key_document(other_key.public.to_pem(), id=EVIL_KEY)
    }
    named = examples.signed_assertion(verification={"type": "SignedBadge", "creator": EVIL_KEY})
    assert site.verify(sign(named, other_key)).verdict is Verdict.INVALID
    # The stranger's own copy of the profile, inside the badge that is inside the token.
    profile = examples.issuer(publicKey=EVIL_KEY)
    inside = examples.badge(id=URN, issuer=profile)
    named["badge"] = inside
    assert site.verify(sign(named, other_key)).verdict is Verdict.INVALID


def test_a_token_that_says_it_is_hosted_is_judged_at_its_id(
    site: Site, key: PrivateKey, other_key: PrivateKey
) -> None:
    token = sign(examples.assertion(issuedOn="2001-01-01T00:00:00Z"), other_key)
    report = site.verify(token)
    # The hosted document is what was judged; yet nobody vouches for the token's own signature.
    assert report.assertion == examples.assertion()
    assert report.verdict is Verdict.INVALID
    assert "no key vouches" in outcome(report, "signature")[1]
    site.documents[examples.ASSERTION_ID] = {"status": 410}
    assert site.verify(token).verdict is Verdict.REVOKED
    site.documents[examples.ASSERTION_ID] = {"status": 404}
    assert site.verify(token).verdict is Verdict.INVALID
    assert site.verify(sign(examples.assertion(), key)).verdict is Verdict.INVALID


def test_without_a_creator_the_listed_keys_are_tried(
    site: Site, key: PrivateKey, other_key: PrivateKey
) -> None:
    second = f"{examples.BASE}/keys/2"
    pem = other_key.public.to_pem()
    site.documents[second] = {"json": examples.key_document(pem, id=second)}
    site.documents |= changed_issuer(publicKey=[second, KEY])
    unnamed = examples.signed_assertion(verification={"type": "SignedBadge"})
    assert site.verify(sign(unnamed, key)).key_id == KEY
    assert site.verify(sign(unnamed, other_key)).key_id == second
    assert site.verify(sign(examples.signed_assertion(), key)).valid
    assert not site.verify(sign(examples.signed_assertion(), other_key))
    site.documents |= changed_issuer(publicKey=[f"{KEY}/{number}" for number in range(11)])
    report = site.verify(sign(unnamed, key))
    assert "which of 11 keys" in outcome(report, "key")[1]


def test_what_is_odd_and_lawful_is_noted(site: Site, key: PrivateKey) -> None:
    other = "https://other.example.net/issuer"
    pem = key.public.to_pem()
    site.documents[KEY] = {"json": examples.key_document(pem, owner=other)}
    site.documents[LIST] = {"json": examples.revocation_list(issuer=other)}
    report = site.verify(sign(examples.signed_assertion(), key))
    assert report.valid
    assert len(report.notes) == 2
    assert all(other in note for note in report.notes)


def test_an_issuer_without_a_list_withdraws_nothing(site: Site, key: PrivateKey) -> None:
    site.documents |= changed_issuer(revocationList=None)
    report = site.verify(sign(examples.signed_assertion(), key))
    assert report.valid
    assert outcome(report, "revocation")[0] is Outcome.SKIPPED


def test_a_signed_badge_may_carry_its_badge_class(site: Site, key: PrivateKey) -> None:
    token = sign(examples.signed_assertion(id=URN, badge=examples.badge(id=URN)), key)
    report = site.verify(token)
    assert report.valid
    assert report.badge == examples.badge(id=URN)


@pytest.mark.parametrize("case", sorted(mangled("a.b.A").keys() - {"newline-after", "empty"}))
def test_a_token_has_one_spelling_only(site: Site, key: PrivateKey, case: str) -> None:
    token = mangled(sign(examples.signed_assertion(), key))[case]
    assert site.verify(token).verdict in {Verdict.INVALID, Verdict.NOT_A_BADGE}


def test_a_picture_with_two_badges_is_refused(site: Site, key: PrivateKey) -> None:
    token = sign(examples.signed_assertion(), key)
    once = bake(PNG, token)
    # The header and its frame end at byte 33; the badge follows.
    badge = once[33 : 33 + len(once) - len(PNG)]
    report = site.verify(once[:33] + badge + once[33:])
    assert report.verdict is Verdict.INVALID
    assert "holds 2" in report.sentence
    site.documents["https://a.example/x"] = recorded(once)
    assert site.verify("https://a.example/x").valid


@pytest.mark.requirement("I2")
@pytest.mark.parametrize(
    "algorithm", ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
)
def test_the_kind_of_the_key_fixes_the_algorithm(
    site: Site, key: PrivateKey, ed25519_key: PrivateKey, algorithm: str
) -> None:
    curve = ec.SECP384R1() if algorithm == "ES384" else ec.SECP256R1()
    raw: Any = {"E": ec.generate_private_key(curve), "R": key.raw, "P": key.raw}[algorithm[0]]
    raw = ed25519_key.raw if algorithm == "EdDSA" else raw
    pem = PublicKey(KEY, raw.public_key()).to_pem()
    site.documents[KEY] = {"json": examples.key_document(pem)}
    payload = dumps(examples.signed_assertion())
    token = PyJWS().encode(payload, raw, algorithm=algorithm)
    report = site.verify(token)
    assert report.valid
    assert report.algorithm == algorithm
    other = PublicKey(KEY, ec.generate_private_key(curve).public_key())
    site.documents[KEY] = {"json": examples.key_document(other.to_pem())}
    assert site.verify(token).verdict is Verdict.INVALID


def test_a_key_inside_the_hosted_profile_is_the_issuers(
    site: Site, key: PrivateKey, other_key: PrivateKey
) -> None:
    inside = examples.key_document(key.public.to_pem())
    site.documents |= changed_issuer(publicKey=[inside, f"{KEY}/2"])
    # What lies at the key's own id does not count: the profile says which key it is.
    site.documents[KEY] = {"json": examples.key_document(other_key.public.to_pem())}
    report = site.verify(sign(examples.signed_assertion(), key))
    assert report.valid
    assert KEY not in {document.url for document in report.documents}
    assert not site.verify(sign(examples.signed_assertion(), other_key))


@pytest.mark.parametrize("place", ["badge", "issuer"])
def test_what_is_embedded_may_stand_in_an_array(site: Site, key: PrivateKey, place: str) -> None:
    inside = examples.badge(issuer=[examples.issuer()] if place == "issuer" else ISSUER)
    embedded = [inside] if place == "badge" else inside
    assert site.verify(sign(examples.signed_assertion(badge=embedded), key)).valid
    inside["id"] = URN
    report = site.verify(sign(examples.signed_assertion(badge=embedded), key))
    assert report.valid
    assert report.badge == inside
    site.documents[examples.ASSERTION_ID] = {"json": examples.assertion(badge=[examples.badge()])}
    assert site.verify(examples.ASSERTION_ID).valid


@pytest.mark.parametrize("left_out", [("type",), ("id",), ("type", "id", "owner")])
def test_a_key_need_not_say_more_than_itself(
    site: Site, key: PrivateKey, left_out: tuple[str, ...]
) -> None:
    document = examples.key_document(key.public.to_pem())
    short = {name: value for name, value in document.items() if name not in left_out}
    site.documents[KEY] = {"json": short}
    assert site.verify(sign(examples.signed_assertion(), key)).valid
    site.documents[KEY] = {"json": short | {"type": "Profile"}}
    assert not site.verify(sign(examples.signed_assertion(), key))
