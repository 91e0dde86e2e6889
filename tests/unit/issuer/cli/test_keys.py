# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import SigningKey
from issuer.services import credentials, issuers
from tests.issuing import BASE_URL, NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.site import Site
    from tests.services.softhsm import Token
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]


def test_the_first_key_is_made_once(call: Call, home: Path) -> None:
    assert call("db", "upgrade").code == 0
    assert call("keys", "list", "--json").lines == []
    first = call("keys", "generate")
    assert first.code == 0
    assert call("keys", "generate").out == first.out
    assert len(list((home / "keys").glob("*.pem"))) == 1


def test_keys_are_listed(call: Call, site: Site) -> None:
    (key,) = call("keys", "list", "--json").lines
    assert key["url"] == f"{BASE_URL}/keys/{key['kid']}"
    assert (key["state"], key["algorithm"]) == ("active", "RS256")
    assert key["valid_from"] == "2026-03-01T12:00:00+00:00"
    assert call("keys", "list").out.split() == list(key.values())


def test_no_key_is_printed(call: Call, site: Site) -> None:
    outcome = call("--debug", "keys", "generate")
    assert "PRIVATE" not in outcome.out + outcome.err
    with site.database.reading() as session:
        assert "PRIVATE" not in session.scalars(select(SigningKey.public_pem)).one()


@pytest.mark.parametrize("harm", ["gone", "readable", "broken"])
def test_a_key_that_cannot_be_used_is_told(call: Call, site: Site, harm: str) -> None:
    (path,) = site.settings.keys.glob("*.pem")
    if harm == "gone":
        path.unlink()
    elif harm == "readable":
        path.chmod(0o644)
    else:
        path.write_text("no key")
    with site.database.reading() as session:
        kid = session.scalars(select(SigningKey.kid)).one()
    address = call("award", "first-steps", "asha", "--json").lines[0]["assertion"]
    outcome = call("verify", f"{address}.jws")
    assert outcome.code == 2
    assert kid in outcome.error


@pytest.mark.slow
def test_a_key_is_rotated_retired_and_revoked(
    call: Call, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """attacks K1, K3: new badges are signed by the new key, old ones verify until it is revoked."""
    (first,) = call("keys", "list", "--json").lines
    old = call("award", "first-steps", "asha", "--json").lines[0]["assertion"]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert call("keys", "rotate").code == 130
    outcome = call("keys", "rotate", "--yes")
    assert outcome.out.endswith("signs now, badges with a new edition: 1\n")
    new = call("award", "first-steps", "boris", "--json").lines[0]["assertion"]
    states = {key["kid"]: key["state"] for key in call("keys", "list", "--json").lines}
    second = next(kid for kid in states if kid != first["kid"])
    assert states == {first["kid"]: "retired", second: "active"}
    for address in (old, new):
        assert call("verify", f"{address}.jws").code == 0
    assert "still awarded" in call("keys", "retire", second, "--yes").error
    outcome = call("keys", "revoke", second, "--reason", "stolen", "--yes")
    assert outcome.out.startswith(f"{second} is revoked, ")
    for address, code in ((old, 0), (new, 1)):
        assert call("verify", address).code == 0
        assert call("verify", f"{address}.jws").code == code
    assert "none: see 'accolades keys list'" in call("keys", "revoke", "x", "--reason", "y").error
    assert "'nobody'" in call("keys", "rotate", "--issuer", "nobody").error


@pytest.mark.slow
def test_keys_are_printed_set_and_used(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site of containers: nothing is written, and what is missing is told in one line."""
    assert call("db", "upgrade").code == 0
    monkeypatch.setenv("ACCOLADES_KEY_STORES", "environment")
    monkeypatch.setenv("ACCOLADES_KEY_PASSPHRASE", "correct horse")
    assert "run 'accolades keys print'" in call("keys", "generate").error
    lines = call("keys", "print").out.splitlines()
    assert len(lines) == 2
    for line in (*lines, call("keys", "print", "--algorithm", "RS256").out.strip()):
        name, _, value = line.partition("=")
        assert b"ENCRYPTED" in base64.b64decode(value)
        monkeypatch.setenv(name, value)
    first = call("keys", "generate")
    assert first.out.split()[1:3] == ["active", "RS256"]
    assert first.out.split()[0] in {_kid(line) for line in lines} | {_kid(name)}
    assert call("keys", "rotate", "--yes").code == 0
    assert "run 'accolades keys print'" in call("keys", "rotate", "--yes").error
    assert not (home / "keys").exists()


def _kid(variable: str) -> str:
    year, digest = variable.partition("=")[0].split("_")[2:]
    return f"{year}-{digest.lower()}"


def test_keys_that_lie_open_are_told_and_sealed(
    call: Call, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = site.settings.keys.glob("*.pem")
    assert call("keys", "list").err == ""
    assert "set key_passphrase" in call("keys", "reseal").error
    monkeypatch.setenv("ACCOLADES_KEY_PASSPHRASE", "correct horse")
    told = call("keys", "list").err
    assert told.startswith("warning: ")
    assert told.endswith("lie unencrypted: 1: run 'accolades keys reseal'\n")
    assert call("keys", "reseal").out == "1 encrypted anew\n"
    assert b"ENCRYPTED" in path.read_bytes()
    assert call("keys", "reseal").out == "nothing to do\n"
    assert call("keys", "list").err == ""
    monkeypatch.setenv("ACCOLADES_KEY_PASSPHRASE", "another")
    assert "check the passphrase" in call("keys", "reseal").error
    monkeypatch.setenv("ACCOLADES_KEY_PASSPHRASE_FORMER", "correct horse")
    assert call("keys", "reseal").out == "1 encrypted anew\n"


def test_trying_rules_takes_no_key_of_the_site(
    call: Call, site: Site, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOLADES_KEY_STORES", "environment")
    messages = rules / "none.jsonl"
    messages.write_text("")
    assert call("replay", messages, "--rules", rules, "--json").code == 0


@pytest.mark.slow
def test_a_token_makes_and_rotates_keys(
    call: Call, home: Path, pkcs11_token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("db", "upgrade").code == 0
    monkeypatch.setenv("ACCOLADES_KEY_STORES", "pkcs11")
    monkeypatch.setenv("ACCOLADES_PKCS11_MODULE", pkcs11_token.module)
    monkeypatch.setenv("ACCOLADES_PKCS11_TOKEN", pkcs11_token.label)
    monkeypatch.setenv("ACCOLADES_PKCS11_PIN", pkcs11_token.pin)
    assert call("keys", "generate").out.split()[1:3] == ["active", "RS256"]
    assert call("keys", "rotate", "--yes").code == 0
    states = [line.split()[1] for line in call("keys", "list").out.splitlines()]
    assert states == ["retired", "active"]
    assert not (home / "keys").exists()
    pkcs11_token.folder.rename(pkcs11_token.folder.with_name("away"))
    monkeypatch.setenv("ACCOLADES_PKCS11_TOKEN", "another")
    assert "check that the token is there" in call("keys", "rotate", "--yes").error


def test_a_key_of_proofs_is_followed_by_another(
    call: Call, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.database.writing() as session:
        issuer = issuers.find(session, "accolades")
        kid = credentials.proof_key(session, issuer, site.keys, now=NOW).kid
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert "another makes proofs" in call("keys", "retire", kid).err
    assert call("keys", "retire", kid, "--yes").out.startswith(f"{kid} is retired, ")
    states = {key["kid"]: key["state"] for key in call("keys", "list", "--json").lines}
    assert sorted(states.values()) == ["active", "active", "retired"]
