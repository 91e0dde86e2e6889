# SPDX-License-Identifier: AGPL-3.0-or-later
"""What proves a badge: scope (F), hosting (H), signatures and revocation lists (I)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from openbadges.baking import bake
from openbadges.keys import generate_rsa
from openbadges.signing import sign
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.requirements.cases import Case, invalid, valid
from tests.unit.openbadges.requirements.documents import URN, at_id, without
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

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey
    from tests.unit.openbadges.requirements.cases import Source
    from tests.unit.openbadges.verification.site import Site

BASE, KEY, LIST = examples.BASE, examples.KEY_ID, examples.LIST_ID
OTHER = "https://other.example.net"
STRANGER = generate_rsa(KEY)
EVIL_KEY = f"{EVIL}/key"
NO_CREATOR = {"type": "SignedBadge"}
REASON = {"id": ASSERTION, "revocationReason": "By mistake"}


def signed(**changes: Any) -> Source:
    return lambda _site, key: sign(examples.signed_assertion(**changes), key)


def forged(**changes: Any) -> Source:
    return lambda _site, _key: sign(examples.signed_assertion(**changes), STRANGER)


def given(source: str | bytes | dict[str, Any]) -> Source:
    return lambda _site, _key: source


def elsewhere(**changes: Any) -> dict[str, Any]:
    """Return an assertion that lies on another site."""
    return {f"{OTHER}/1": {"json": examples.assertion(id=f"{OTHER}/1", **changes)}}


def escaped(verification: Any) -> dict[str, Any]:
    url = f"{EVIL}/1"
    return {url: {"json": examples.assertion(id=url, verification=verification)}}


def at(url: str) -> Source:
    return lambda _site, _key: url


def of_list(*entries: Any, **changes: Any) -> dict[str, Any]:
    return {LIST: {"json": examples.revocation_list(*entries, **changes)}}


def key_in_profile(site: Site, key: PrivateKey) -> str:
    document = examples.key_document(key.public.to_pem())
    site.documents |= of_issuer(publicKey=document) | {KEY: {"status": 404}}
    return sign(examples.signed_assertion(), key)


def two_keys(site: Site, key: PrivateKey) -> str:
    pem = STRANGER.public.to_pem()
    site.documents |= of_issuer(publicKey=[KEY, f"{KEY}/2"])
    site.documents[f"{KEY}/2"] = {"json": examples.key_document(pem, id=f"{KEY}/2")}
    return sign(examples.signed_assertion(), key)


def creator_of_the_other_key(site: Site, key: PrivateKey) -> str:
    two_keys(site, key)
    creator = {"type": "SignedBadge", "creator": f"{KEY}/2"}
    return sign(examples.assertion(verification=creator), key)


def cut(site: Site, key: PrivateKey) -> str:
    return sign(examples.signed_assertion(), key)[:-2]


def other_payload(site: Site, key: PrivateKey) -> str:
    parts = sign(examples.signed_assertion(), key).split(".")
    parts[1] = sign(examples.signed_assertion(issuedOn="2019-01-01T00:00:00Z"), key).split(".")[1]
    return ".".join(parts)


PROFILE_OF_THE_STRANGER = examples.issuer(publicKey=EVIL_KEY)
STRANGERS_KEY = {EVIL_KEY: {"json": examples.key_document(STRANGER.public.to_pem(), id=EVIL_KEY)}}

REVOKING: dict[str, list[Any]] = {
    "only-entry-text": [ASSERTION],
    "only-entry-object": [REASON],
    "text-of-two": ["urn:a", ASSERTION],
    "object-of-two": ["urn:a", REASON],
}

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
    # I: signed badges.
    valid("I1-compact", source=signed()),
    invalid(
        "I1-padded",
        {},
        "assertion",
        source=lambda _site, key: sign(examples.signed_assertion(), key) + "==",
    ),
    invalid("I1-cut-off", {}, "signature", source=cut),
    invalid(
        "I3-payload-no-json",
        {},
        "assertion",
        source=lambda _site, key: ".".join(
            [*sign(examples.signed_assertion(), key).split(".")[:1], "bm90IGpzb24", "AA"]
        ),
    ),
    invalid("I3-no-time", {}, "data", source=signed(issuedOn=None)),
    invalid("I3-no-id", {}, "data", source=signed(id=None)),
    invalid("A3-urn-not-uuid", {}, "data", source=signed(id="urn:isbn:0451450523")),
    valid("A3+B1-urn-uuid", source=signed(id=URN)),
    valid("I4+D8-key-embedded-in-issuer", source=key_in_profile),
    valid("D8-one-key-in-an-array", of_issuer(publicKey=[KEY]), source=signed()),
    invalid(
        "I4-no-key-no-creator",
        of_issuer(publicKey=None),
        "key",
        source=forged(verification=NO_CREATOR),
    ),
    invalid(
        "I4-empty-list-of-keys",
        of_issuer(publicKey=[]),
        "key",
        source=forged(verification=NO_CREATOR),
    ),
    invalid(
        "I4+A12-embedded-issuer-forged-key",
        STRANGERS_KEY,
        "key",
        source=forged(
            verification={"type": "SignedBadge", "creator": EVIL_KEY},
            badge=examples.badge(id=URN, issuer=PROFILE_OF_THE_STRANGER),
        ),
    ),
    invalid(
        "I4-key-that-claims-an-owner",
        STRANGERS_KEY,
        "key",
        source=forged(verification={"type": "SignedBadge", "creator": EVIL_KEY}),
    ),
    Case("I4-key-404", {KEY: {"status": 404}}, "unverifiable", "key", source=signed()),
    invalid(
        "I4-key-no-pem", {KEY: {"json": examples.key_document("our key")}}, "key", source=signed()
    ),
    valid(
        "G5-key-alone",
        {KEY: {"json": examples.key_document(STRANGER.public.to_pem())}},
        source=at(KEY),
    ),
    valid(
        "G5-nothing-but-the-key",
        {},
        source=lambda site, key: (
            sign(examples.signed_assertion(), key)
            if site.documents.update(
                {KEY: {"json": {"@context": examples.CONTEXT, "publicKeyPem": key.public.to_pem()}}}
            )
            is None
            else ""
        ),
    ),
    invalid("I5-stranger", {}, "signature", source=forged()),
    invalid("I5-other-payload", {}, "signature", source=other_payload),
    *(
        Case(f"I6-{name}", of_list(*entries), "revoked", "revocation", source=signed())
        for name, entries in REVOKING.items()
    ),
    Case(
        "I6-reason",
        of_list(REASON, "urn:a"),
        "revoked",
        "revocation",
        source=signed(),
        note="By mistake",
    ),
    Case(
        "I6-bare-value",
        of_list(revokedAssertions=ASSERTION),
        "revoked",
        "revocation",
        source=signed(),
    ),
    Case(
        "I6-embedded-issuer",
        of_list(ASSERTION, issuer=examples.issuer()),
        "revoked",
        "revocation",
        source=signed(),
    ),
    Case(
        "I6-in-capitals",
        of_list(URN.upper(), "urn:a"),
        "revoked",
        "revocation",
        source=signed(id=URN),
    ),
    valid("I6-others", of_list("urn:a", f"{ASSERTION}/2"), source=signed()),
    valid(
        "I6+G6-not-revoked", of_list({"id": ASSERTION, "revoked": False}, "urn:a"), source=signed()
    ),
    valid("G6-uid-of-a-badge-with-an-id", of_list({"uid": "1"}, "urn:a"), source=signed(uid="1")),
    valid(
        "G6-list-without-id",
        {LIST: {"json": without(examples.revocation_list("urn:a", "urn:b"), "id", "issuer")}},
        source=signed(),
    ),
    valid(
        "G6-list-of-another-issuer",
        of_list(issuer=f"{OTHER}/issuer"),
        source=signed(),
        note="names another issuer",
    ),
    *(
        Case(f"I6+{number}-{name}", changes, "unverifiable", "revocation", source=signed())
        for number, name, changes in (
            ("A10", "list-404", {LIST: {"status": 404}}),
            ("A10", "list-500", {LIST: {"status": 500, "json": examples.revocation_list()}}),
            ("G6", "list-down", {LIST: {"error": "timed out"}}),
            ("G6", "list-no-json", {LIST: {"text": "[]"}}),
            ("G6", "list-of-another-class", of_list(type="Profile")),
            ("G6", "list-without-entries", of_list(revokedAssertions=None)),
            ("G6", "entry-that-names-nothing", of_list({"revocationReason": "x"})),
            ("G6", "entry-no-iri", of_list("number one")),
        )
    ),
    valid("I6+D10-no-list", of_issuer(revocationList=None), source=signed()),
    valid("I6-list-in-an-object", of_issuer(revocationList={"id": LIST}), source=signed()),
    Case("B11-revoked-in-the-payload", {}, "revoked", "revocation", source=signed(revoked=True)),
    valid("I9+C1-ephemeral-badge", source=signed(id=URN, badge=examples.badge(id=URN))),
    valid("I9-ephemeral-badge-in-an-array", source=signed(badge=[examples.badge(id=URN)])),
    invalid(
        "I9-ephemeral-badge-hosted", hosted(badge=examples.badge(id=URN)), "badge", forms=False
    ),
    valid(
        "A12-embedded-badge-of-a-signed-one",
        source=signed(badge=examples.badge(name="Better")),
        note="“Like a Rock”",
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
