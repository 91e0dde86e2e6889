# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from jwt.api_jws import PyJWS

from openbadges.errors import MalformedError, OpenBadgesError, SigningError, VerificationError
from openbadges.keys import PrivateKey, PublicKey
from openbadges.signing import is_compact, open_signed, peek, sign

OTHER = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
}
DOCUMENT = {"id": "https://badges.example.org/assertions/1", "exp": 1, "name": "é"}


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token_with(header: dict[str, Any], key: PrivateKey, payload: bytes = b'{"a":1}') -> str:
    """Sign with RSA under any header, as an attacker or a careless issuer would."""
    start = f"{encode(json.dumps(header).encode())}.{encode(payload)}"
    assert isinstance(key.raw, rsa.RSAPrivateKey)
    signature = key.raw.sign(start.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{start}.{encode(signature)}"


@pytest.mark.requirement("I1")
def test_what_is_signed_comes_back_byte_for_byte(key: PrivateKey) -> None:
    payload = b'{ "a" : 1 }'
    assert open_signed(sign(payload, key), key.public) == payload
    assert json.loads(open_signed(sign(DOCUMENT, key), key.public)) == DOCUMENT


@pytest.mark.requirement("I2")
def test_the_header_names_the_algorithm_and_nothing_else(key: PrivateKey) -> None:
    token = sign(DOCUMENT, key)
    assert base64.urlsafe_b64decode(token.split(".")[0]) == b'{"alg":"RS256"}'
    assert peek(token) == ({"alg": "RS256"}, open_signed(token, key.public))


def test_the_same_document_gives_the_same_token(key: PrivateKey) -> None:
    assert sign(DOCUMENT, key) == sign(dict(DOCUMENT), key)


def test_ed25519_signs_too(ed25519_key: PrivateKey) -> None:
    token = sign(DOCUMENT, ed25519_key)
    assert peek(token)[0] == {"alg": "EdDSA"}
    assert json.loads(open_signed(token, ed25519_key.public)) == DOCUMENT


def test_harmless_headers_are_ignored(key: PrivateKey, other_key: PrivateKey) -> None:
    header = {"alg": "RS256", "typ": "JWT", "kid": "x", "jwk": other_key.public.to_jwk()}
    header |= {"jku": "https://evil.example/keys", "x5u": "https://evil.example/chain"}
    assert open_signed(token_with(header, key), key.public) == b'{"a":1}'
    with pytest.raises(VerificationError, match="signature"):
        open_signed(token_with(header, other_key), key.public)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"alg": "RS256", "crit": ["exp"], "exp": 1}, id="crit"),
        pytest.param({"alg": "RS256", "crit": []}, id="empty-crit"),
        pytest.param({"alg": "RS256", "b64": False}, id="b64"),
    ],
)
@pytest.mark.requirement("I8")
def test_an_extension_that_is_demanded_is_refused(key: PrivateKey, header: dict[str, Any]) -> None:
    with pytest.raises(VerificationError, match="extension"):
        open_signed(token_with(header, key), key.public)


@pytest.mark.parametrize(
    "algorithm",
    [
        *("none", "None", "HS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA"),
        *("rs256", "", None, 7, ["RS256"]),
    ],
)
def test_the_key_decides_about_the_algorithm(key: PrivateKey, algorithm: object) -> None:
    with pytest.raises(VerificationError, match="is not allowed for this key"):
        open_signed(token_with({"alg": algorithm}, key), key.public)


@pytest.mark.parametrize(
    ("curve", "named"),
    [(ec.SECP256R1(), "ES256"), (ec.SECP384R1(), "ES384")],
    ids=["P-256", "P-384"],
)
def test_a_curve_fixes_the_algorithm_of_its_key(curve: ec.EllipticCurve, named: str) -> None:
    raw = ec.generate_private_key(curve)
    key = PublicKey("k", raw.public_key())
    for algorithm in ("ES256", "ES384"):
        signer = raw if algorithm == named else OTHER[algorithm]
        token = PyJWS().encode(b'{"a":1}', signer, algorithm)
        if algorithm == named:
            assert open_signed(token, key) == b'{"a":1}'
        else:
            with pytest.raises(VerificationError, match="is not allowed for this key"):
                open_signed(token, key)


