# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents that are handed in alone: sound or not, but nobody's award."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from openbadges.baking import bake
from openbadges.signing import sign
from openbadges.verification import Outcome, Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.verification.changes import (
    BADGE,
    EVIL,
    ISSUER,
    of_badge,
    of_issuer,
    outcome,
)

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey
    from tests.unit.openbadges.verification.site import Site

RECIPIENTS = ["email:anybody@example.org"]


@pytest.mark.parametrize(
    ("url", "subject", "words"),
    [
        (ISSUER, "Profile", "a profile"),
        (BADGE, "BadgeClass", "a badge class"),
        (examples.KEY_ID, "CryptographicKey", "a key"),
        (examples.LIST_ID, "RevocationList", "a revocation list"),
    ],
)
@pytest.mark.parametrize("form", ["url", "json"])
def test_a_sound_document_is_no_award(
    site: Site, url: str, subject: str, words: str, form: str
) -> None:
    document = site.documents[url]["json"]
    report = site.verify(url if form == "url" else document, RECIPIENTS)
    assert report.valid
    assert report.subject == subject
    assert report.document == document
    assert report.assertion is None
    assert report.sentence.startswith(f"This is {words}, sound and not withdrawn, and not")
    skipped = {check.id for check in report.checks if check.outcome is Outcome.SKIPPED}
    assert skipped >= {"key", "signature", "revocation", "issued", "expiry", "recipient"}
    assert ("badge" in skipped) == (subject != "BadgeClass")


@pytest.mark.parametrize(
    ("changes", "url", "verdict", "check"),
    [
        pytest.param({ISSUER: {"status": 410}}, ISSUER, "revoked", "revocation", id="gone"),
        pytest.param(of_issuer(url="x"), ISSUER, "invalid", "data", id="issuer"),
        pytest.param(of_issuer(email=None), ISSUER, "invalid", "data", id="issuer-email"),
        pytest.param(of_issuer(id="urn:x"), ISSUER, "invalid", "assertion", id="nowhere"),
        pytest.param(of_badge(name=None), BADGE, "invalid", "data", id="badge"),
        pytest.param(of_badge(image="urn:uuid:x"), BADGE, "invalid", "data", id="badge-image"),
        pytest.param({ISSUER: {"status": 404}}, BADGE, "invalid", "issuer", id="issuer-gone"),
        pytest.param(
            {f"{EVIL}/b": {"json": examples.badge(id=f"{EVIL}/b")}},
            f"{EVIL}/b",
            "invalid",
            "scope",
            id="stolen-issuer",
        ),
        pytest.param(
            {examples.KEY_ID: {"json": examples.key_document("x")}},
            examples.KEY_ID,
            "invalid",
            "data",
            id="key",
        ),
        pytest.param(
            {examples.LIST_ID: {"json": examples.revocation_list("x")}},
            examples.LIST_ID,
            "invalid",
            "data",
            id="list",
        ),
    ],
)
def test_a_broken_document_is_found(
    site: Site, changes: dict[str, Any], url: str, verdict: str, check: str
) -> None:
    site.documents |= changes
    report = site.verify(url)
    assert report.verdict.value == verdict
    assert outcome(report, check)[0] is Outcome.FAILED


def test_a_recipients_profile_says_only_who_it_is(site: Site) -> None:
    bare = {"@context": examples.CONTEXT, "type": "Profile", "id": ISSUER}
    site.documents[ISSUER] = {"json": bare}
    assert site.verify(ISSUER).valid
    site.documents[ISSUER] = {"json": bare | {"email": "nobody"}}
    assert not site.verify(ISSUER)
    # Whoever issues badges says more.
    site.documents[ISSUER] = {"json": bare}
    assert not site.verify(examples.ASSERTION_ID)


@pytest.mark.parametrize("document", [examples.issuer(), examples.badge()])
def test_what_is_signed_or_baked_must_be_an_award(
    site: Site, key: PrivateKey, document: dict[str, Any]
) -> None:
    for source in (sign(document, key), bake(PNG, json.dumps(document))):
        report = site.verify(source)
        assert report.verdict is Verdict.NOT_A_BADGE


def test_a_document_is_of_one_kind_wherever_it_lies(site: Site) -> None:
    copy = examples.badge(id=ISSUER)
    report = site.verify(copy)
    assert report.verdict is Verdict.INVALID
    assert "holds no badge: this is a profile" in report.sentence
