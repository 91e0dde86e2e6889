# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from openbadges.baking import bake
from openbadges.signing import sign
from openbadges.verification import Outcome, Verdict, attachments
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    BADGE,
    ENDORSEMENT,
    ENDORSER,
    EVIL,
    ISSUER,
    hosted,
    of_badge,
    of_issuer,
    outcome,
)
from tests.unit.openbadges.verification.site import Site, recorded

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey

PROFILE = f"{ENDORSER}/issuer"


def endorsement(**changes: Any) -> dict[str, Any]:
    return examples.endorsement(ENDORSEMENT, PROFILE) | changes


def profile(**changes: Any) -> dict[str, Any]:
    plain = {"id": PROFILE, "name": "Endorser", "publicKey": None, "revocationList": None}
    return examples.issuer(**plain) | changes


@pytest.fixture
def endorsed(site: Site) -> Site:
    site.documents[PROFILE] = {"json": profile()}
    site.documents[ENDORSEMENT] = {"json": endorsement()}
    return site


@pytest.mark.parametrize("form", ["url", "json"])
def test_an_endorsement_is_judged_as_a_badge_is(endorsed: Site, form: str) -> None:
    source: Any = ENDORSEMENT if form == "url" else endorsement(claim={})
    report = endorsed.verify(source, ["email:anybody@example.org"])
    assert report.valid
    assert report.subject == "Endorsement"
    assert report.assertion is None
    assert report.document == endorsement()
    assert "Endorser endorsed https://badges.example.org/badges/like-a-rock" in report.sentence
    skipped = {check.id for check in report.checks if check.outcome is Outcome.SKIPPED}
    assert skipped == {
        "badge",
        "image",
        "links",
        "key",
        "signature",
        "expiry",
        "recipient",
    }


@pytest.mark.parametrize(
    ("changes", "verdict", "check"),
    [
        pytest.param({"claim": None}, "invalid", "data", id="no-claim"),
        pytest.param({"claim": {"endorsementComment": "x"}}, "invalid", "data", id="claim-no-id"),
        pytest.param({"claim": "x"}, "invalid", "data", id="claim-text"),
        pytest.param({"issuedOn": None}, "invalid", "data", id="no-time"),
        pytest.param({"issuedOn": "2999-01-01T00:00:00Z"}, "invalid", "issued", id="later"),
        pytest.param({"verification": None}, "invalid", "assertion", id="no-verification"),
        pytest.param(
            {"verification": {"type": "SignedBadge"}}, "invalid", "assertion", id="not-signed"
        ),
        pytest.param({"issuer": None}, "invalid", "data", id="no-issuer"),
        pytest.param({"issuer": ISSUER}, "invalid", "scope", id="somebody-elses-issuer"),
        pytest.param({"issuer": f"{ENDORSER}/none"}, "unverifiable", "issuer", id="issuer-down"),
        pytest.param({"revoked": True}, "revoked", "revocation", id="revoked"),
        pytest.param({"expires": "2021-01-01T00:00:00Z"}, "expired", "expiry", id="expired"),
    ],
)
def test_a_fault_of_an_endorsement_is_found(
    endorsed: Site, changes: dict[str, Any], verdict: str, check: str
) -> None:
    endorsed.documents[ENDORSEMENT] = {"json": endorsement(**changes)}
    report = endorsed.verify(ENDORSEMENT)
    assert report.verdict.value == verdict
    assert outcome(report, check)[0] in (Outcome.FAILED, Outcome.ERROR)
    # Whoever links it has a badge that does not hold either.
    endorsed.documents |= of_badge(endorsement=ENDORSEMENT)
    linking = endorsed.verify(ASSERTION)
    assert linking.verdict is (
        Verdict.UNVERIFIABLE if verdict == "unverifiable" else Verdict.INVALID
    )
    assert ENDORSEMENT in outcome(linking, "links")[1]


def test_a_withdrawn_endorsement_need_not_say_anything_else(endorsed: Site) -> None:
    stub = {"id": ENDORSEMENT, "issuer": PROFILE, "revoked": True, "revocationReason": "Oops"}
    endorsed.documents[ENDORSEMENT] = {
        "json": {"@context": examples.CONTEXT, "type": "Endorsement", **stub}
    }
    report = endorsed.verify(ENDORSEMENT)
    assert report.verdict is Verdict.REVOKED
    assert "Oops" in report.sentence


def test_linked_endorsements_are_judged(endorsed: Site) -> None:
    other = endorsement(id=f"{ENDORSEMENT}/2", claim={"id": ISSUER})
    endorsed.documents[other["id"]] = {"json": other}
    endorsed.documents |= of_badge(endorsement=ENDORSEMENT)
    endorsed.documents |= of_issuer(endorsement=[{"id": other["id"]}])
    endorsed.documents |= hosted(endorsement=[endorsement(claim={"id": ASSERTION})])
    report = endorsed.verify(ASSERTION)
    assert report.valid
    assert outcome(report, "links")[1] == "3 linked endorsements hold"
    # The embedded copy is not believed: at its id it endorses the badge class.
    assert report.notes == (
        f"endorsement {ENDORSEMENT} is linked from {ASSERTION}, and endorses something else",
    )


