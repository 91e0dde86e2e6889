# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an attacker tries on a verifier, and what must come out; the names tell the attack."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.api_jws import PyJWS
from jwt.warnings import InsecureKeyLengthWarning

from openbadges.keys import PrivateKey
from openbadges.serialization import dumps
from openbadges.signing import sign
from openbadges.verification import Outcome, Report, Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    BADGE,
    EVIL,
    hosted,
    of_badge,
    of_issuer,
    outcome,
    policy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.openbadges.verification.site import Site

KEY, LIST = examples.KEY_ID, examples.LIST_ID
EVIL_KEY = f"{EVIL}/key"
OTHER_ISSUER = "https://other.example.net/issuer"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(payload: bytes, key: PrivateKey, **header: Any) -> str:
    """Sign exact bytes with any header."""
    return PyJWS().encode(payload, key.raw, algorithm="RS256", headers=header)


def refused(report: Report, check: str, words: str) -> None:
    assert report.verdict is Verdict.INVALID, report.sentence
    assert outcome(report, check)[0] is Outcome.FAILED
    assert words in outcome(report, check)[1]


class TestV1ToV4TheSignature:
    @pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
    @pytest.mark.parametrize("signature", ["", "AAAA"])
    def test_v1_no_algorithm(self, site: Site, name: str, signature: str) -> None:
        header = encode(json.dumps({"alg": name}).encode())
        forged = f"{header}.{encode(dumps(examples.signed_assertion()))}.{signature}"
        report = site.verify(forged)
        assert report.verdict is Verdict.INVALID
        if signature:
            refused(report, "signature", "is not allowed for this key")

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
    def test_v2_the_public_key_as_a_secret(
        self, site: Site, key: PrivateKey, algorithm: str
    ) -> None:
        for secret in (key.public.to_pem().encode(), key.public.to_pem().strip().encode()):
            start = encode(json.dumps({"alg": algorithm}).encode())
            start += "." + encode(dumps(examples.signed_assertion()))
            digest = getattr(hashlib, f"sha{algorithm[2:]}")
            forged = f"{start}.{encode(hmac.new(secret, start.encode(), digest).digest())}"
            refused(site.verify(forged), "signature", "is not allowed for this key")

    def test_v3_a_key_of_the_attackers_in_the_header(
        self, site: Site, key: PrivateKey, other_key: PrivateKey
    ) -> None:
        header = {"jwk": other_key.public.to_jwk(), "kid": EVIL_KEY}
        header |= {"jku": f"{EVIL}/keys", "x5u": f"{EVIL}/chain", "x5c": ["AAAA"]}
        payload = dumps(examples.signed_assertion())
        report = site.verify(token(payload, other_key, **header))
        refused(report, "signature", "signature")
        assert not [found for found in report.documents if found.url.startswith(EVIL)]
        # The same header over the issuer's own signature changes nothing.
        report = site.verify(token(payload, key, **header))
        assert report.valid
        assert not [found for found in report.documents if found.url.startswith(EVIL)]

    def test_v4_a_key_that_the_issuer_does_not_list(
        self, site: Site, other_key: PrivateKey
    ) -> None:
        pem = other_key.public.to_pem()
        site.documents[EVIL_KEY] = {"json": examples.key_document(pem, id=EVIL_KEY)}
        named = {"type": "SignedBadge", "creator": EVIL_KEY}
        report = site.verify(sign(examples.assertion(verification=named), other_key))
        refused(report, "key", "is not one that issuer")
        assert outcome(report, "signature")[0] is Outcome.SKIPPED
        assert EVIL_KEY not in {found.url for found in report.documents}


class TestV5AndV6TheKey:
    def test_v5_a_key_that_names_another_owner(self, site: Site, key: PrivateKey) -> None:
        pem = key.public.to_pem()
        site.documents[KEY] = {"json": examples.key_document(pem, owner=OTHER_ISSUER)}
        report = site.verify(sign(examples.signed_assertion(), key))
        assert report.valid
        assert f"names {OTHER_ISSUER} as its owner" in report.notes[0]
        site.documents |= of_issuer(publicKey=f"{KEY}/2")
        refused(site.verify(sign(examples.signed_assertion(), key)), "key", "is not one that")

    def test_v6_a_key_that_was_retired_after_it_signed(self, site: Site, key: PrivateKey) -> None:
        pem = key.public.to_pem()
        site.documents[KEY] = {"json": examples.key_document(pem, expires="2021-01-01T00:00:00Z")}
        report = site.verify(sign(examples.signed_assertion(), key))
        assert report.valid
        assert report.notes == (f"key {KEY} signs nothing new since 2021-01-01T00:00:00Z",)

    def test_v6_a_key_that_still_signs(self, site: Site, key: PrivateKey) -> None:
        pem = key.public.to_pem()
        site.documents[KEY] = {"json": examples.key_document(pem, expires="2999-01-01T00:00:00Z")}
        assert site.verify(sign(examples.signed_assertion(), key)).notes == ()

    def test_v6_a_key_that_was_retired_before_it_signed(self, site: Site, key: PrivateKey) -> None:
        pem = key.public.to_pem()
        site.documents[KEY] = {"json": examples.key_document(pem, expires="2019-01-01T00:00:00Z")}
        refused(site.verify(sign(examples.signed_assertion(), key)), "key", "had ended on")

    @pytest.mark.parametrize("embedded", [False, True])
    def test_v6_a_key_that_was_stolen(self, site: Site, key: PrivateKey, *, embedded: bool) -> None:
        document = examples.key_document(key.public.to_pem(), revoked=True)
        site.documents[KEY] = {"json": document}
        site.documents |= of_issuer(publicKey=document if embedded else KEY)
        refused(site.verify(sign(examples.signed_assertion(), key)), "key", "withdrew key")


