# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from openbadges.verification import Outcome, Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    BADGE,
    ENDORSEMENT,
    EVIL,
    IMAGE,
    ISSUER,
    hosted,
    of_badge,
    of_issuer,
    outcome,
    policy,
)
from tests.unit.openbadges.verification.site import recorded

if TYPE_CHECKING:
    from tests.unit.openbadges.verification.site import Site


@pytest.mark.parametrize(
    ("changes", "verdict", "check", "words"),
    [
        pytest.param(
            {ASSERTION: {"status": 410}}, "revoked", "revocation", "without saying why", id="410"
        ),
        pytest.param(
            {ASSERTION: {"status": 410, "json": {"revocationReason": "By mistake"}}},
            "revoked",
            "revocation",
            "By mistake",
            id="410-with-reason",
        ),
        pytest.param(
            {ASSERTION: {"status": 410, "json": examples.assertion()}},
            "revoked",
            "revocation",
            "withdrew",
            id="410-with-everything",
        ),
        pytest.param(
            hosted(revoked=True, revocationReason="By mistake"),
            "revoked",
            "revocation",
            "By mistake",
            id="200-revoked",
        ),
        pytest.param(
            {
                ASSERTION: {
                    "json": {
                        "@context": examples.CONTEXT,
                        "type": "Assertion",
                        "id": ASSERTION,
                        "revoked": True,
                        "verification": {"type": "HostedBadge"},
                    }
                }
            },
            "revoked",
            "revocation",
            "withdrew",
            id="200-stub",
        ),
        pytest.param(
            hosted(revoked="true"), "invalid", "data", "true or false", id="revoked-as-text"
        ),
        pytest.param(
            hosted(expires="2026-11-21T12:00:00Z"), "expired", "expiry", "expired on", id="expired"
        ),
        pytest.param(
            hosted(issuedOn="2026-11-21T12:05:01Z"), "invalid", "issued", "later", id="future"
        ),
        pytest.param(
            hosted(verification={}), "invalid", "assertion", "nothing proves", id="no-method"
        ),
        pytest.param(
            hosted(verification={"type": "schema:Thing"}),
            "invalid",
            "assertion",
            "nothing proves",
            id="unknown-method",
        ),
        pytest.param(
            hosted(verification={"type": ["HostedBadge", "schema:Thing"]}),
            "invalid",
            "assertion",
            "nothing proves",
            id="two-methods",
        ),
        pytest.param(
            hosted(verification="hosted"),
            "invalid",
            "assertion",
            "nothing proves",
            id="method-text",
        ),
        pytest.param(
            hosted(verification={"type": "SignedBadge", "creator": examples.KEY_ID}),
            "invalid",
            "assertion",
            "no signature",
            id="signed-without-a-signature",
        ),
        pytest.param(
            hosted(badge="urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b"),
            "invalid",
            "badge",
            "no URL",
            id="badge-without-url",
        ),
        pytest.param(
            hosted(badge=examples.badge(id="urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b")),
            "invalid",
            "badge",
            "hosted nowhere",
            id="ephemeral-badge",
        ),
        pytest.param(
            {BADGE: {"status": 404, "json": examples.badge()}}, "invalid", "badge", "404", id="404"
        ),
        pytest.param({BADGE: {"status": 410}}, "invalid", "badge", "410", id="badge-gone"),
        pytest.param(
            {BADGE: {"status": 500, "json": examples.badge()}},
            "unverifiable",
            "badge",
            "500",
            id="badge-500-with-body",
        ),
        pytest.param(
            {BADGE: {"error": "timed out"}}, "unverifiable", "badge", "timed out", id="badge-down"
        ),
        pytest.param({BADGE: {"text": "{"}}, "invalid", "badge", "no JSON", id="badge-no-json"),
        pytest.param(of_badge(id=None), "invalid", "badge", "own URL as id", id="badge-no-id"),
        pytest.param(
            of_badge(id=f"{examples.BASE}/other")
            | {f"{examples.BASE}/other": {"json": examples.badge()}},
            "invalid",
            "badge",
            "does not carry",
            id="ids-never-agree",
        ),
        pytest.param(of_badge(type="Issuer"), "invalid", "badge", "type", id="badge-wrong-type"),
        pytest.param(
            {BADGE: {"status": 302, "location": f"{EVIL}/badge"}, f"{EVIL}/badge": {"json": {}}},
            "invalid",
            "badge",
            "another host",
            id="badge-redirects-elsewhere",
        ),
        pytest.param(
            {
                BADGE: {"status": 302, "location": "http://badges.example.org/b"},
                "http://badges.example.org/b": {"json": examples.badge()},
            },
            "invalid",
            "badge",
            "another host",
            id="badge-redirects-to-plain-http",
        ),
        pytest.param(
            of_badge(issuer="urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b"),
            "invalid",
            "issuer",
            "no URL",
            id="issuer-without-url",
        ),
        pytest.param({ISSUER: {"status": 404}}, "invalid", "issuer", "404", id="issuer-404"),
        pytest.param(of_issuer(email="nobody"), "invalid", "issuer", "e-mail", id="issuer-email"),
        pytest.param({IMAGE: {"status": 404}}, "invalid", "image", "404", id="image-404"),
        pytest.param(
            {IMAGE: {"content_type": "image/png", "text": "garbage"}},
            "invalid",
            "image",
            "neither PNG nor SVG",
            id="image-garbage",
        ),
        pytest.param(
            of_badge(image="data:image/png;base64,????"),
            "invalid",
            "image",
            "base64",
            id="data-uri",
        ),
        pytest.param(
            of_badge(image="data:image/png"), "invalid", "image", "no data URI", id="data-uri-empty"
        ),
        pytest.param(
            of_badge(image="data:image/jpeg;base64," + recorded(PNG)["base64"]),
            "invalid",
            "image",
            "calls itself image/jpeg",
            id="data-uri-lies",
        ),
        pytest.param(
            {IMAGE: recorded(PNG[:40])}, "invalid", "image", "cut off", id="image-cut-off"
        ),
        pytest.param(
            {IMAGE: recorded(PNG[:-6] + b"\0" * 6)},
            "invalid",
            "image",
            "impossible",
            id="image-damaged",
        ),
        pytest.param(
            of_badge(image="urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b"),
            "invalid",
            "image",
            "no URL",
            id="image-urn",
        ),
        pytest.param(
            policy(allowedOrigins="other.example"), "invalid", "scope", "scope", id="other-origin"
        ),
        pytest.param(
            policy(startsWith=f"{examples.BASE}/alice/"), "invalid", "scope", "begin", id="prefix"
        ),
        pytest.param(
            policy(verificationProperty="email"),
            "invalid",
            "scope",
            "verificationProperty",
            id="property",
        ),
        pytest.param(
            policy(allowedOrigins="localhost"), "invalid", "issuer", "host name", id="localhost"
        ),
        pytest.param(
            hosted(**{"@context": [examples.CONTEXT, f"{EVIL}/context"]}),
            "unverifiable",
            "assertion",
            "no document",
            id="remote-context",
        ),
        pytest.param(
            of_badge(**{"@context": [examples.CONTEXT, {"issuer": "schema:name"}]}),
            "invalid",
            "badge",
            "another meaning",
            id="redefined-term",
        ),
        pytest.param(
            of_badge(**{"extensions:ApplyLink": {"type": ["Extension", "extensions:ApplyLink"]}}),
            "invalid",
            "badge",
            "no @context",
            id="extension",
        ),
        pytest.param(
            of_badge(endorsement=ENDORSEMENT),
            "unverifiable",
            "links",
            "no document",
            id="link-down",
        ),
        pytest.param(
            of_badge(endorsement=[ENDORSEMENT]) | {ENDORSEMENT: {"status": 404}},
            "invalid",
            "links",
            "404",
            id="link-404",
        ),
        pytest.param(
            of_badge(endorsement=BADGE), "invalid", "links", "no endorsement", id="link-wrong-type"
        ),
        pytest.param(of_badge(endorsement=7), "invalid", "links", "no URL", id="link-number"),
    ],
)
def test_a_fault_is_found_by_its_check(
    site: Site, changes: dict[str, Any], verdict: str, check: str, words: str
) -> None:
    site.documents |= changes
    report = site.verify(ASSERTION)
    assert report.verdict.value == verdict
    assert not report
    found, message = outcome(report, check)
    assert found is (Outcome.ERROR if verdict == "unverifiable" else Outcome.FAILED)
    assert words in message
    assert message in report.sentence
    assert report.remedy


