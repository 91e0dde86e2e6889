# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from issuer.adapters.keystores import EnvironmentKeys, printed
from issuer.adapters.keystores.environment import LIMIT, mistake_in, variable_of
from issuer.adapters.keystores.protocol import generate
from issuer.errors import KeyMissingError, KeyUnavailableError
from openbadges.keys import PrivateKey, PublicKey
from openbadges.signing import open_signed, sign

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "https://badges.example.org/keys/1"


@pytest.fixture
def key() -> PrivateKey:
    return generate("EdDSA", 2026)


def signs(store: EnvironmentKeys, key: PrivateKey) -> bool:
    public = PublicKey(ADDRESS, key.public.raw)
    signer = store.load(key.id, public)
    return signer.id == ADDRESS and open_signed(sign({"a": 1}, signer), public) == b'{"a":1}'


def test_a_key_is_given_as_pem_as_base64_or_as_a_file(key: PrivateKey, tmp_path: Path) -> None:
    pem, name = key.to_pem().decode(), variable_of(key.id)
    file = tmp_path / "key"
    file.write_text(pem)
    lines = base64.encodebytes(pem.encode()).decode()  # as `base64` wraps it
    for given in ({name: pem}, {name: lines}, {f"{name}_FILE": str(file)}):
        assert signs(EnvironmentKeys(given), key)


def test_a_key_may_be_encrypted(key: PrivateKey) -> None:
    given = {variable_of(key.id): key.to_pem("correct horse").decode()}
    assert signs(EnvironmentKeys(given, "correct horse"), key)
    with pytest.raises(KeyUnavailableError, match="passphrase"):
        EnvironmentKeys(given).load(key.id, key.public)


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])
def test_a_key_that_was_printed_and_set_is_taken_once(algorithm: str) -> None:
    name, _, value = printed(algorithm, 2026, "correct horse").partition("=")
    store = EnvironmentKeys({name: value, "ACCOLADES_KEY_PASSPHRASE": "x"}, "correct horse")
    public = store.make(algorithm, year=2027, taken=())
    assert (variable_of(public.id), public.algorithm) == (name, algorithm)
    assert store.load(public.id, public).algorithm == algorithm
    other = {"RS256": "EdDSA", "EdDSA": "RS256"}[algorithm]
    for wanted, taken in ((algorithm, {public.id}), (other, set())):
        with pytest.raises(KeyUnavailableError, match="accolades keys print"):
            store.make(wanted, year=2027, taken=taken)
    assert store.warnings() == []


def test_a_key_that_is_not_set_is_missing(key: PrivateKey) -> None:
    with pytest.raises(KeyMissingError, match=f"{variable_of(key.id)} is not set"):
        EnvironmentKeys({}).load(key.id, key.public)
    with pytest.raises(KeyUnavailableError, match="not a key id"):
        EnvironmentKeys({}).load("../k1", key.public)


def test_another_key_than_the_one_of_the_name_is_not_used(key: PrivateKey) -> None:
    other = generate("EdDSA", 2026)
    store = EnvironmentKeys({variable_of(key.id): other.to_pem().decode()})
    with pytest.raises(KeyUnavailableError, match=f"holds the key of {variable_of(other.id)}"):
        store.load(key.id, key.public)


@pytest.mark.parametrize(
    ("suffix", "value"),
    [
        ("", "nonsense"),
        ("", base64.b64encode(b"nonsense").decode()),
        ("", "é"),
        ("", "A" * (LIMIT * 2)),
        ("_FILE", "/nonexistent"),
        ("_FILE", "/dev"),
    ],
)
def test_what_is_no_key_is_told_without_being_shown(suffix: str, value: str) -> None:
    name = f"ACCOLADES_KEY_2026_0123456789AB{suffix}"
    said = mistake_in(name, value)
    assert said.startswith(f"{name}: ")
    assert "nonsense" not in said
    store = EnvironmentKeys({name: value})
    with pytest.raises(KeyUnavailableError, match=name):
        store.load("2026-0123456789ab", generate("EdDSA", 2026).public)


def test_a_mistake_is_looked_for_without_reading_a_key(key: PrivateKey) -> None:
    assert mistake_in(variable_of(key.id), key.to_pem().decode()) == ""
