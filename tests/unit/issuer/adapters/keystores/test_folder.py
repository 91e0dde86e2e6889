# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from issuer.adapters.keystores import KeyFolder
from issuer.errors import KeyUnavailableError
from openbadges.keys import PrivateKey, PublicKey, generate_ed25519

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "https://badges.example.org/keys/k1"


@pytest.fixture
def key() -> PrivateKey:
    return generate_ed25519(ADDRESS)


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_what_was_saved_is_loaded(tmp_path: Path, key: PrivateKey, passphrase: str) -> None:
    KeyFolder(tmp_path / "keys", passphrase).save("k1", key)
    loaded = KeyFolder(tmp_path / "keys", passphrase).load("k1", key.public)
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
    first = folder.load("k1", key.public)
    (tmp_path / "k1.pem").unlink()
    other = PublicKey("https://badges.example.org/keys/k1.jwk", key.public.raw)
    again = folder.load("k1", other)
    assert (again.raw, again.id) == (first.raw, other.id)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o602, 0o601])
def test_a_key_that_others_may_touch_is_not_used(
    tmp_path: Path, key: PrivateKey, mode: int
) -> None:
    KeyFolder(tmp_path).save("k1", key)
    (tmp_path / "k1.pem").chmod(mode)
    with pytest.raises(KeyUnavailableError, match="chmod 600"):
        KeyFolder(tmp_path).load("k1", key.public)


@pytest.mark.parametrize("passphrase", ["", "wrong"])
def test_a_wrong_passphrase_is_told(tmp_path: Path, key: PrivateKey, passphrase: str) -> None:
    KeyFolder(tmp_path, "correct horse").save("k1", key)
    with pytest.raises(KeyUnavailableError, match="passphrase"):
        KeyFolder(tmp_path, passphrase).load("k1", key.public)


def test_a_key_that_is_lost_is_named(tmp_path: Path, key: PrivateKey) -> None:
    with pytest.raises(KeyUnavailableError, match=r"k1\.pem cannot be read.*restore"):
        KeyFolder(tmp_path).load("k1", key.public)


@pytest.mark.parametrize("content", [b"", b"\0\1", b"-----BEGIN PRIVATE KEY-----\n", b"x" * 70_000])
def test_what_is_no_key_is_not_used(tmp_path: Path, key: PrivateKey, content: bytes) -> None:
    path = tmp_path / "k1.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyUnavailableError, match="key k1"):
        KeyFolder(tmp_path).load("k1", key.public)


def test_a_weak_key_is_not_used(tmp_path: Path, key: PrivateKey) -> None:
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
        KeyFolder(tmp_path).load("k1", key.public)


@pytest.mark.parametrize("kid", ["", "..", "../k1", "a/b", "a.b", "a\0b", "é", "a" * 65, "k1\n"])
def test_a_key_id_is_no_path(tmp_path: Path, key: PrivateKey, kid: str) -> None:
    folder = KeyFolder(tmp_path)
    with pytest.raises(KeyUnavailableError, match="not a key id"):
        folder.save(kid, key)
    with pytest.raises(KeyUnavailableError, match="not a key id"):
        folder.load(kid, key.public)
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_and_kept(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path, "correct horse")
    public = folder.make("EdDSA", year=2026, taken=())
    assert public.id.startswith("2026-")
    assert folder.make("RS256", year=2026, taken=()).algorithm == "RS256"
    loaded = KeyFolder(tmp_path, "correct horse").load(public.id, public)
    assert loaded.public.to_pem() == public.to_pem()


def test_on_a_public_site_no_key_is_made_that_lies_unencrypted(
    tmp_path: Path, key: PrivateKey
) -> None:
    KeyFolder(tmp_path).save("k1", key)
    public = KeyFolder(tmp_path, must_seal=True)
    with pytest.raises(KeyUnavailableError, match=r"set key_passphrase.*accolades keys reseal"):
        public.make("RS256", year=2026, taken=())
    assert len(list(tmp_path.iterdir())) == 1
    assert public.load("k1", key.public).raw  # what is there goes on signing
    (warning,) = public.warnings()
    assert "unencrypted: 1: set key_passphrase" in warning
    assert KeyFolder(tmp_path).warnings() == []  # so one tries a site
    assert KeyFolder(tmp_path / "none", must_seal=True).warnings() == []


def test_another_key_than_the_published_one_is_not_used(tmp_path: Path, key: PrivateKey) -> None:
    KeyFolder(tmp_path).save("k1", generate_ed25519(ADDRESS))
    with pytest.raises(KeyUnavailableError, match="holds another key"):
        KeyFolder(tmp_path).load("k1", key.public)


def keys_of_all_ages(folder: Path) -> dict[str, PrivateKey]:
    """Keep a key without a passphrase, one with the former, and one with the passphrase of now."""
    made = {kid: generate_ed25519(ADDRESS) for kid in ("none", "former", "now")}
    for kid, key in made.items():
        KeyFolder(folder, "" if kid == "none" else kid).save(kid, key)
    return made


def test_all_keys_are_sealed_with_the_passphrase_of_now(tmp_path: Path) -> None:
    made = keys_of_all_ages(tmp_path)
    (tmp_path / "notes.txt").write_text("kept")
    folder = KeyFolder(tmp_path, "now", "former", must_seal=True)
    assert "unencrypted: 1: run 'accolades keys reseal'" in folder.warnings()[0]
    for kid, key in made.items():  # before, too
        assert folder.load(kid, key.public).raw
    assert folder.reseal() == 2
    assert folder.reseal() == 0
    assert folder.warnings() == []
    for kid, key in made.items():
        assert KeyFolder(tmp_path, "now").load(kid, key.public).raw
        assert (tmp_path / f"{kid}.pem").stat().st_mode & 0o777 == 0o600
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("harm", ["unknown", "broken", "readable"])
def test_where_one_key_cannot_be_opened_none_is_touched(tmp_path: Path, harm: str) -> None:
    keys_of_all_ages(tmp_path)
    if harm == "unknown":
        KeyFolder(tmp_path, "nobody knows").save("unknown", generate_ed25519(ADDRESS))
    elif harm == "broken":
        (tmp_path / "now.pem").write_text("no key")
    else:
        (tmp_path / "now.pem").chmod(0o644)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(KeyUnavailableError, match=r"key (unknown|now): "):
        KeyFolder(tmp_path, "now", "former").reseal()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_sealing_that_is_cut_off_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = keys_of_all_ages(tmp_path)
    written = []

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) == 3:  # of the first the file and its folder were written
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    folder = KeyFolder(tmp_path, "now", "former")
    with pytest.raises(OSError, match="No space"):
        folder.reseal()
    monkeypatch.undo()
    for kid, key in made.items():
        assert KeyFolder(tmp_path, "now", "former").load(kid, key.public).raw
    assert len(list(tmp_path.iterdir())) == 3
    assert KeyFolder(tmp_path, "now", "former").reseal() == 1


def test_there_has_to_be_something_to_seal_with(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailableError, match="set key_passphrase"):
        KeyFolder(tmp_path).reseal()