STUB = {"@context": examples.CONTEXT, "id": ASSERTION, "revoked": True}


@pytest.mark.parametrize(
    "stub",
    [
        pytest.param(STUB, id="without-a-type"),
        pytest.param(STUB | {"revoked": [True]}, id="in-an-array"),
        pytest.param(STUB | {"type": ["Assertion"], "recipient": []}, id="empty-properties"),
        pytest.param(STUB | {"type": "Assertion", "issuedOn": 7}, id="remains-of-a-badge"),
    ],
)
def test_what_is_withdrawn_need_not_say_anything_else(site: Site, stub: dict[str, Any]) -> None:
    site.documents[ASSERTION] = {"json": stub}
    assert site.verify(ASSERTION).verdict.value == "revoked"
    assert site.verify(stub).verdict.value == "revoked"


@pytest.mark.parametrize(
    ("changes", "recipients", "check"),
    [
        pytest.param({"issuedOn": "x"}, [], "data", id="data"),
        pytest.param({}, ["email:other@example.org"], "recipient", id="recipient"),
        pytest.param({"id": f"{EVIL}/1"}, [], "scope", id="forged"),
    ],
)
def test_a_badge_that_was_never_valid_is_not_called_withdrawn(
    site: Site, changes: dict[str, Any], recipients: list[str], check: str
) -> None:
    document = examples.assertion(revoked=True, **changes)
    site.documents[document["id"]] = {"json": document}
    report = site.verify(document["id"], recipients)
    assert report.verdict is Verdict.INVALID
    assert outcome(report, check)[0] is Outcome.FAILED
    # It would be revoked as well, where that could be looked at.
    assert outcome(report, "revocation")[0] in (Outcome.FAILED, Outcome.SKIPPED)


@pytest.mark.requirement("N12")
def test_what_an_earlier_fault_hides_is_skipped_with_the_reason(site: Site) -> None:
    site.documents[BADGE] = {"status": 404}
    report = site.verify(ASSERTION)
    found, message = outcome(report, "issuer")
    assert found is Outcome.SKIPPED
    assert message == "not reached, because the check 'badge' did not pass"
    assert outcome(report, "scope")[0] is Outcome.SKIPPED
    assert outcome(report, "issued")[0] is Outcome.PASSED


@pytest.mark.requirement("N11")
def test_the_gravest_finding_is_the_verdict(site: Site) -> None:
    site.documents |= hosted(expires="2020-02-01T00:00:00Z") | {IMAGE: {"error": "down"}}
    assert site.verify(ASSERTION).verdict is Verdict.EXPIRED
    assert site.verify(ASSERTION, ["email:other@example.org"]).verdict is Verdict.INVALID
