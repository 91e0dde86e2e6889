# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is handed in, and what a site publishes, in the cases about proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openbadges.keys import generate_rsa
from openbadges.signing import sign
from tests.unit.openbadges import examples
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    EVIL,
    of_issuer,
)

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
