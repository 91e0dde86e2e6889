# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing keys: making, reading and writing them. The kind of a key fixes its algorithm.

Who signs asks for a `Signer` alone: a `PrivateKey` in memory is one, and so may be a key that never
leaves a device.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from openbadges.errors import KeyFormatError, PassphraseError

MIN_RSA_BITS: Final = 2048
# A longer key costs a verifier seconds; nobody needs one.
MAX_RSA_BITS: Final = 8192
_PUBLIC_EXPONENT = 65537
_MAX_PEM = 64 * 1024

_RawPrivate = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_RawPublic = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
#: What an RSA key signs with; the others are accepted too.
RSA_SIGNATURE: Final = "RS256"
_RSA = (RSA_SIGNATURE, "RS384", "RS512", "PS256")
#: What an Ed25519 key signs with.
ED25519_SIGNATURE: Final = "EdDSA"
# The curve decides the algorithm (RFC 7518, 3.4) and has another name in a JSON Web Key.
_JWK_CURVES: Final = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
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
        return (ED25519_SIGNATURE,)

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


class Signer(Protocol):
    """Whatever signs with a private key, wherever that lies."""

    @property
    def id(self) -> str:
        """The URL where the public half is published."""

    @property
    def algorithm(self) -> str:
        """The JWS algorithm of its signatures: RS256, or EdDSA for Ed25519."""

    @property
    def public(self) -> PublicKey:
        """The public half, with the same id."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``, as a JWS carries it (RFC 7518, 3.3; RFC 8037, 3.1)."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs. Reading one is slow (about 70 ms), so read it once and keep this object."""

    id: str
    raw: _RawPrivate = field(repr=False)

    @property
    def algorithm(self) -> str:
        """The JWS algorithm this key signs with: RS256, or EdDSA for Ed25519."""
        return _RSA[0] if isinstance(self.raw, rsa.RSAPrivateKey) else ED25519_SIGNATURE

    @property
    def public(self) -> PublicKey:
        """The public half, with the same id."""
        return PublicKey(self.id, self.raw.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``; the same data have the same one each time."""
        if isinstance(self.raw, rsa.RSAPrivateKey):
            return self.raw.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.raw.sign(data)

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


def load_jwk(jwk: dict[str, Any], key_id: str) -> PublicKey:
    """Return the public key that a JSON Web Key holds (RFC 7517, RFC 8037).

    Raises `KeyFormatError`: it holds a private key, or none of a kind that is known.
    """
    if "d" in jwk or "k" in jwk:
        raise KeyFormatError(f"key {key_id} is published with its private half")
    try:
        raw = _raw_of_jwk(jwk)
    except (binascii.Error, KeyError, TypeError, ValueError, AttributeError) as error:
        raise KeyFormatError(f"key {key_id} is no JSON Web Key that can be read") from error
    if isinstance(raw, rsa.RSAPublicKey):
        _check_size(raw.key_size)
    return PublicKey(key_id, raw)


def _raw_of_jwk(jwk: dict[str, Any]) -> _RawPublic:
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
    if jwk["kty"] == "OKP" and jwk["crv"] == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))
    curve = _JWK_CURVES[jwk["crv"]]
    return ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), curve).public_key()


def _bytes(text: str) -> bytes:
    if len(text) > _MAX_PEM:
        raise ValueError("longer than any key")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


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
