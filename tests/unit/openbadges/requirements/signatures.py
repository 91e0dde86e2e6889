# SPDX-License-Identifier: AGPL-3.0-or-later
"""What proves a signed badge: keys, signatures and revocation lists (I)."""

from __future__ import annotations

from openbadges.signing import sign
from tests.unit.openbadges import examples
from tests.unit.openbadges.requirements.cases import Case, invalid, valid
from tests.unit.openbadges.requirements.documents import URN, without
from tests.unit.openbadges.requirements.sources import (
    EVIL_KEY,
    KEY,
    LIST,
    NO_CREATOR,
    OTHER,
    PROFILE_OF_THE_STRANGER,
    REASON,
    REVOKING,
    STRANGER,
    STRANGERS_KEY,
    at,
    cut,
    forged,
    key_in_profile,
    of_list,
    other_payload,
    signed,
)
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    hosted,
    of_issuer,
)

CASES: list[Case] = [
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
]