def test_endorsements_of_an_endorser_are_not_followed(endorsed: Site) -> None:
    endorsed.documents |= of_badge(endorsement=ENDORSEMENT)
    endorsed.documents[PROFILE] = {"json": profile(endorsement=f"{EVIL}/endless")}
    report = endorsed.verify(ASSERTION)
    assert report.valid
    assert f"{EVIL}/endless" not in {document.url for document in report.documents}


@pytest.mark.parametrize(
    ("link", "words"),
    [
        pytest.param("eyJ.eyJ.x", "is no URL", id="token"),
        pytest.param('{"id": "x"}', "is no URL", id="text"),
        pytest.param(BADGE, "a badge class", id="badge"),
        pytest.param({"type": "Endorsement"}, "nothing proves", id="nowhere"),
        pytest.param({"a": 1}, "type", id="object"),
    ],
)
def test_a_link_to_something_else_is_refused(endorsed: Site, link: Any, words: str) -> None:
    endorsed.documents |= of_badge(endorsement=link)
    report = endorsed.verify(ASSERTION)
    assert report.verdict is Verdict.INVALID
    assert words in outcome(report, "links")[1]


def test_a_signed_endorsement_needs_its_endorsers_key(
    endorsed: Site, key: PrivateKey, other_key: PrivateKey
) -> None:
    name = f"{ENDORSER}/key"
    signed = endorsement(verification={"type": "SignedBadge", "creator": name})
    pem = other_key.public.to_pem()
    endorsed.documents[name] = {"json": examples.key_document(pem, id=name, owner=PROFILE)}
    endorsed.documents[PROFILE] = {"json": profile(publicKey=name)}
    assert endorsed.verify(sign(signed, other_key)).valid
    assert endorsed.verify(sign(signed, key)).verdict is Verdict.INVALID
    endorsed.documents[ENDORSEMENT] = {"text": sign(signed, other_key)}
    endorsed.documents |= of_badge(endorsement=ENDORSEMENT)
    assert endorsed.verify(ASSERTION).valid
    endorsed.documents[ENDORSEMENT] = {"text": sign(signed, key)}
    assert endorsed.verify(ASSERTION).verdict is Verdict.INVALID


def test_a_baked_endorsement_is_judged(endorsed: Site, other_key: PrivateKey) -> None:
    endorsed.documents[f"{EVIL}/picture"] = recorded(bake(PNG, ENDORSEMENT))
    assert endorsed.verify(bake(PNG, ENDORSEMENT)).subject == "Endorsement"
    # One address that leads to another is no endorsement, however many there are.
    endorsed.documents |= of_badge(endorsement=f"{EVIL}/picture")
    assert endorsed.verify(ASSERTION).verdict is Verdict.INVALID


def test_a_badge_cannot_make_us_fetch_without_end(site: Site) -> None:
    links = [f"{EVIL}/{number}" for number in range(100)]
    site.documents |= of_badge(endorsement=links)
    site.documents[f"{EVIL}/issuer"] = {"json": profile(id=f"{EVIL}/issuer")}
    for link in links:
        site.documents[link] = {"json": examples.endorsement(link, f"{EVIL}/issuer")}
    report = site.verify(ASSERTION)
    assert report.verdict is Verdict.UNVERIFIABLE
    assert len(report.documents) == 20


def test_each_endorsement_is_listed_with_its_own_verdict(endorsed: Site) -> None:
    old = f"{ENDORSEMENT}/old"
    endorsed.documents[old] = {"json": endorsement(id=old, expires="2021-01-01T00:00:00Z")}
    links = [old, f"{ENDORSER}/none", ENDORSEMENT]
    endorsed.documents |= of_badge(endorsement=links)
    report = endorsed.verify(ASSERTION)
    assert report.verdict is Verdict.INVALID
    assert old in outcome(report, "links")[1]
    assert [(each.id, each.verdict.value) for each in report.endorsements] == [
        (old, "expired"),
        (ENDORSEMENT, "valid"),
    ]
    (last,) = report.to_dict()["endorsements"][1:]
    assert (last["issuer"], last["issuer_name"], last["endorsed"]) == (PROFILE, "Endorser", BADGE)
    assert last["sentence"].startswith("This endorsement is valid")


def test_more_links_than_are_followed_leave_it_open(
    endorsed: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MAX_ENDORSEMENTS", 1)
    endorsed.documents |= of_badge(endorsement=[ENDORSEMENT, ENDORSEMENT])
    report = endorsed.verify(ASSERTION)
    assert report.verdict is Verdict.UNVERIFIABLE
    assert len(report.endorsements) == 1
