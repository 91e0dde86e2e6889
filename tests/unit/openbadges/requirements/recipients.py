# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who received a badge: identities and their hashes (E)."""

from __future__ import annotations

from typing import Any

from openbadges.identity import hash_identity
from tests.unit.openbadges import examples
from tests.unit.openbadges.requirements.cases import Case, invalid, valid
from tests.unit.openbadges.verification.changes import hosted

ADDRESS = examples.ADDRESS
ME = (f"email:{ADDRESS}",)
SALTED = examples.assertion()["recipient"]
URL = "https://people.example/me"


def recipient(**changes: Any) -> dict[str, Any]:
    return hosted(
        recipient={name: value for name, value in (SALTED | changes).items() if value is not None}
    )


def hashed(value: str, salt: str | None = None, algorithm: str = "sha256") -> dict[str, Any]:
    return recipient(identity=hash_identity(value, salt or "", algorithm), salt=salt)


def plain(kind: str, value: str) -> dict[str, Any]:
    return recipient(type=kind, hashed=False, identity=value, salt=None)


CASES: list[Case] = [
    valid("E1-plain", plain("email", ADDRESS), recipients=ME),
    invalid("E1-no-identity", recipient(identity=None)),
    invalid("E1-identity-number", recipient(identity=7)),
    invalid(
        "E1-plain-is-somebody-else", plain("email", "a@example.org"), "recipient", recipients=ME
    ),
    invalid("E1-plain-is-no-address", plain("email", "me")),
    invalid("E2-no-type", recipient(type=None)),
    invalid("E2-two-types", recipient(type=["email", "url"])),
    invalid("E2-type-that-nobody-defined", recipient(type="nick")),
    valid("E2-type-with-an-iri", plain("schema:duns", "15-048-3782")),
    valid("E2-url", plain("url", URL), recipients=(f"url:{URL}",)),
    valid(
        "E2-telephone",
        plain("telephone", "+15551234567"),
        recipients=(*ME, "telephone:+15551234567"),
    ),
    invalid("E2-same-value-of-another-type", hashed(URL), "recipient", recipients=(f"url:{URL}",)),
    invalid("E3-no-hashed", recipient(hashed=None)),
    invalid("E3-plain-no-hashed", recipient(hashed=None, identity=ADDRESS, salt=None)),
    invalid("E3-hashed-text", recipient(hashed="true")),
    valid("E4-salted", {}, recipients=ME),
    valid("E4-no-salt", hashed(ADDRESS), recipients=ME),
    valid("E4-empty-salt", recipient(identity=hash_identity(ADDRESS), salt=""), recipients=ME),
    invalid("E4-salt-number", recipient(salt=7)),
    invalid("E4-salt-dropped", recipient(salt=None), "recipient", recipients=ME),
    invalid("E4-other-salt", recipient(salt="living sea"), "recipient", recipients=ME),
    valid("E5-upper-case-digits", recipient(identity=SALTED["identity"].upper()), recipients=ME),
    valid("E5-md5", hashed(ADDRESS, "x", "md5"), recipients=ME, note="md5"),
    valid("E5-utf-8", hashed("größe@example.org", "süß"), recipients=("email:größe@example.org",)),
    invalid(
        "E5-salt-goes-last",
        recipient(identity=hash_identity("deadsea" + ADDRESS)),
        "recipient",
        recipients=ME,
    ),
    invalid("E5-digest-too-short", recipient(identity=SALTED["identity"][:-1])),
    invalid("E5-unknown-algorithm", recipient(identity="sha512$" + "0" * 128)),
    invalid("E5-no-algorithm", recipient(identity=SALTED["identity"].partition("$")[2])),
    invalid("E7-hashed-and-plain", recipient(identity=ADDRESS)),
    invalid("E7-plain-and-a-hash", recipient(hashed=False)),
    valid(
        "E8-written-in-capitals",
        {},
        recipients=(f"email:{ADDRESS.upper()}",),
        note="lower-cased form",
    ),
    invalid("E8-hashed-in-capitals", hashed(ADDRESS.upper()), "recipient", recipients=ME),
    valid(
        "E8-hashed-in-capitals-as-given",
        hashed(ADDRESS.upper()),
        recipients=(f"email:{ADDRESS.upper()}",),
    ),
    invalid("H5-somebody-else", {}, "recipient", recipients=("email:other@example.org",)),
    valid(
        "H5-one-of-several",
        {},
        recipients=("email:other@example.org", "url:https://a.example/", *ME),
    ),
]