class TestV7TheSpelling:
    @pytest.mark.parametrize(
        "twice",
        [
            pytest.param('"id":"https://badges.example.org/2"', id="id"),
            pytest.param('"recipient":{}', id="recipient"),
            pytest.param('"@context":"https://w3id.org/openbadges/v2"', id="context"),
        ],
    )
    def test_v7_a_member_named_twice(self, site: Site, key: PrivateKey, twice: str) -> None:
        payload = b"{" + twice.encode() + b"," + dumps(examples.signed_assertion())[1:]
        refused(site.verify(token(payload, key)), "assertion", "twice")
        site.documents[ASSERTION] = {
            "text": "{" + twice + "," + json.dumps(examples.assertion())[1:]
        }
        refused(site.verify(examples.assertion()), "assertion", "twice")

    def test_v7_a_header_with_a_member_named_twice(self, site: Site, key: PrivateKey) -> None:
        parts = sign(examples.signed_assertion(), key).split(".")
        parts[0] = encode(b'{"alg":"none","alg":"RS256"}')
        refused(site.verify(".".join(parts)), "assertion", "twice")

    @pytest.mark.parametrize(
        "spelled",
        [
            pytest.param(lambda text: text + "==", id="padded"),
            pytest.param(lambda text: text.replace(".", ".\n", 1), id="newline-inside"),
            pytest.param(lambda text: " " + text, id="space-before"),
            pytest.param(lambda text: text + " ", id="space-behind"),
            pytest.param(lambda text: text + "\t\n", id="tab-behind"),
            pytest.param(
                lambda text: text[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[text[-1]],
                id="not-canonical",
            ),
            pytest.param(lambda text: text.replace("_", "/").replace("-", "+"), id="other-base64"),
            pytest.param(lambda text: text + ".AAAA", id="fourth-part"),
        ],
    )
    def test_v7_another_spelling_of_a_token(
        self, site: Site, key: PrivateKey, spelled: Callable[[str], str]
    ) -> None:
        good = sign(examples.signed_assertion(), key)
        bad = spelled(good)
        assert site.verify(good).valid
        assert bad != good
        assert site.verify(bad).verdict in (Verdict.INVALID, Verdict.NOT_A_BADGE)


class TestV8AndV9Revocation:
    def test_v8_with_the_reason(self, site: Site, key: PrivateKey) -> None:
        entry = {"id": ASSERTION, "revocationReason": "Copied"}
        site.documents[LIST] = {"json": examples.revocation_list("urn:a", entry)}
        site.documents[ASSERTION] = {
            "status": 410,
            "json": {"revoked": True, "revocationReason": "Copied"},
        }
        for source in (sign(examples.signed_assertion(), key), ASSERTION, examples.assertion()):
            report = site.verify(source)
            assert report.verdict is Verdict.REVOKED
            assert "Copied" in report.sentence

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param({"error": "timed out"}, id="down"),
            pytest.param({"status": 404}, id="missing"),
            pytest.param({"status": 500, "json": examples.revocation_list()}, id="broken"),
            pytest.param({"text": "{"}, id="no-json"),
            pytest.param({"json": []}, id="array"),
            pytest.param({"json": examples.revocation_list(revokedAssertions={})}, id="no-entry"),
            pytest.param({"json": examples.issuer(id=LIST)}, id="a-profile"),
            pytest.param({"status": 302, "location": f"{EVIL}/list"}, id="elsewhere"),
        ],
    )
    def test_v9_a_list_that_cannot_be_read(
        self, site: Site, key: PrivateKey, answer: dict[str, Any]
    ) -> None:
        site.documents[f"{EVIL}/list"] = {"json": examples.revocation_list()}
        site.documents[LIST] = answer
        report = site.verify(sign(examples.signed_assertion(), key))
        assert not report.valid
        assert outcome(report, "revocation")[0] in (Outcome.ERROR, Outcome.FAILED)
        if "location" not in answer:
            assert report.verdict is Verdict.UNVERIFIABLE

    def test_v9_a_list_of_another_issuer(self, site: Site, key: PrivateKey) -> None:
        site.documents[LIST] = {"json": examples.revocation_list("urn:a", issuer=OTHER_ISSUER)}
        report = site.verify(sign(examples.signed_assertion(), key))
        assert report.valid
        assert "names another issuer" in report.notes[0]


