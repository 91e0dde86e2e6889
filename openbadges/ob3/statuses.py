# SPDX-License-Identifier: AGPL-3.0-or-later
"""Revocation that tells nobody who asks: bit strings (W3C, Bitstring Status List 1.0)."""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from typing import TYPE_CHECKING, Any, Final

from openbadges.errors import MalformedError
from openbadges.ob3.vocabulary import STATUS_CONTEXTS
from openbadges.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

#: A shorter list would hide nobody in a crowd (section 6.1).
MIN_SIZE: Final = 131_072
MAX_SIZE: Final = 1 << 27
_MULTIBASE: Final = "u"
_MAX_ENCODED: Final = 32 << 20
REVOCATION: Final = "revocation"
ENTRY: Final = "BitstringStatusListEntry"


def encode(size: int, indexes: Iterable[int]) -> str:
    """Return the ``encodedList`` of ``size`` bits, of which those at ``indexes`` are set.

    The same bits always give the same text. Raises `MalformedError`: the size is none that a list
    may have, or an index lies outside.
    """
    if not MIN_SIZE <= size <= MAX_SIZE or size % 8:
        raise MalformedError(f"a status list has {MIN_SIZE} to {MAX_SIZE} bits, not {size}")
    bits = bytearray(size // 8)
    for index in indexes:
        if not 0 <= index < size:
            raise MalformedError(f"index {index} lies outside of a list of {size} bits")
        # The first bit of a list is the highest of its first byte (section 3.1).
        bits[index >> 3] |= 0x80 >> (index & 7)
    packed = gzip.compress(bytes(bits), 6, mtime=0)
    return _MULTIBASE + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode(encoded: str) -> bytes:
    """Return the bits of an ``encodedList``.

    Raises `MalformedError`: it is not of that form, or too short or too long for a list.
    """
    if not encoded.startswith(_MULTIBASE) or len(encoded) > _MAX_ENCODED:
        raise MalformedError("encodedList must be 'u' and base64url, and no longer than a list is")
    try:
        packed = base64.b64decode(
            encoded[1:] + "=" * (-len(encoded[1:]) % 4), altchars=b"-_", validate=True
        )
        reader = zlib.decompressobj(wbits=31)
        bits = reader.decompress(packed, MAX_SIZE // 8 + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise MalformedError(f"encodedList cannot be unpacked: {error}") from error
    if not reader.eof or not MIN_SIZE <= len(bits) * 8 <= MAX_SIZE:
        raise MalformedError(f"a status list has {MIN_SIZE} to {MAX_SIZE} bits")
    return bits


def is_set(bits: bytes, index: int) -> bool:
    """Return the bit at ``index``; raise `MalformedError` where the list has none."""
    if not 0 <= index < len(bits) * 8:
        raise MalformedError(f"index {index} lies outside of a list of {len(bits) * 8} bits")
    return bool(bits[index >> 3] & (0x80 >> (index & 7)))


def entry(list_id: str, index: int) -> dict[str, Any]:
    """Return the ``credentialStatus`` of a credential: its place in a list."""
    return {
        "id": f"{list_id}#{index}",
        "type": ENTRY,
        "statusPurpose": REVOCATION,
        "statusListIndex": str(index),
        "statusListCredential": list_id,
    }


def status_credential(
    list_id: str, issuer: str, encoded: str, *, valid_from: datetime
) -> dict[str, Any]:
    """Return a BitstringStatusListCredential without a proof."""
    return {
        "@context": list(STATUS_CONTEXTS),
        "id": list_id,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": format_time(valid_from),
        "credentialSubject": {
            "id": f"{list_id}#list",
            "type": "BitstringStatusList",
            "statusPurpose": REVOCATION,
            "encodedList": encoded,
        },
    }