def test_a_key_id_in_the_header_is_text(key: PrivateKey) -> None:
    with pytest.raises(VerificationError, match="key id must be text"):
        open_signed(token_with({"alg": "RS256", "kid": 7}, key), key.public)


def test_the_public_key_is_no_shared_secret(key: PrivateKey) -> None:
    start = encode(b'{"alg":"HS256"}') + "." + encode(b"{}")
    secret = key.public.to_pem().encode()
    token = start + "." + encode(hmac.new(secret, start.encode(), hashlib.sha256).digest())
    with pytest.raises(VerificationError, match="HS256"):
        open_signed(token, key.public)


def test_another_key_does_not_open_it(key: PrivateKey, other_key: PrivateKey) -> None:
    with pytest.raises(VerificationError, match="signature"):
        open_signed(sign(DOCUMENT, other_key), key.public)


@pytest.mark.requirement("I5")
def test_a_changed_payload_is_noticed(key: PrivateKey) -> None:
    header, _, signature = sign(DOCUMENT, key).split(".")
    forged = ".".join([header, encode(b'{"a":2}'), signature])
    with pytest.raises(VerificationError, match="signature"):
        open_signed(forged, key.public)


TWO_ALGORITHMS = b'{"alg":"RS256","alg":"none"}'


def mangled(token: str) -> dict[str, str]:
    header, payload, signature = token.split(".")
    last = {"A": "B", "Q": "R", "g": "h", "w": "x"}
    return {
        "padded": token + "==",
        "space-before": " " + token,
        "newline-after": token + "\n",
        "two-parts": f"{header}.{payload}",
        "four-parts": f"{token}.AAAA",
        "no-signature": f"{header}.{payload}.",
        "plus": f"{header}.{payload}+.{signature}",
        "not-canonical": token[:-1] + last[token[-1]],
        "impossible-length": f"{header}.{payload}.A",
        "header-no-json": f"AAAA.{payload}.{signature}",
        "header-array": f"{encode(b'[]')}.{payload}.{signature}",
        "header-duplicate": f"{encode(TWO_ALGORITHMS)}.{payload}.{signature}",
        "empty": "",
        "too-large": "A" * 3_000_000,
    }


@pytest.mark.parametrize("case", list(mangled("a.b.A")))
@pytest.mark.requirement("I1")
def test_a_token_has_one_spelling_only(key: PrivateKey, case: str) -> None:
    token = mangled(sign(DOCUMENT, key))[case]
    with pytest.raises(MalformedError):
        peek(token)
    with pytest.raises(MalformedError):
        open_signed(token, key.public)


def test_the_form_of_a_token_is_recognised(key: PrivateKey) -> None:
    assert is_compact(sign(DOCUMENT, key))
    assert not is_compact("https://badges.example.org/a.b.c")


@pytest.mark.parametrize("payload", [b"", b"no json", b"[]", b'{"a":1,"a":2}'])
def test_only_objects_are_signed(key: PrivateKey, payload: bytes) -> None:
    with pytest.raises(MalformedError):
        sign(payload, key)


def test_a_weak_key_neither_signs_nor_verifies() -> None:
    weak = PrivateKey("k", rsa.generate_private_key(65537, 1024))  # noqa: S505 -- the case
    with pytest.raises(SigningError, match="cannot sign"):
        sign(DOCUMENT, weak)
    with pytest.raises(VerificationError, match="signature"):
        open_signed(token_with({"alg": "RS256"}, weak), weak.public)


@pytest.mark.parametrize("bit", range(0, 2048, 97))
def test_every_flipped_bit_of_a_signature_is_noticed(key: PrivateKey, bit: int) -> None:
    header, payload, signature = sign(DOCUMENT, key).split(".")
    data = bytearray(base64.urlsafe_b64decode(signature + "=="))
    data[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(OpenBadgesError):
        open_signed(f"{header}.{payload}.{encode(bytes(data))}", PublicKey(key.id, key.public.raw))
