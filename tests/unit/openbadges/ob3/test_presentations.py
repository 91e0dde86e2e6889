# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names that wallets prove; the presentations in the file are made by the libraries of wallets."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from openbadges.errors import (
    MalformedError,
    OpenBadgesError,
    UnsupportedError,
    VerificationError,
)
from openbadges.ob3.contexts import known_context, wallet_context
from openbadges.ob3.presentations import proven_holder
from tests.simulators.wallets import SUITE_2020, V1, V2, Wallet, sign

FOREIGN: dict[str, Any] = json.loads((Path(__file__).parent / "presentations.json").read_text())
CHALLENGE, DOMAIN = FOREIGN.pop("challenge"), FOREIGN.pop("domain")
OLDER = FOREIGN.pop("by didkit 0.3.3, older suite")


def holder_of(presentation: dict[str, Any], challenge: str = CHALLENGE) -> str:
    return proven_holder(presentation, challenge=challenge, domains={DOMAIN})


@pytest.fixture(scope="module")
def wallet() -> Wallet:
    return Wallet(lambda _url, _body: pytest.fail("nothing is sent"))


@pytest.mark.parametrize("maker", FOREIGN)
def test_what_libraries_of_wallets_sign_is_believed(maker: str) -> None:
    presentation = FOREIGN[maker]
    assert holder_of(presentation) == presentation["holder"]


@pytest.mark.parametrize("maker", FOREIGN)
def test_whatever_was_changed_is_not_believed(maker: str) -> None:
    other = next(each for each in FOREIGN.values() if each["holder"] != FOREIGN[maker]["holder"])
    for name, value in (
        ("created", "2026-11-21T21:00:00Z"),
        ("proofValue", other["proof"]["proofValue"]),
        ("proofValue", "z"),
        ("proofValue", "0"),
        ("proofValue", None),
        ("verificationMethod", other["proof"]["verificationMethod"]),
        ("proofPurpose", "assertionMethod"),
        ("domain", "https://elsewhere.example"),
        ("domain", [DOMAIN, "https://elsewhere.example"]),
        ("domain", 7),
        ("challenge", "another"),
        ("challenge", [CHALLENGE]),
    ):
        changed = copy.deepcopy(FOREIGN[maker])
        changed["proof"][name] = value
        with pytest.raises(VerificationError):
            holder_of(changed)
    for name, value in (
        ("holder", other["holder"]),
        ("type", "VerifiableCredential"),
        ("proof", []),
        ("proof", [FOREIGN[maker]["proof"]] * 2),
        ("id", "urn:uuid:00000000-0000-4000-8000-000000000000"),
    ):
        with pytest.raises(VerificationError):
            holder_of({**FOREIGN[maker], name: value})


def test_a_proof_without_the_domain_is_changed_too() -> None:
    changed = copy.deepcopy(FOREIGN["by didkit 0.3.3"])
    del changed["proof"]["domain"]
    with pytest.raises(VerificationError):
        holder_of(changed)


def test_the_suite_of_today_is_believed_as_well(wallet: Wallet) -> None:
    bare = {"@context": [V2], "type": ["VerifiablePresentation"], "holder": wallet.did}
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-03-01T12:00:00Z",
        "verificationMethod": f"{wallet.did}#{wallet.did.removeprefix('did:key:')}",
        "proofPurpose": "authentication",
        "challenge": CHALLENGE,
        "domain": DOMAIN,
    }
    assert holder_of(sign(bare, wallet.key, options)) == wallet.did
    signed = sign(bare, wallet.key, {**options, "cryptosuite": "ecdsa-rdfc-2019"})
    with pytest.raises(UnsupportedError):
        holder_of(signed)


def test_what_cannot_be_judged_is_told_from_what_is_wrong(wallet: Wallet) -> None:
    with pytest.raises(UnsupportedError):
        holder_of(OLDER)
    good = wallet.presentation(CHALLENGE)
    zzzz = wallet.presentation(CHALLENGE, verificationMethod="did:key:zzzz#zzzz")
    cases: list[tuple[dict[str, Any], type[OpenBadgesError]]] = [
        ({**good, "@context": [V2, "https://example.org/context"]}, UnsupportedError),
        ({**good, "@context": [V2, {"x": "y"}]}, MalformedError),
        ({**good, "verifiableCredential": []}, UnsupportedError),
        (
            wallet.presentation(CHALLENGE, verificationMethod="did:web:example.org#1"),
            UnsupportedError,
        ),
        ({**zzzz, "holder": "did:key:zzzz"}, UnsupportedError),
        ({"type": "VerifiablePresentation"}, VerificationError),
        ({}, VerificationError),
    ]
    for presentation, kind in cases:
        with pytest.raises(kind):
            holder_of(presentation)


def test_contexts_of_wallets_mean_nothing_in_credentials() -> None:
    for url in (V1, SUITE_2020):
        assert "@context" in wallet_context(url)
        with pytest.raises(UnsupportedError):
            known_context(url)
