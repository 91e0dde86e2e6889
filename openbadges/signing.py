# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed documents: compact JWS over exact bytes (RFC 7515; Open Badges 2.0, SignedBadge)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from jwt.algorithms import get_default_algorithms

from openbadges.errors import MalformedError, SigningError, VerificationError
from openbadges.serialization import MAX_BYTES, dumps, loads_object

if TYPE_CHECKING:
    from openbadges.keys import PublicKey, Signer

# A padded or otherwise varied token would give one badge several spellings.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}", re.ASCII)
# Only the arithmetic is PyJWT's: its reading of a token is laxer than ours, and would come twice.
_ALGORITHMS = get_default_algorithms()
_MAX_TOKEN = 2 * MAX_BYTES


class Token(NamedTuple):
    """The parts of a compact JWS, decoded; nothing in them may be trusted yet."""

    header: dict[str, Any]
    payload: bytes
    signature: bytes
    signed: bytes


def sign(
    document: dict[str, Any] | bytes, key: Signer, *, header: dict[str, Any] | None = None
) -> str:
    """Return a document as compact JWS; the header names the key's algorithm, and ``header``.

    Bytes are signed as they are, a document as `openbadges.serialization.dumps` writes it.

    Raises `MalformedError`: the document is no JSON. Raises `SigningError`: the key cannot sign.
    """
    payload = document if isinstance(document, bytes) else dumps(document)
    loads_object(payload)
    name = key.algorithm
    if weakness := _ALGORITHMS[name].check_key_length(key.public.raw):
        raise SigningError(f"key {key.id} cannot sign: {weakness}")
    head = dumps({"alg": name, **(header or {})})
    signed = b"%b.%b" % (_encode(head), _encode(payload))
    return (signed + b"." + _encode(key.sign(signed))).decode()


def open_signed(token: str, key: PublicKey) -> bytes:
    """Return the exact bytes that a key signed.

    The key decides which algorithms are accepted; what the header says about keys is ignored.

    Raises `MalformedError`: the token is no strict compact JWS. Raises `VerificationError`: the
    algorithm is not the key's, the header demands an extension, or the signature does not hold.
    """
    read = read_token(token)
    check_token(read, key)
    return read.payload


def check_token(token: Token, key: PublicKey) -> None:
    """Refuse a token that a key did not sign, as `open_signed` does.

    Raises `VerificationError`: the algorithm is not the key's, the header demands an extension, or
    the signature does not hold.
    """
    header = token.header
    if "crit" in header or "b64" in header:
        raise VerificationError("signature: the header demands an extension that is not known")
    if not isinstance(header.get("kid", ""), str):
        raise VerificationError("signature: the header's key id must be text")
    named = header.get("alg")
    if named not in key.accepted:
        raise VerificationError(
            f"signature: algorithm {str(named)[:20]!r} is not allowed for this key, "
            f"which takes {', '.join(key.accepted)}"
        )
    algorithm = _ALGORITHMS[named]
    if weakness := algorithm.check_key_length(key.raw):
        raise VerificationError(f"signature: {weakness}")
    if not algorithm.verify(token.signed, key.raw, token.signature):
        raise VerificationError(
            "signature: it does not hold; another key made it, or the badge was changed"
        )


def peek(token: str) -> tuple[dict[str, Any], bytes]:
    """Return the header and the payload of a compact JWS without verifying anything.

    Nothing in them may be trusted; they tell where to look for the key.

    Raises `MalformedError`: the token is no strict compact JWS.
    """
    read = read_token(token)
    return read.header, read.payload


def read_token(token: str) -> Token:
    """Return the parts of a compact JWS without verifying anything.

    Raises `MalformedError`: the token is no strict compact JWS.
    """
    if len(token) > _MAX_TOKEN:
        raise MalformedError(f"JWS is larger than {_MAX_TOKEN} bytes")
    if not is_compact(token):
        raise MalformedError("JWS must be three parts of base64url, joined by dots, unpadded")
    header, payload, signature = (_decode(part) for part in token.split("."))
    return Token(loads_object(header), payload, signature, token.rpartition(".")[0].encode())


def is_compact(text: str) -> bool:
    """Say whether a text has the form of a compact JWS."""
    return bool(_COMPACT.fullmatch(text))


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(part: str) -> bytes:
    """Decode base64url in its only canonical form, so that one token has one spelling."""
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise MalformedError(f"JWS holds no base64url: {error}") from error
    if _encode(data).decode() != part:
        raise MalformedError("JWS holds base64url that is not canonical")
    return data
