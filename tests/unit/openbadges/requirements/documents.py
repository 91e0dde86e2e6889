# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for all documents (A), and for assertions (B)."""

from __future__ import annotations

from typing import Any

from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.requirements.cases import Case, invalid, valid
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    BADGE,
    EVIL,
    IMAGE,
    ISSUER,
    hosted,
    of_badge,
    of_issuer,
)
from tests.unit.openbadges.verification.site import recorded

BASE = examples.BASE
CONTEXT = examples.CONTEXT
URN = "urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b"
OWN = "https://own.example/context"
# What a document holds beside the properties that are changed has no say in whether it is valid.
TERMS = {"@context": [CONTEXT, {"stars": "https://own.example/#stars"}], "stars": 5}


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def at_id(document: Any, **answer: Any) -> dict[str, Any]:
    return {ASSERTION: {"json": document, **answer}}


TIMES = {
    "z": "2020-01-02T03:04:05Z",
    "colon": "2020-01-02T11:04:05+08:00",
    "offset-digits": "2020-01-02T11:04:05+0800",
    "offset-hours": "2020-01-02T11:04:05+08",
    "fraction": "2020-01-02T03:04:05.123456Z",
    "no-seconds": "2020-01-02T03:04Z",
    "array-of-one": ["2020-01-02T03:04:05Z"],
}
NO_TIMES: dict[str, Any] = {
    "no-zone": "2020-01-02T03:04:05",
    "date-only": "2020-01-02",
    "unix": 1403120715,
    "space": "2020-01-02 03:04:05Z",
    "empty": "",
    "two": ["2020-01-02T03:04:05Z", "2020-01-03T03:04:05Z"],
    "no-such-day": "2020-02-30T00:00:00Z",
    "no-such-zone": "2020-01-02T03:04:05+99:00",
    "words": "yesterday",
    "true": True,
}
NO_TEXTS: dict[str, Any] = {"number": 7, "object": {"a": 1}, "boolean": True}