class TestV10Times:
    @pytest.mark.parametrize(
        ("changes", "verdict", "check"),
        [
            pytest.param({"expires": "2026-11-21T12:00:00Z"}, "expired", "expiry", id="expired"),
            pytest.param({"issuedOn": "2026-11-21T12:05:01Z"}, "invalid", "issued", id="future"),
            pytest.param({"issuedOn": "2026-11-21T12:05:00Z"}, "valid", "", id="clock-skew"),
            pytest.param({"issuedOn": "2020-01-02T03:04:05"}, "invalid", "data", id="naive"),
            pytest.param({"expires": "2999-01-02T03:04:05"}, "invalid", "data", id="naive-expiry"),
        ],
    )
    def test_v10(
        self, site: Site, key: PrivateKey, changes: dict[str, Any], verdict: str, check: str
    ) -> None:
        site.documents |= hosted(**changes)
        for source in (ASSERTION, sign(examples.signed_assertion(**changes), key)):
            report = site.verify(source)
            assert report.verdict.value == verdict
            assert not check or outcome(report, check)[0] is Outcome.FAILED


class TestV11AndV12WhoseBadge:
    def test_v11_a_copy_is_judged_at_its_own_id(self, site: Site) -> None:
        site.documents[f"{EVIL}/1"] = {"json": examples.assertion(issuedOn="x")}
        report = site.verify(f"{EVIL}/1")
        assert report.valid
        assert report.notes == (f"{EVIL}/1 names {ASSERTION} as its id, so that one was judged",)

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({}, id="origin"),
            pytest.param(policy(startsWith=f"{examples.BASE}/a"), id="beginning"),
            pytest.param(policy(allowedOrigins="badges.example.org"), id="origins"),
        ],
    )
    def test_v11_an_id_out_of_scope(self, site: Site, changes: dict[str, Any]) -> None:
        site.documents |= changes
        site.documents[f"{EVIL}/1"] = {"json": examples.assertion(id=f"{EVIL}/1")}
        report = site.verify(f"{EVIL}/1")
        assert report.verdict is Verdict.INVALID
        assert outcome(report, "scope")[0] is Outcome.FAILED

    def test_v12_a_badge_of_another_issuer(self, site: Site, key: PrivateKey) -> None:
        theirs = "https://other.example.net/badge"
        site.documents[theirs] = {"json": examples.badge(id=theirs, issuer=OTHER_ISSUER)}
        issuer = examples.issuer(id=OTHER_ISSUER, publicKey="https://other.example.net/key")
        site.documents[OTHER_ISSUER] = {"json": issuer}
        report = site.verify(sign(examples.signed_assertion(badge=theirs), key))
        refused(report, "key", "is not one that issuer")
        site.documents |= hosted(badge=theirs)
        refused(site.verify(ASSERTION), "scope", "out of the scope")

    def test_v12_a_badge_that_was_swapped_in_the_token(self, site: Site, key: PrivateKey) -> None:
        better = f"{BADGE}/gold"
        site.documents[better] = {"json": examples.badge(id=better, name="Gold")}
        parts = sign(examples.signed_assertion(), key).split(".")
        parts[1] = encode(dumps(examples.signed_assertion(badge=better)))
        refused(site.verify(".".join(parts)), "signature", "signature")

    def test_v12_a_badge_that_claims_the_issuer(self, site: Site) -> None:
        site.documents[f"{EVIL}/b"] = {"json": examples.badge(id=f"{EVIL}/b")}
        site.documents |= hosted(badge=f"{EVIL}/b")
        refused(site.verify(ASSERTION), "scope", "does not lie on the origin")


