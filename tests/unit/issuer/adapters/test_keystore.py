# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from issuer.adapters.keystore import KeyFolder
from issuer.errors import KeyUnavailableError
from openbadges.keys import PrivateKey, generate_ed25519

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "https://badges.example.org/keys/k1"


@pytest.fixture
def key() -> PrivateKey:
    return generate_ed25519(ADDRESS)


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_what_was_saved_is_loaded(tmp_path: Path, key: PrivateKey, passphrase: str | None) -> None:
    KeyFolder(tmp_path / "keys", passphrase).save("k1", key)
    loaded = KeyFolder(tmp_path / "keys", passphrase).load("k1", ADDRESS)
    assert (loaded.id, loaded.public.to_pem()) == (ADDRESS, key.public.to_pem())


def test_a_key_is_readable_by_its_owner_alone(tmp_path: Path, key: PrivateKey) -> None:
    KeyFolder(tmp_path / "keys").save("k1", key)
    assert (tmp_path / "keys" / "k1.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_a_passphrase_hides_the_key(tmp_path: Path, key: PrivateKey) -> None:
    KeyFolder(tmp_path, "correct horse").save("k1", key)
    assert b"ENCRYPTED" in (tmp_path / "k1.pem").read_bytes()


def test_a_key_is_never_overwritten(tmp_path: Path, key: PrivateKey) -> None:
    folder = KeyFolder(tmp_path)
    folder.save("k1", key)
    before = (tmp_path / "k1.pem").read_bytes()
    with pytest.raises(KeyUnavailableError, match="never overwritten"):
        folder.save("k1", generate_ed25519(ADDRESS))
    assert (tmp_path / "k1.pem").read_bytes() == before


def test_a_key_is_read_once(tmp_path: Path, key: PrivateKey) -> None:
    folder = KeyFolder(tmp_path)
    folder.save("k1", key)
    first = folder.load("k1", ADDRESS)
    (tmp_path / "k1.pem").unlink()
    assert folder.load("k1", ADDRESS) is first


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o602, 0o601])
def test_a_key_that_others_may_touch_is_not_used(
    tmp_path: Path, key: PrivateKey, mode: int
) -> None:
    KeyFolder(tmp_path).save("k1", key)
    (tmp_path / "k1.pem").chmod(mode)
    with pytest.raises(KeyUnavailableError, match="chmod 600"):
        KeyFolder(tmp_path).load("k1", ADDRESS)


@pytest.mark.parametrize("passphrase", [None, "", "wrong"])
def test_a_wrong_passphrase_is_told(
    tmp_path: Path, key: PrivateKey, passphrase: str | None
) -> None:
    KeyFolder(tmp_path, "correct horse").save("k1", key)
    with pytest.raises(KeyUnavailableError, match="passphrase"):
        KeyFolder(tmp_path, passphrase).load("k1", ADDRESS)


def test_a_key_that_is_lost_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailableError, match=r"k1\.pem cannot be read.*restore"):
        KeyFolder(tmp_path).load("k1", ADDRESS)


@pytest.mark.parametrize("content", [b"", b"\0\1", b"-----BEGIN PRIVATE KEY-----\n", b"x" * 70_000])
def test_what_is_no_key_is_not_used(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "k1.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyUnavailableError, match="key k1"):
        KeyFolder(tmp_path).load("k1", ADDRESS)


def test_a_weak_key_is_not_used(tmp_path: Path) -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 (the point)
    path = tmp_path / "k1.pem"
    path.write_bytes(
        weak.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
    with pytest.raises(KeyUnavailableError, match="1024 bits"):
        KeyFolder(tmp_path).load("k1", ADDRESS)


@pytest.mark.parametrize("kid", ["", "..", "../k1", "a/b", "a.b", "a\0b", "é", "a" * 65, "k1\n"])
def test_a_key_id_is_no_path(tmp_path: Path, key: PrivateKey, kid: str) -> None:
    folder = KeyFolder(tmp_path)
    with pytest.raises(KeyUnavailableError, match="not a key id"):
        folder.save(kid, key)
    with pytest.raises(KeyUnavailableError, match="not a key id"):
        folder.load(kid, ADDRESS)
    assert list(tmp_path.iterdir()) == []
