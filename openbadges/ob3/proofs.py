# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed inside: Data Integrity proofs of the suite eddsa-rdfc-2022 (W3C, Data Integrity EdDSA)."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

from openbadges.errors import MalformedError, SigningError, VerificationError
from openbadges.keys import ED25519_SIGNATURE
from openbadges.ob3.canonical import canonical
from openbadges.ob3.contexts import known_context
from openbadges.ob3.multikeys import from_base58, to_base58
from openbadges.ob3.vocabulary import CRYPTOSUITE, PURPOSE
from openbadges.serialization import dumps, loads_object
from openbadges.times import format_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from openbadges.keys import PublicKey, Signer

    Context = Callable[[str], dict[str, Any]]

_TYPE = "DataIntegrityProof"
_SIGNATURE_BYTES = 64


def add_proof(
    document: dict[str, Any], key: Signer, method: str, *, created: datetime
) -> dict[str, Any]:
    """Return a document with a proof that ``key`` made; ``method`` is where the key is published.

    Raises `SigningError`: the key is not Ed25519, or there is a proof already. Raises
    `MalformedError`: a member of the document has no meaning that could be signed.
    """
    if key.algorithm != ED25519_SIGNATURE:
        raise SigningError(f"key {key.id} is not Ed25519: it cannot make a proof")
    if "proof" in document:
        raise SigningError("the document has a proof already")
    proof = {
        "type": _TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": format_time(created),
        "verificationMethod": method,
        "proofPurpose": PURPOSE,
    }
    options = {**proof, "@context": document.get("@context")}
    signature = key.sign(_signed(document, options))
    return {**document, "proof": {**proof, "proofValue": to_base58(signature)}}


def proof_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return the one proof of this suite that a document holds.

    Raises `VerificationError`: there is none, there are several, or it is for another purpose.
    """
    found = document.get("proof")
    proofs = [
        each
        for each in (found if isinstance(found, list) else [found])
        if isinstance(each, dict) and each.get("cryptosuite") == CRYPTOSUITE
    ]
    if len(proofs) != 1:
        raise VerificationError(f"proof: {len(proofs)} of the suite {CRYPTOSUITE}, needs one")
    (proof,) = proofs
    if proof.get("type") != _TYPE or proof.get("proofPurpose") != PURPOSE:
        raise VerificationError(f"proof: is no {_TYPE} for the purpose {PURPOSE}")
    if not isinstance(proof.get("verificationMethod"), str):
        raise VerificationError("proof: names no key (verificationMethod)")
    return proof


def check_proof(document: dict[str, Any], key: PublicKey) -> None:
    """Refuse a document whose proof ``key`` did not make.

    Raises `VerificationError`: the proof does not hold. Raises `MalformedError` and
    `UnsupportedError` as `canonical`.
    """
    proof = proof_of(document)
    bare = {name: item for name, item in document.items() if name != "proof"}
    options = {name: item for name, item in proof.items() if name != "proofValue"}
    options["@context"] = document.get("@context")
    if not holds(bare, options, proof.get("proofValue"), key):
        raise VerificationError(
            "proof: it does not hold; another key made it, or the badge was changed"
        )


def holds(
    document: dict[str, Any],
    options: dict[str, Any],
    value: object,
    key: PublicKey,
    context: Context = known_context,
) -> bool:
    """Say whether ``value`` is the signature by ``key`` of a document and a proof's options.

    Raises `VerificationError`: it is no signature of that kind at all. Raises `MalformedError` and
    `UnsupportedError` as `canonical`.
    """
    try:
        signature = from_base58(value) if isinstance(value, str) else b""
    except MalformedError as error:
        raise VerificationError(f"proof: {error}") from error
    if len(signature) != _SIGNATURE_BYTES or not isinstance(key.raw, ed25519.Ed25519PublicKey):
        raise VerificationError("proof: is no Ed25519 signature by a key of that kind")
    try:
        key.raw.verify(signature, _signed(document, options, context))
    except InvalidSignature:
        return False
    return True


def _signed(
    document: dict[str, Any], options: dict[str, Any], context: Context = known_context
) -> bytes:
    """Return what is signed: the hash of the proof's options, then that of the document."""
    said = hashlib.sha256(canonical(document, context)).digest()
    return _digest(dumps(options), context) + said


@lru_cache(maxsize=16)
def _digest(options: bytes, context: Context) -> bytes:
    """Return the hash of a proof's options: those of proofs made at once are the same."""
    return hashlib.sha256(canonical(loads_object(options), context)).digest()
