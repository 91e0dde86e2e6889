# SPDX-License-Identifier: AGPL-3.0-or-later
"""Presentations by which the holder of a wallet proves a name of theirs (DID authentication).

Wallets sign with the suite eddsa-rdfc-2022 or with its forerunner Ed25519Signature2020, which
signs the same bytes; only the words around them differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from openbadges.errors import KeyFormatError, UnsupportedError, VerificationError
from openbadges.jsonld.loading import as_list
from openbadges.ob3.contexts import wallet_context
from openbadges.ob3.identifiers import key_of_did_key
from openbadges.ob3.proofs import holds
from openbadges.ob3.vocabulary import CREDENTIALS, CRYPTOSUITE

if TYPE_CHECKING:
    from collections.abc import Container

TYPE: Final = "VerifiablePresentation"
PURPOSE: Final = "authentication"
SUITE_2020: Final = "Ed25519Signature2020"
_DATA_INTEGRITY: Final = "DataIntegrityProof"
#: A presentation that only proves a name says no more than this.
_MEMBERS: Final = frozenset({"@context", "id", "type", "holder", "proof"})


def proven_holder(presentation: dict[str, Any], *, challenge: str, domains: Container[str]) -> str:
    """Return the did:key that a presentation proves.

    A domain may be missing: nobody else knows the challenge. Raises `VerificationError`: it was
    made for something else, or the proof does not hold. Raises `UnsupportedError`: it may hold,
    but is of a kind that cannot be judged here. Raises `MalformedError` as `canonical`.
    """
    proof, method = _proof(presentation, challenge, domains)
    holder = method.partition("#")[0]
    if not _is_known_suite(proof) or not holder.startswith("did:key:"):
        raise UnsupportedError("presentation: only Ed25519 proofs of a did:key can be judged")
    if presentation.get("holder", holder) != holder:
        raise VerificationError("presentation: its holder is not who made the proof")
    if strange := presentation.keys() - _MEMBERS:
        raise UnsupportedError(f"presentation: holds {min(strange)[:40]!r}, nobody asked for that")
    try:
        key = key_of_did_key(method)
    except KeyFormatError as error:
        raise UnsupportedError(f"presentation: {error}") from error
    options = {name: item for name, item in proof.items() if name != "proofValue"}
    # A proof may bring the context of its own words.
    own = as_list(options.pop("@context", []))
    options["@context"] = [*as_list(presentation.get("@context")), *own]
    bare = {name: item for name, item in presentation.items() if name != "proof"}
    if not holds(bare, options, proof.get("proofValue"), key, wallet_context):
        raise VerificationError("presentation: its proof does not hold")
    return holder


def present(*credentials: dict[str, Any]) -> dict[str, Any]:
    """Return a presentation that nobody signed: each credential in it has its own proof."""
    return {
        "@context": [CREDENTIALS],
        "type": [TYPE],
        "verifiableCredential": list(credentials),
    }


def _proof(
    presentation: dict[str, Any], challenge: str, domains: Container[str]
) -> tuple[dict[str, Any], str]:
    """Return the proof of a presentation, made for us and now, and the key that it names."""
    if TYPE not in as_list(presentation.get("type")):
        raise VerificationError(f"presentation: is no {TYPE}")
    proofs = as_list(presentation.get("proof"))
    if len(proofs) != 1 or not isinstance(proofs[0], dict):
        raise VerificationError("presentation: needs one proof")
    proof: dict[str, Any] = proofs[0]
    if proof.get("challenge") != challenge:
        raise VerificationError("presentation: answers another challenge")
    if "domain" in proof and not _is_for(proof["domain"], domains):
        raise VerificationError("presentation: is made for another domain")
    if proof.get("proofPurpose") != PURPOSE:
        raise VerificationError(f"presentation: its proof is not for the purpose {PURPOSE}")
    method = proof.get("verificationMethod")
    if not isinstance(method, str):
        raise VerificationError("presentation: its proof names no key (verificationMethod)")
    return proof, method


def _is_for(domain: object, domains: Container[str]) -> bool:
    return all(isinstance(each, str) and each in domains for each in as_list(domain))


def _is_known_suite(proof: dict[str, Any]) -> bool:
    kind = proof.get("type")
    return kind == SUITE_2020 or (
        kind == _DATA_INTEGRITY and proof.get("cryptosuite") == CRYPTOSUITE
    )
