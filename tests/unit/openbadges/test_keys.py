# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from openbadges.errors import KeyFormatError, PassphraseError
from openbadges.keys import (
    PrivateKey,
    generate_rsa,
    load_private_key,
    load_public_key,
)


def private_pem(raw: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return raw.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_pem(
    raw: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey,
) -> bytes:
    return raw.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.fixture(scope="session")
def short_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 -- the case is a key that is too short


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_a_private_key_survives_writing_and_reading(
    key: PrivateKey, passphrase: str | None
) -> None:
    pem = key.to_pem(passphrase)
    assert (b"ENCRYPTED" in pem) == bool(passphrase)
    again = load_private_key(pem, key.id, passphrase)
    assert again.public.to_pem() == key.public.to_pem()
    assert again.id == key.id


def test_a_passphrase_for_a_plain_key_does_no_harm(key: PrivateKey) -> None:
    assert load_private_key(key.to_pem(), key.id, "unused").algorithm == "RS256"


def test_a_public_key_survives_writing_and_reading(
    key: PrivateKey, ed25519_key: PrivateKey
) -> None:
    for one in (key, ed25519_key):
        pem = one.public.to_pem()
        assert pem.startswith("-----BEGIN PUBLIC KEY-----")
        assert load_public_key(pem, one.id).to_pem() == pem


def test_an_older_form_of_public_key_is_read(key: PrivateKey) -> None:
    pem = key.public.raw.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
    assert load_public_key(pem, key.id).to_pem() == key.public.to_pem()


def test_the_kind_of_a_key_fixes_its_algorithm(key: PrivateKey, ed25519_key: PrivateKey) -> None:
    assert key.algorithm == "RS256"
    assert ed25519_key.algorithm == "EdDSA"
    assert load_private_key(ed25519_key.to_pem(), "k").algorithm == "EdDSA"


def test_keys_do_not_show_themselves(key: PrivateKey) -> None:
    assert repr(key) == f"PrivateKey(id={key.id!r})"
    assert repr(key.public) == f"PublicKey(id={key.id!r})"


def test_a_public_key_is_exported_as_jwk(key: PrivateKey, ed25519_key: PrivateKey) -> None:
    jwk = key.public.to_jwk()
    assert jwk.keys() == {"kty", "n", "e", "kid", "alg", "use"}
    assert (jwk["kty"], jwk["e"], jwk["alg"], jwk["kid"]) == ("RSA", "AQAB", "RS256", key.id)
    assert len(base64.urlsafe_b64decode(jwk["n"] + "==")) == 256
    jwk = ed25519_key.public.to_jwk()
    assert (jwk["kty"], jwk["crv"], jwk["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert len(base64.urlsafe_b64decode(jwk["x"] + "=")) == 32


@pytest.mark.parametrize(
    ("curve", "algorithm", "name"),
    [(ec.SECP256R1(), "ES256", "P-256"), (ec.SECP384R1(), "ES384", "P-384")],
)
def test_keys_on_elliptic_curves_are_read(
    curve: ec.EllipticCurve, algorithm: str, name: str
) -> None:
    pem = public_pem(ec.generate_private_key(curve))
    key = load_public_key(pem, "k")
    assert key.algorithm == algorithm
    assert key.accepted == (algorithm,)
    assert key.to_pem() == pem.decode()
    jwk = key.to_jwk()
    assert (jwk["kty"], jwk["crv"], jwk["alg"]) == ("EC", name, algorithm)
    assert len(jwk["x"]) == len(jwk["y"]) == (43 if name == "P-256" else 64)


@pytest.mark.parametrize("bits", [0, 1024, 2047, 8193, 100_000])
def test_a_weak_or_huge_key_is_not_made(bits: int) -> None:
    with pytest.raises(KeyFormatError, match=f"has {bits} bits"):
        generate_rsa("k", bits)


@pytest.mark.parametrize("passphrase", [None, "", "wrong"])
def test_an_encrypted_key_wants_its_passphrase(key: PrivateKey, passphrase: str | None) -> None:
    with pytest.raises(PassphraseError, match="passphrase"):
        load_private_key(key.to_pem("right"), key.id, passphrase)


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        pytest.param(b" \n", "is missing", id="empty"),
        pytest.param(b"garbage", "cannot be read", id="garbage"),
        pytest.param(b"x" * 70_000, "larger than", id="too-large"),
        pytest.param(private_pem(ec.generate_private_key(ec.SECP256R1())), "neither RSA", id="ec"),
    ],
)
def test_what_is_no_private_key_is_refused(pem: bytes, reason: str) -> None:
    with pytest.raises(KeyFormatError, match=reason):
        load_private_key(pem, "k")


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        pytest.param(b"", "is missing", id="empty"),
        pytest.param("g\ud800rbage", "cannot be read", id="garbage"),
        pytest.param("x" * 70_000, "larger than", id="too-large"),
        pytest.param(public_pem(ec.generate_private_key(ec.SECP521R1())), "secp521r1", id="curve"),
        pytest.param(public_pem(dsa.generate_private_key(2048)), "neither RSA", id="dsa"),
    ],
)
def test_what_is_no_public_key_is_refused(pem: str | bytes, reason: str) -> None:
    with pytest.raises(KeyFormatError, match=reason):
        load_public_key(pem, "k")


def test_a_short_key_is_refused(short_key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(KeyFormatError, match="1024 bits"):
        load_private_key(private_pem(short_key), "k")
    with pytest.raises(KeyFormatError, match="1024 bits"):
        load_public_key(public_pem(short_key), "k")
