# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ed25519 keys and signatures as one word: multibase base58 (Controlled Identifiers, Multikey)."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ed25519

from openbadges.errors import KeyFormatError, MalformedError
from openbadges.keys import PublicKey

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_BASE58: Final = "z"
_ED25519: Final = b"\xed\x01"
_KEY_BYTES = 32
_MAX_WORD = 200


def to_base58(data: bytes) -> str:
    """Return bytes as multibase base58: ``z`` and the digits."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return _BASE58 + _ALPHABET[0] * zeros + digits


def from_base58(word: str) -> bytes:
    """Return the bytes that multibase base58 stands for.

    Raises `MalformedError`: it is not of that form, or longer than any key or signature.
    """
    digits = word.removeprefix(_BASE58)
    if not word.startswith(_BASE58) or len(word) > _MAX_WORD or not set(digits) <= _DIGITS.keys():
        raise MalformedError(f"{word[:40]!r} is no multibase base58")
    number = 0
    for letter in digits:
        number = number * 58 + _DIGITS[letter]
    zeros = len(digits) - len(digits.lstrip(_ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def to_multikey(key: PublicKey) -> str:
    """Return an Ed25519 key as ``publicKeyMultibase``.

    Raises `KeyFormatError`: the key is of another kind.
    """
    if not isinstance(key.raw, ed25519.Ed25519PublicKey):
        raise KeyFormatError(f"key {key.id} is not Ed25519: it cannot sign {_BASE58!r} proofs")
    return to_base58(_ED25519 + key.raw.public_bytes_raw())


def from_multikey(word: str, key_id: str) -> PublicKey:
    """Return the Ed25519 key that a ``publicKeyMultibase`` holds.

    Raises `KeyFormatError`: it holds none.
    """
    try:
        data = from_base58(word)
    except MalformedError as error:
        raise KeyFormatError(f"key {key_id}: {error}") from error
    if data[:2] != _ED25519 or len(data) != len(_ED25519) + _KEY_BYTES:
        raise KeyFormatError(f"key {key_id} is no Ed25519 key")
    return PublicKey(key_id, ed25519.Ed25519PublicKey.from_public_bytes(data[2:]))
