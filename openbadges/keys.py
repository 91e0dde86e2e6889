# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing keys: making, reading and writing them. The kind of a key fixes its algorithm."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from openbadges.errors import KeyFormatError, PassphraseError

MIN_RSA_BITS: Final = 2048
# A longer key costs a verifier seconds; nobody needs one.
MAX_RSA_BITS: Final = 8192
_PUBLIC_EXPONENT = 65537
_MAX_PEM = 64 * 1024

_RawPrivate = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_RawPublic = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
# The first is the one to sign with.
_RSA = ("RS256", "RS384", "RS512", "PS256")
_ED25519 = "EdDSA"
# The curve decides the algorithm (RFC 7518, 3.4) and has another name in a JSON Web Key.
_CURVES: Final = {"secp256r1": ("ES256", "P-256"), "secp384r1": ("ES384", "P-384")}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a key: what verifiers read. `id` is the URL where it is published."""

    id: str
    raw: _RawPublic = field(repr=False)

    @property
    def algorithm(self) -> str:
        """The JWS algorithm this key signs with: RS256, ES256, ES384, or EdDSA for Ed25519."""
        return self.accepted[0]

    @property
    def accepted(self) -> tuple[str, ...]:
        """The JWS algorithms a signature by this kind of key may name."""
        if isinstance(self.raw, rsa.RSAPublicKey):
            return _RSA
        if isinstance(self.raw, ec.EllipticCurvePublicKey):
            return (_CURVES[self.raw.curve.name][0],)
        return (_ED25519,)

    def to_pem(self) -> str:
        """Return the key as PEM (SubjectPublicKeyInfo), for ``publicKeyPem``."""
        return self.raw.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()

    def to_jwk(self) -> dict[str, str]:
        """Return the key as a JSON Web Key (RFC 7517; RFC 8037 for Ed25519)."""
        if isinstance(self.raw, rsa.RSAPublicKey):
            numbers = self.raw.public_numbers()
            members = {"kty": "RSA", "n": _base64_number(numbers.n), "e": _base64_number(numbers.e)}
        elif isinstance(self.raw, ec.EllipticCurvePublicKey):
            point, width = self.raw.public_numbers(), (self.raw.key_size + 7) // 8
            x, y = (_base64(number.to_bytes(width, "big")) for number in (point.x, point.y))
            members = {"kty": "EC", "crv": _CURVES[self.raw.curve.name][1], "x": x, "y": y}
        else:
            members = {"kty": "OKP", "crv": "Ed25519", "x": _base64(self.raw.public_bytes_raw())}
        return {**members, "kid": self.id, "alg": self.algorithm, "use": "sig"}


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs. Reading one is slow (about 70 ms), so read it once and keep this object."""

    id: str
    raw: _RawPrivate = field(repr=False)

    @property
    def algorithm(self) -> str:
        """The JWS algorithm this key signs with: RS256, or EdDSA for Ed25519."""
        return _RSA[0] if isinstance(self.raw, rsa.RSAPrivateKey) else _ED25519

    @property
    def public(self) -> PublicKey:
        """The public half, with the same id."""
        return PublicKey(self.id, self.raw.public_key())

    def to_pem(self, passphrase: str | None = None) -> bytes:
        """Return the key as PEM (PKCS#8), encrypted when a passphrase is given."""
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            encryption = serialization.BestAvailableEncryption(passphrase.encode())
        return self.raw.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )


def generate_rsa(key_id: str, bits: int = MIN_RSA_BITS) -> PrivateKey:
    """Return a new RSA key, which signs Open Badges 2.0 with RS256.

    Raises `KeyFormatError`: fewer than 2048 or more than 8192 bits are asked for.
    """
    _check_size(bits)
    return PrivateKey(key_id, rsa.generate_private_key(_PUBLIC_EXPONENT, bits))


def generate_ed25519(key_id: str) -> PrivateKey:
    """Return a new Ed25519 key; verifiers of Open Badges 2.0 do not know that kind."""
    return PrivateKey(key_id, ed25519.Ed25519PrivateKey.generate())


def load_private_key(pem: bytes, key_id: str, passphrase: str | None = None) -> PrivateKey:
    """Return the private key that a PEM text holds.

    Raises `PassphraseError`: the key is encrypted and the passphrase is missing or wrong.
    Raises `KeyFormatError`: there is no private key, or it is neither RSA of 2048 to 8192 bits nor
    Ed25519.
    """
    _check_pem(pem, "private")
    encrypted = b"ENCRYPTED" in pem
    if encrypted and not passphrase:
        raise PassphraseError("private key is encrypted; give its passphrase")
    try:
        raw = serialization.load_pem_private_key(
            pem, passphrase.encode() if encrypted and passphrase else None
        )
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if encrypted:
            raise PassphraseError(
                "private key cannot be decrypted; check the passphrase"
            ) from error
        raise KeyFormatError(f"private key cannot be read: {error}") from error
    if not isinstance(raw, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise KeyFormatError("private key is neither RSA nor Ed25519")
    if isinstance(raw, rsa.RSAPrivateKey):
        _check_size(raw.key_size)
    return PrivateKey(key_id, raw)


def load_public_key(pem: str | bytes, key_id: str) -> PublicKey:
    """Return the public key that a PEM text holds (SubjectPublicKeyInfo or PKCS#1).

    Raises `KeyFormatError`: there is no public key, or it is neither RSA of 2048 to 8192 bits, nor
    on the curves P-256 and P-384, nor Ed25519.
    """
    data = pem.encode("utf-8", "replace") if isinstance(pem, str) else pem
    _check_pem(data, "public")
    return PublicKey(key_id, _read_public(data))


@lru_cache(maxsize=256)
def _read_public(data: bytes) -> _RawPublic:
    """Read a key once; an issuer signs many badges with it, and reading costs what using does."""
    try:
        raw = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFormatError(f"public key cannot be read: {error}") from error
    if not isinstance(raw, _RawPublic):
        raise KeyFormatError("public key is neither RSA nor on an elliptic curve that is known")
    if isinstance(raw, rsa.RSAPublicKey):
        _check_size(raw.key_size)
    if isinstance(raw, ec.EllipticCurvePublicKey) and raw.curve.name not in _CURVES:
        raise KeyFormatError(f"public key is on the curve {raw.curve.name}; use P-256 or P-384")
    return raw


def _check_pem(pem: bytes, half: str) -> None:
    if len(pem) > _MAX_PEM:
        raise KeyFormatError(f"{half} key is larger than {_MAX_PEM} bytes")
    if not pem.strip():
        raise KeyFormatError(f"{half} key is missing: the text is empty")


def _check_size(bits: int) -> None:
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise KeyFormatError(
            f"RSA key has {bits} bits; use one of {MIN_RSA_BITS} to {MAX_RSA_BITS}"
        )


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _base64_number(number: int) -> str:
    return _base64(number.to_bytes((number.bit_length() + 7) // 8, "big"))
