# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an attacker tries on a token and its key (V1 to V7); the names tell the attack."""

from __future__ import annotations

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
from openbadges.verification import Outcome, Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    EVIL,
    KEY,
    OTHER_ISSUER,
    encode,
    of_issuer,
    outcome,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.openbadges.verification.site import Site

EVIL_KEY = f"{EVIL}/key"


def token(payload: bytes, key: PrivateKey, **header: Any) -> str:
    """Sign exact bytes with any header."""
    return PyJWS().encode(payload, key.raw, algorithm="RS256", headers=header)


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
