# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an attacker tries on what a badge claims (V8 to V14); the names tell the attack."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from openbadges.serialization import dumps
from openbadges.signing import sign
from openbadges.verification import Outcome, Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    BADGE,
    EVIL,
    LIST,
    OTHER_ISSUER,
    encode,
    hosted,
    of_badge,
    outcome,
    policy,
    refused,
)

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey
    from tests.unit.openbadges.verification.site import Site


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
