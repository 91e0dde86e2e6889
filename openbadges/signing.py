# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed documents: compact JWS over exact bytes (RFC 7515; Open Badges 2.0, SignedBadge)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError

from openbadges.errors import MalformedError, SigningError, VerificationError
from openbadges.serialization import MAX_BYTES, dumps, loads_object

if TYPE_CHECKING:
    from jwt.types import SigOptions

    from openbadges.keys import PrivateKey, PublicKey

# PyJWT itself accepts a padded signature, so that one badge would have several spellings.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}", re.ASCII)
_OPTIONS: SigOptions = {"enforce_minimum_key_length": True}
_MAX_TOKEN = 2 * MAX_BYTES


def sign(document: dict[str, Any] | bytes, key: PrivateKey) -> str:
    """Return a document as compact JWS; the header names the key's algorithm and nothing else.

    Bytes are signed as they are, a document as `openbadges.serialization.dumps` writes it.

    Raises `MalformedError`: the document is no JSON. Raises `SigningError`: the key cannot sign.
    """
    payload = document if isinstance(document, bytes) else dumps(document)
    loads_object(payload)
    try:
        # An empty "typ" makes PyJWT leave the member out.
        return PyJWS(options=_OPTIONS).encode(
            payload, key.raw, algorithm=key.algorithm, headers={"typ": ""}
        )
    except PyJWTError as error:
        raise SigningError(f"key {key.id} cannot sign: {error}") from error


def open_signed(token: str, key: PublicKey) -> bytes:
    """Return the exact bytes that a key signed.

    The key decides which algorithms are accepted; what the header says about keys is ignored.

    Raises `MalformedError`: the token is no strict compact JWS. Raises `VerificationError`: the
    algorithm is not the key's, the header demands an extension, or the signature does not hold.
    """
    header, payload = peek(token)
    if "crit" in header or "b64" in header:
        raise VerificationError("signature: the header demands an extension that is not known")
    named = header.get("alg")
    if named not in key.accepted:
        raise VerificationError(
            f"signature: algorithm {str(named)[:20]!r} is not allowed for this key, "
            f"which takes {', '.join(key.accepted)}"
        )
    try:
        PyJWS(algorithms=key.accepted, options=_OPTIONS).decode(
            token, key.raw, algorithms=key.accepted
        )
    except PyJWTError as error:
        raise VerificationError(f"signature: {error}") from error
    return payload


def peek(token: str) -> tuple[dict[str, Any], bytes]:
    """Return the header and the payload of a compact JWS without verifying anything.

    Nothing in them may be trusted; they tell where to look for the key.

    Raises `MalformedError`: the token is no strict compact JWS.
    """
    if len(token) > _MAX_TOKEN:
        raise MalformedError(f"JWS is larger than {_MAX_TOKEN} bytes")
    if not is_compact(token):
        raise MalformedError("JWS must be three parts of base64url, joined by dots, unpadded")
    header, payload, _signature = (_decode(part) for part in token.split("."))
    return loads_object(header), payload


def is_compact(text: str) -> bool:
    """Say whether a text has the form of a compact JWS."""
    return bool(_COMPACT.fullmatch(text))


def _decode(part: str) -> bytes:
    """Decode base64url in its only canonical form, so that one token has one spelling."""
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise MalformedError(f"JWS holds no base64url: {error}") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise MalformedError("JWS holds base64url that is not canonical")
    return data
