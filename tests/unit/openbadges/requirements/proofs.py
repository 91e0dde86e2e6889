# SPDX-License-Identifier: AGPL-3.0-or-later
"""What proves a hosted badge: scope (F) and hosting (H); which verdict wins (N)."""

from __future__ import annotations

import json

from openbadges.baking import bake
from openbadges.signing import sign
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.requirements.cases import Case, invalid, valid
from tests.unit.openbadges.requirements.documents import at_id
from tests.unit.openbadges.requirements.sources import (
    BASE,
    KEY,
    LIST,
    NO_CREATOR,
    OTHER,
    STRANGER,
    at,
    creator_of_the_other_key,
    elsewhere,
    escaped,
    forged,
    given,
    of_list,
    signed,
    two_keys,
)
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    BADGE,
    EVIL,
    ISSUER,
    hosted,
    of_badge,
    of_issuer,
    policy,
)
from tests.unit.openbadges.verification.site import recorded

CASES: list[Case] = [
    # F: what an assertion says of its verification, and which ids an issuer vouches for.
    *(
        invalid(f"F1-{name}", escaped(verification), "assertion", source=at(f"{EVIL}/1"))
        for name, verification in {
            "empty": {},
            "unknown-type": {"type": "schema:Thing"},
            "array-of-types": {"type": ["HostedBadge", "schema:Thing"]},
            "text": "hosted",
            "number": 7,
            "two": [{"type": "HostedBadge"}, {"type": "SignedBadge"}],
        }.items()
    ),
    valid("F1-alias", hosted(verification={"type": "hosted"}), forms=False),
    valid("F2-policy-without-type", of_issuer(verification={"startsWith": f"{BASE}/"})),
    valid("F3-property-id", policy(verificationProperty="id")),
    invalid("F3-other-property", policy(verificationProperty="email"), "scope", forms=False),
    valid("F4-startswith", policy(startsWith=f"{BASE}/assertions/")),
    valid("F4-startswith-list", policy(startsWith=[f"{OTHER}/", f"{BASE}/assertions/"])),
    invalid(
        "F4-startswith-list-none",
        policy(startsWith=[f"{OTHER}/", f"{BASE}/x/"]),
        "scope",
        forms=False,
    ),
    invalid("F4-startswith-number", policy(startsWith=7), "issuer"),
    valid("F5-origins", policy(allowedOrigins=["other.example.net", "badges.example.org"])),
    valid("F5-origin-in-capitals", policy(allowedOrigins="Badges.Example.ORG")),
    valid(
        "F5-another-origin",
        policy(allowedOrigins="other.example.net") | elsewhere(),
        source=at(f"{OTHER}/1"),
    ),
    invalid("F5-origin-left-out", policy(allowedOrigins="other.example.net"), "scope", forms=False),
    *(
        invalid(f"F5-{name}", policy(allowedOrigins=origin), "issuer")
        for name, origin in {
            "url": BASE,
            "port": "badges.example.org:443",
            "path": "badges.example.org/a",
            "address": "127.0.0.1",
            "localhost": "localhost",
        }.items()
    ),
    invalid("F6-other-origin", elsewhere(), "scope", source=at(f"{OTHER}/1")),
    invalid(
        "F6-other-port",
        {f"{BASE}:8443/1": {"json": examples.assertion(id=f"{BASE}:8443/1")}},
        "scope",
        source=at(f"{BASE}:8443/1"),
    ),
    invalid(
        "F6-badge-on-another-origin",
        hosted(badge=f"{OTHER}/b") | {f"{OTHER}/b": {"json": examples.badge(id=f"{OTHER}/b")}},
        "scope",
        forms=False,
    ),
    invalid(
        "F6-longer-host",
        {f"{BASE}.evil.example/1": {"json": examples.assertion(id=f"{BASE}.evil.example/1")}},
        "scope",
        source=at(f"{BASE}.evil.example/1"),
    ),
    invalid(
        "F7-prefix-on-another-origin",
        policy(startsWith=f"{OTHER}/") | elsewhere(),
        "scope",
        source=at(f"{OTHER}/1"),
    ),
    valid(
        "F7-prefix-and-origin",
        policy(startsWith=f"{OTHER}/", allowedOrigins="other.example.net") | elsewhere(),
        source=at(f"{OTHER}/1"),
    ),
    invalid(
        "F7-origin-without-prefix",
        policy(startsWith=f"{OTHER}/x/", allowedOrigins="other.example.net") | elsewhere(),
        "scope",
        source=at(f"{OTHER}/1"),
    ),
    invalid(
        "F7-prefix-left-by-dots",
        policy(startsWith=f"{BASE}/x/")
        | {f"{BASE}/x/../1": {"json": examples.assertion(id=f"{BASE}/x/../1")}},
        "scope",
        source=at(f"{BASE}/x/../1"),
    ),
    valid("F8-no-creator-one-key", source=signed(verification=NO_CREATOR)),
    valid("F8-creator", source=signed()),
    valid("F8-two-keys-creator", source=two_keys),
    invalid("F8-creator-not-listed", of_issuer(publicKey=f"{KEY}/2"), "key", source=signed()),
    invalid("F8-creator-is-the-other-key", {}, "signature", source=creator_of_the_other_key),
    invalid(
        "F8-creator-embedded",
        {},
        "data",
        source=signed(
            verification={"type": "SignedBadge", "creator": examples.key_document("pem")}
        ),
    ),
    # H: hosted badges.
    valid(
        "H2+N11-json-input-lies",
        source=given(examples.assertion(recipient={}, issuedOn="x")),
        note="confirms it",
    ),
    invalid(
        "H2-json-of-a-forger",
        {},
        "recipient",
        recipients=("email:evil@example.org",),
        source=given(
            examples.assertion(
                recipient={"type": "email", "hashed": False, "identity": "evil@example.org"}
            )
        ),
    ),
    invalid(
        "H2-baked-json-of-a-forger",
        {},
        "recipient",
        recipients=("email:evil@example.org",),
        source=given(
            bake(
                PNG,
                json.dumps(
                    examples.assertion(
                        recipient={"type": "email", "hashed": False, "identity": "evil@example.org"}
                    )
                ),
            )
        ),
    ),
    invalid(
        "H2-token-that-says-hosted",
        {},
        "signature",
        source=lambda _site, _key: sign(examples.assertion(), STRANGER),
    ),
    invalid(
        "H2-token-that-says-hosted-forged",
        {},
        "assertion",
        source=lambda _site, _key: (
            sign(examples.assertion(id=f"{BASE}/none"), STRANGER)
            if _site.documents.update({f"{BASE}/none": {"status": 404}}) is None
            else ""
        ),
    ),
    valid(
        "H3-id-of-another-document",
        {f"{EVIL}/copy": {"json": examples.assertion()}},
        source=at(f"{EVIL}/copy"),
        note="so that one was judged",
    ),
    invalid(
        "H3-ids-in-a-loop",
        {
            f"{EVIL}/a": {"json": examples.assertion(id=f"{EVIL}/b")},
            f"{EVIL}/b": {"json": examples.assertion(id=f"{EVIL}/a")},
        },
        "assertion",
        source=at(f"{EVIL}/a"),
        recipients=(f"email:{examples.ADDRESS}",),
    ),
    invalid(
        "H3-picture-that-names-itself",
        {f"{EVIL}/p": recorded(bake(PNG, json.dumps(examples.assertion(id=f"{EVIL}/p"))))},
        "assertion",
        source=at(f"{EVIL}/p"),
        recipients=(f"email:{examples.ADDRESS}",),
    ),
    invalid(
        "H4-hosted-by-a-stranger", escaped({"type": "HostedBadge"}), "scope", source=at(f"{EVIL}/1")
    ),
    invalid(
        "H5-badge-of-another-issuer",
        of_badge(issuer=f"{OTHER}/issuer")
        | {f"{OTHER}/issuer": {"json": examples.issuer(id=f"{OTHER}/issuer")}},
        "scope",
        forms=False,
    ),
    Case("H6-410-no-body", {ASSERTION: {"status": 410}}, "revoked", "revocation", forms=False),
    Case(
        "H6-410-full-and-marked",
        at_id(examples.assertion(revoked=True), status=410),
        "revoked",
        "revocation",
        forms=False,
    ),
    Case(
        "H6-410-full-unmarked",
        at_id(examples.assertion(), status=410),
        "revoked",
        "revocation",
        forms=False,
    ),
    Case(
        "H6-410-with-a-reason",
        at_id({"revoked": True, "revocationReason": "By mistake"}, status=410),
        "revoked",
        "revocation",
        note="By mistake",
        forms=False,
    ),
    Case("H6-200-full-and-marked", hosted(revoked=True), "revoked", "revocation"),
    Case("H7-503", {ASSERTION: {"status": 503}}, "unverifiable", "input", forms=False, note="503"),
    Case("H7-404", {ASSERTION: {"status": 404}}, "unverifiable", "input", forms=False, note="404"),
    invalid(
        "H7-404-at-its-id",
        {ASSERTION: {"status": 404}},
        "assertion",
        source=given(examples.assertion()),
        note="404",
    ),
    # Which verdict wins where several apply.
    Case(
        "N11-expired-and-list-down",
        {LIST: {"status": 500}},
        "expired",
        "expiry",
        source=signed(expires="2021-01-01T00:00:00Z"),
    ),
    Case(
        "N11-revoked-and-expired",
        of_list(ASSERTION),
        "revoked",
        "revocation",
        source=signed(expires="2021-01-01T00:00:00Z"),
    ),
    invalid(
        "N11-revoked-and-somebody-elses",
        of_list(ASSERTION),
        "recipient",
        source=signed(),
        recipients=("email:other@example.org",),
    ),
    invalid(
        "N11-expired-and-forged", {}, "signature", source=forged(expires="2021-01-01T00:00:00Z")
    ),
    invalid("N11-revoked-and-broken", hosted(revoked=True, issuedOn="x"), "data"),
    Case(
        "N11-revoked-and-issuer-down",
        hosted(revoked=True) | {BADGE: {"error": "down"}},
        "revoked",
        "revocation",
        source=at(ASSERTION),
    ),
    Case("N11-issuer-down", {ISSUER: {"error": "down"}}, "unverifiable", "issuer", forms=False),
    Case("N12-list-down", {LIST: {"error": "down"}}, "unverifiable", "revocation", source=signed()),
    Case(
        "N4-stub-of-ours",
        {
            ASSERTION: {
                "status": 410,
                "json": {
                    "@context": examples.CONTEXT,
                    "type": "Assertion",
                    "id": ASSERTION,
                    "revoked": True,
                    "revocationReason": "By mistake",
                },
            }
        },
        "revoked",
        "revocation",
        note="By mistake",
        forms=False,
    ),
]