class TestV13TheRecipient:
    SALTED = examples.assertion()["recipient"]

    @pytest.mark.parametrize(
        "recipient",
        [
            pytest.param(SALTED | {"salt": "livingsea"}, id="other-salt"),
            pytest.param(SALTED | {"salt": None}, id="no-salt"),
            pytest.param(SALTED | {"identity": "sha256$" + "0" * 64}, id="somebody-else"),
            pytest.param(SALTED | {"identity": "sha1$" + "0" * 40}, id="unknown-algorithm"),
            pytest.param(SALTED | {"identity": "sha256$"}, id="empty-hash"),
            pytest.param(SALTED | {"identity": ""}, id="empty"),
            # The hash of the address in capitals is not that of the address.
            pytest.param(
                SALTED
                | {
                    "identity": "sha256$"
                    + hashlib.sha256(b"LMACKEN@EXAMPLE.ORGdeadsea").hexdigest()
                },
                id="wrong-case",
            ),
        ],
    )
    def test_v13_somebody_elses_hash(self, site: Site, recipient: dict[str, Any]) -> None:
        site.documents |= hosted(recipient=recipient)
        assert site.verify(ASSERTION, [f"email:{examples.ADDRESS}"]).verdict is Verdict.INVALID

    def test_v13_md5_is_named_as_weak(self, site: Site) -> None:
        digest = hashlib.md5(f"{examples.ADDRESS}deadsea".encode(), usedforsecurity=False)
        site.documents |= hosted(recipient=self.SALTED | {"identity": f"md5${digest.hexdigest()}"})
        report = site.verify(ASSERTION, [examples.ADDRESS])
        assert report.valid
        assert "md5, which proves little" in report.notes[0]


REDEFINED = {"issuer": "https://evil.example/#x", "badge": "https://evil.example/#y"}


class TestV14Contexts:
    @pytest.mark.parametrize("context", [f"{EVIL}/context", [f"{EVIL}/context", examples.CONTEXT]])
    def test_v14_a_context_of_the_attackers(
        self, site: Site, key: PrivateKey, context: object
    ) -> None:
        site.documents[f"{EVIL}/context"] = {"json": {"@context": REDEFINED}}
        for source in (
            examples.assertion(**{"@context": context}),
            sign(examples.signed_assertion(**{"@context": context}), key),
        ):
            report = site.verify(source)
            assert not report.valid
            assert report.documents == ()

    @pytest.mark.parametrize("term", ["issuer", "badge", "recipient", "id", "type", "verification"])
    def test_v14_a_core_term_with_another_meaning(
        self, site: Site, key: PrivateKey, term: str
    ) -> None:
        context = [examples.CONTEXT, {term: "https://evil.example/#x"}]
        signed = examples.signed_assertion(**{"@context": context})
        refused(site.verify(sign(signed, key)), "assertion", "another meaning")
        site.documents |= of_badge(**{"@context": context})
        refused(site.verify(ASSERTION), "badge", "another meaning")


class TestWhatTheLibraryBelowLetsThrough:
    """PyJWT accepts a padded signature and weak keys, and has rules of its own for claims."""

    def test_a_padded_signature(self, site: Site, key: PrivateKey) -> None:
        padded = sign(examples.signed_assertion(), key) + "=="
        assert PyJWS().decode(padded, key.raw.public_key(), algorithms=["RS256"])
        refused(site.verify(padded), "assertion", "unpadded")

    def test_a_short_key(self, site: Site) -> None:
        weak = PrivateKey(KEY, rsa.generate_private_key(65537, 1024))  # noqa: S505 -- the case
        site.documents[KEY] = {"json": examples.key_document(weak.public.to_pem())}
        with pytest.warns(InsecureKeyLengthWarning):
            weakly_signed = token(dumps(examples.signed_assertion()), weak)
        refused(site.verify(weakly_signed), "key", "RSA key has 1024 bits")

    @pytest.mark.parametrize(
        "claims",
        [
            pytest.param({"exp": 1}, id="exp"),
            pytest.param({"nbf": 99999999999}, id="nbf"),
            pytest.param({"iat": "long ago"}, id="iat"),
            pytest.param({"aud": "somebody"}, id="aud"),
            pytest.param({"iss": 7, "sub": {"a": 1}, "jti": []}, id="no-text"),
        ],
    )
    def test_claims_mean_nothing_in_a_badge(
        self, site: Site, key: PrivateKey, claims: dict[str, Any]
    ) -> None:
        assert site.verify(sign(examples.signed_assertion(**claims), key)).valid

    @pytest.mark.parametrize(
        "header",
        [
            pytest.param({"crit": ["exp"], "exp": 1}, id="crit"),
            pytest.param({"crit": []}, id="crit-empty"),
            pytest.param({"crit": ["b64"], "b64": True}, id="b64"),
            pytest.param({"b64": True}, id="b64-alone"),
        ],
    )
    @pytest.mark.requirement("I8")
    def test_a_header_that_demands_more(
        self, site: Site, key: PrivateKey, header: dict[str, Any]
    ) -> None:
        payload = dumps(examples.signed_assertion())
        start = encode(dumps({"alg": "RS256", **header})) + "." + encode(payload)
        signature = PyJWS().encode(payload, key.raw, algorithm="RS256").rpartition(".")[2]
        report = site.verify(f"{start}.{signature}")
        refused(report, "signature", "demands an extension")
