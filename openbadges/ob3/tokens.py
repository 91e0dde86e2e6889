# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed outside: credentials as JSON Web Tokens (Open Badges 3.0, section 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openbadges.errors import MalformedError, SigningError, VerificationError
from openbadges.keys import RSA_SIGNATURE
from openbadges.serialization import loads_object
from openbadges.signing import check_token, read_token, sign
from openbadges.times import parse_time

if TYPE_CHECKING:
    from openbadges.keys import PublicKey, Signer


def to_token(credential: dict[str, Any], key: Signer) -> str:
    """Return a credential as a JWT; the id of ``key`` is the URL of its bare JSON Web Key.

    Raises `SigningError`: the key is not RSA, which every verifier takes. Raises `MalformedError`:
    the credential has no subject with an id, or no time from which it holds.
    """
    if key.algorithm != RSA_SIGNATURE:
        raise SigningError(f"key {key.id} is not RSA: other verifiers refuse such tokens")
    header = {"kid": key.id, "typ": "JWT"}
    return sign({**credential, **_claims(credential)}, key, header=header)


def open_token(token: str, key: PublicKey) -> dict[str, Any]:
    """Return the credential that ``key`` signed; the claims about it are checked and left out.

    Raises `MalformedError`: it is no JWT of a credential. Raises `VerificationError`: the signature
    does not hold, or the claims contradict the credential.
    """
    read = read_token(token)
    check_token(read, key)
    payload = loads_object(read.payload)
    credential = {name: value for name, value in payload.items() if name not in _CLAIMS}
    for name, value in _claims(credential).items():
        if payload.get(name) != value:
            raise VerificationError(f"token: {name} contradicts the credential")
    if "exp" in payload and "validUntil" not in credential:
        raise VerificationError("token: exp contradicts the credential")
    return credential


_CLAIMS = frozenset({"iss", "jti", "sub", "nbf", "exp"})


def _claims(credential: dict[str, Any]) -> dict[str, Any]:
    """Return what the token says of a credential in its own words."""
    issuer, subject = credential.get("issuer"), credential.get("credentialSubject")
    claims = {
        "iss": issuer.get("id") if isinstance(issuer, dict) else issuer,
        "jti": credential.get("id"),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
    }
    for name, value in claims.items():
        if not isinstance(value, str):
            raise MalformedError(f"credential: nothing tells the {name} of its token")
    claims["nbf"] = _seconds(credential, "validFrom")
    if "validUntil" in credential:
        claims["exp"] = _seconds(credential, "validUntil")
    return claims


def _seconds(credential: dict[str, Any], name: str) -> int:
    value = credential.get(name)
    if not isinstance(value, str):
        raise MalformedError(f"credential: {name} is missing")
    return int(parse_time(value).timestamp())