CASES: list[Case] = [
    # A1: JSON-LD under the context of 2.0.
    valid("A1-context-and-terms", hosted(**TERMS), forms=False),
    valid("A1-context-in-an-array", hosted(**{"@context": [CONTEXT]}), forms=False),
    Case(
        "A1-other-context-first",
        hosted(**{"@context": [OWN, CONTEXT]}),
        "unverifiable",
        "assertion",
        forms=False,
    ),
    Case("A1-no-context", hosted(**{"@context": None}), "unverifiable", "assertion", forms=False),
    Case("A1-no-json", {ASSERTION: {"text": "<p>A badge</p>"}}, "not a badge", "input"),
    # A2: types are names of the context, or IRIs.
    valid("A2-type-array", hosted(type=["Assertion"])),
    valid("A2-type-ld-prefix", hosted(type=["schema:CreativeWork", "Assertion"])),
    valid("A2-type-iri", of_badge(type=["https://own.example/#Special", "BadgeClass"])),
    invalid("A2-type-unknown-term", hosted(type=["Assertion", "Special"]), "assertion"),
    invalid("A2+B2-no-type", hosted(type=None), "assertion"),
    invalid("A2-type-number", hosted(type=7), "assertion", forms=False),
    Case(
        "B2-type-of-another-class", hosted(type="Evidence"), "not a badge", "assertion", forms=False
    ),
    # A3 and B1: ids.
    invalid("A3+B1-relative-id", hosted(id="/assertions/1"), "assertion", forms=False),
    invalid("A3-id-of-a-mailbox", of_badge(issuer="mailto:a@example.org"), "badge"),
    invalid("B1-no-id", hosted(id=None), "assertion", forms=False),
    invalid(
        "B1-id-elsewhere-is-gone",
        hosted(id=f"{BASE}/2") | {f"{BASE}/2": {"status": 404}},
        "assertion",
        forms=False,
    ),
    # A4: what has no meaning changes nothing.
    valid("A4-unknown-property", hosted(unknown={"a": [1]}) | of_badge(unknown="x")),
    valid("A4-property-with-an-iri", hosted(**{"https://own.example/#n": 7})),
    # A5: one value may stand in an array; two are too many where one is allowed.
    *(
        invalid(f"A5-{place}-{name}-twice", change(**{name: [value, other]}), check)
        for place, change, check, values in (
            (
                "assertion",
                hosted,
                "data",
                {
                    "recipient": (examples.assertion()["recipient"], {"a": 1}),
                    "badge": (BADGE, f"{BADGE}/2"),
                    "narrative": ("a", "b"),
                    "image": (f"{BASE}/1.png", f"{BASE}/2.png"),
                },
            ),
            (
                "badge",
                of_badge,
                "badge",
                {
                    "name": ("a", "b"),
                    "description": ("a", "b"),
                    "criteria": (f"{BADGE}/1", f"{BADGE}/2"),
                    "image": (IMAGE, f"{IMAGE}/2"),
                    "issuer": (ISSUER, f"{ISSUER}/2"),
                },
            ),
            (
                "issuer",
                of_issuer,
                "issuer",
                {
                    "name": ("a", "b"),
                    "email": ("a@example.org", "b@example.org"),
                    "url": (BASE, f"{BASE}/2"),
                },
            ),
        )
        for name, (value, other) in values.items()
    ),
    valid("A5-bare-where-many-may-stand", of_badge(tags="rock", alignment=[])),
    # A6: text is text, true is true.
    *(
        invalid(f"A6-{name}-{kind}", change(**{name: value}), check)
        for name, change, check in (
            ("name", of_badge, "badge"),
            ("description", of_badge, "badge"),
            ("narrative", hosted, "data"),
        )
        for kind, value in NO_TEXTS.items()
    ),
    invalid("A6-criteria-narrative-number", of_badge(criteria={"narrative": 7}), "badge"),
    invalid("A6+B12-revocation-reason-number", hosted(revocationReason=7)),
    invalid("A6+B11-revoked-text", hosted(revoked="true"), "data"),
    invalid("A6+B11-revoked-number", hosted(revoked=1), "data"),
    # A7 and B6: times.
    *(valid(f"A7+B6-{name}", hosted(issuedOn=time)) for name, time in TIMES.items()),
    *(invalid(f"A7+B6-{name}", hosted(issuedOn=time)) for name, time in NO_TIMES.items()),
    invalid("A7+B10-expires-date-only", hosted(expires="2999-01-01")),
    # A8: URLs.
    *(
        invalid(f"A8-{name}", of_issuer(url=url), "issuer")
        for name, url in {
            "no-host": "http://",
            "host-of-dots": "http://../",
            "relative": "/about",
            "other-scheme": "ftp://badges.example.org/",
            "script": "javascript:alert(1)",
            "login": "https://me:secret@badges.example.org/",
            "space": "https://badges.example.org/a b",
        }.items()
    ),
    valid("A8-http", of_issuer(url="http://badges.example.org:8080/a?b=c#d")),
    # A9: whatever content type a host sends, the bytes decide.
    valid("A9-text-html", at_id(examples.assertion(), content_type="text/html")),
    # A10: linked objects answer 200 in the end.
    *(
        Case(
            f"A10-{what}-{status}", {url: {**answer, "status": status}}, verdict, check, forms=False
        )
        for what, url, answer, check in (
            ("badge", BADGE, {"json": examples.badge()}, "badge"),
            ("issuer", ISSUER, {"json": examples.issuer()}, "issuer"),
            ("picture", IMAGE, recorded(PNG), "image"),
        )
        for status, verdict in (
            (404, "invalid"),
            (410, "invalid"),
            (500, "unverifiable"),
            (403, "unverifiable"),
        )
    ),
    Case(
        "A10-assertion-404",
        at_id(examples.assertion(), status=404),
        "unverifiable",
        "input",
        forms=False,
    ),
    Case(
        "A10-assertion-500",
        at_id(examples.assertion(), status=500),
        "unverifiable",
        "input",
        forms=False,
    ),
    Case("A10+H7-no-answer", {BADGE: {"error": "timed out"}}, "unverifiable", "badge"),
    valid(
        "A10-redirect",
        {BADGE: {"status": 302, "location": "/b"}, f"{BASE}/b": {"json": examples.badge()}},
    ),
    # A11 and A12: embedded objects.
    valid(
        "A11-nested-without-context",
        hosted(badge=without(examples.badge(issuer=examples.issuer()), "@context")),
    ),
    valid("A11-an-id-in-an-object", hosted(badge={"id": BADGE})),
    valid(
        "A12-embedded-badge-differs",
        hosted(badge=examples.badge(name="Better")),
        note="“Like a Rock”",
    ),
    invalid(
        "A12-embedded-badge-is-nowhere",
        hosted(badge=examples.badge(id=f"{BASE}/none")) | {f"{BASE}/none": {"status": 404}},
        "badge",
        forms=False,
    ),
    # A15: null and nothing are absent.
    *(
        invalid(f"A15+{number}-{name.lower()}-{how}", change(**{name: value}), check)
        for number, change, names, check in (
            ("B3", hosted, ["recipient"], "data"),
            ("B4", hosted, ["badge"], "data"),
            ("B6", hosted, ["issuedOn"], "data"),
            ("C3", of_badge, ["name"], "badge"),
            ("C4", of_badge, ["description"], "badge"),
            ("C5", of_badge, ["image"], "badge"),
            ("C6", of_badge, ["criteria"], "badge"),
            ("C7", of_badge, ["issuer"], "badge"),
            ("D3", of_issuer, ["name"], "issuer"),
            ("D4", of_issuer, ["url"], "issuer"),
            ("D5", of_issuer, ["email"], "issuer"),
        )
        for name in names
        for how, value in (("null", None), ("nothing", []))
    ),
    invalid("A15+B5-verification-null", hosted(verification=None), "assertion", forms=False),
    valid("A15-optional-null", hosted(expires=None, evidence=None, revoked=None, image=None)),
    valid("A15-optional-empty", of_badge(tags=[], alignment=[], related=[])),
    # B: the assertion.
    invalid("B3-recipient-text", hosted(recipient=examples.ADDRESS)),
    invalid(
        "B4-badge-is-an-issuer", {BADGE: {"json": examples.issuer(id=BADGE)}}, "badge", forms=False
    ),
    valid("B5-verify-alias", hosted(verify={"type": "hosted"}, verification=None), forms=False),
    invalid(
        "B5-verification-and-verify",
        hosted(verify={"type": "HostedBadge"}),
        "assertion",
        forms=False,
    ),
    invalid("B6-later", hosted(issuedOn="2999-01-01T00:00:00Z"), "issued"),
    invalid("B7-baked-picture-as-data", hosted(image="data:image/png;base64,iVBORw0KGgo=")),
    invalid(
        "B7-baked-picture-is-a-photo",
        hosted(image=f"{BASE}/1.jpg") | {f"{BASE}/1.jpg": recorded(b"\xff\xd8\xff\xe0")},
        "image",
    ),
    valid(
        "B7-baked-picture-404",
        hosted(image=f"{BASE}/1.png") | {f"{BASE}/1.png": {"status": 404}},
        note="picture of this award cannot be had",
    ),
    valid(
        "B7-picture-that-is-not-baked",
        hosted(image={"id": f"{BASE}/1.png", "caption": "A rock"})
        | {f"{BASE}/1.png": recorded(PNG)},
        note="nothing is baked into",
    ),
    valid("B8+G1-evidence-urls", hosted(evidence=[f"{BASE}/e/1", f"{BASE}/e/2"])),
    valid("B8+G1-evidence-one", hosted(evidence=f"{BASE}/e/1")),
    # JSON-LD drops a number where an IRI belongs, so that this can only be said in one form.
    invalid("B8-evidence-number", hosted(evidence=7), forms=False),
    invalid("B8-evidence-no-url", hosted(evidence="I did it")),
    valid("B9-narrative", hosted(narrative="*500* updates")),
    Case("B10-expired", hosted(expires="2026-11-21T11:59:59Z"), "expired", "expiry"),
    valid("B10-not-yet-expired", hosted(expires="2026-11-21T12:00:01Z")),
    invalid("B10-expires-before-issued", hosted(expires="2019-01-01T00:00:00Z")),
    Case(
        "B11-revoked",
        hosted(revoked=True, revocationReason="By mistake"),
        "revoked",
        "revocation",
        note="By mistake",
    ),
    Case(
        "B11-only-id-and-revoked",
        at_id({"@context": CONTEXT, "id": ASSERTION, "revoked": True}),
        "revoked",
        "revocation",
        forms=False,
    ),
    valid("B11-not-revoked", hosted(revoked=False)),
    Case(
        "B12-reason",
        hosted(revoked=True, revocationReason="Copied"),
        "revoked",
        "revocation",
        note="Copied",
    ),
    valid("B13-uid", hosted(uid="f2c20")),
    valid("B14-edition", hosted(version=2, related={"id": f"{BASE}/0", "version": 1})),
    invalid("B14+L2-version-object", hosted(version={"major": 1})),
    invalid("B14+L1-related-no-id", hosted(related={"version": 1})),
    Case(
        "B14+L4-endorsement-gone",
        hosted(endorsement=f"{EVIL}/e") | {f"{EVIL}/e": {"status": 404}},
        "invalid",
        "links",
    ),
]
