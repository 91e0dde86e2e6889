# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys in a real token: SoftHSM, in a folder of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

from issuer.adapters.keystores import tokens
from issuer.adapters.keystores.tokens import TokenKeys
from issuer.errors import KeyMissingError, KeyUnavailableError
from openbadges.keys import PublicKey, generate_ed25519, generate_rsa, load_public_key
from openbadges.signing import open_signed, sign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.softhsm import Token

ADDRESS = "https://badges.example.org/keys/1"
BOTH = pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(pkcs11_token: Token, clock: Clock) -> TokenKeys:
    return TokenKeys(pkcs11_token.module, pkcs11_token.label, pkcs11_token.pin, clock=clock)


@pytest.fixture
def made(store: TokenKeys) -> PublicKey:
    """A key that was made; Ed25519, because that takes no time."""
    return store.make("EdDSA", year=2026, taken=())


def signs(store: TokenKeys, public: PublicKey, kid: str = "") -> bool:
    """Whether the token signs something that verifies."""
    published = PublicKey(ADDRESS, public.raw)
    signer = store.load(kid or public.id, published)
    assert (signer.id, signer.algorithm, signer.public) == (
        ADDRESS,
        published.algorithm,
        published,
    )
    return open_signed(sign({"a": 1}, signer), published) == b'{"a":1}'


@pytest.fixture
def session(pkcs11_token: Token, made: PublicKey) -> Iterator[pkcs11.Session]:
    """A session beside the one of the store, which is logged in."""
    opened = pkcs11.lib(pkcs11_token.module).get_token(token_label=pkcs11_token.label).open(rw=True)
    yield opened
    opened.close()


@pytest.mark.slow
@BOTH
def test_a_key_is_made_in_the_token_and_signs_there(store: TokenKeys, algorithm: str) -> None:
    public = store.make(algorithm, year=2026, taken=())
    assert public.algorithm == algorithm
    assert public.id.startswith("2026-")
    assert signs(store, public)
    assert store.warnings() == []


def test_a_key_cannot_be_taken_out(session: pkcs11.Session, made: PublicKey) -> None:
    key = session.get_key(ObjectClass.PRIVATE_KEY, label=made.id)
    assert (key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE]) == (True, False)
    assert key[Attribute.ID] == made.id.encode()
    with pytest.raises(pkcs11.AttributeSensitive):
        key[Attribute.VALUE]


def test_another_process_uses_it(store: TokenKeys, pkcs11_token: Token, made: PublicKey) -> None:
    program = (
        "import sys; from issuer.adapters.keystores.tokens import TokenKeys;"
        "from openbadges.keys import load_public_key; from openbadges.signing import sign;"
        "store = TokenKeys(*sys.argv[1:4]); other = store.make('EdDSA', year=2027, taken=());"
        "key = store.load(sys.argv[4], load_public_key(sys.argv[5], sys.argv[4]));"
        "print(sign({}, key), other.id, other.to_pem())"
    )
    arguments = [pkcs11_token.module, pkcs11_token.label, pkcs11_token.pin, made.id, made.to_pem()]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True
    )
    signed, kid, pem = done.stdout.split(maxsplit=2)
    assert open_signed(signed, made) == b"{}"
    # What was made there is seen here, in the session that was open all the while.
    assert signs(store, load_public_key(pem, kid))


# Newer Pythons warn of any fork beside threads.
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_signs_with_a_session_of_its_own(store: TokenKeys, made: PublicKey) -> None:
    assert signs(store, made)
    with store._lock:  # as when another thread signs at the moment of the fork
        child = os.fork()
        if not child:
            os._exit(0 if signs(store, made) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert signs(store, made)


def test_threads_sign_at_the_same_time(store: TokenKeys, made: PublicKey) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: signs(store, made), range(40)))


@BOTH
def test_a_session_that_was_lost_is_opened_again(store: TokenKeys, algorithm: str) -> None:
    public = store.make(algorithm, year=2026, taken=())
    assert signs(store, public)
    opened = store._opened
    assert opened is not None
    opened.session.close()
    assert signs(store, public)
    opened.token.slot  # noqa: B018 (still there)
    pkcs11.lib(store._module).finalize()  # all that the process knew of the module is gone
    assert signs(store, public)


# The library complains of a search that it could not begin.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_token_that_is_away_is_told_in_one_line_and_left_alone_for_a_while(
    store: TokenKeys, pkcs11_token: Token, made: PublicKey, clock: Clock
) -> None:
    away = pkcs11_token.folder.with_name("away")
    shutil.move(pkcs11_token.folder, away)
    pkcs11.lib(pkcs11_token.module).finalize()
    with pytest.raises(KeyUnavailableError, match=r"^token 'accolades': cannot .*check that"):
        signs(store, made)
    shutil.move(away, pkcs11_token.folder)
    with pytest.raises(KeyUnavailableError, match="check that"):
        signs(store, made)
    clock.now += tokens.PAUSE_SECONDS
    assert signs(store, made)


@pytest.mark.parametrize("pin", ["9999", "zz", "x" * 300])
def test_a_wrong_pin_is_tried_once_so_that_it_locks_nothing(
    pkcs11_token: Token, made: PublicKey, pin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pkcs11.lib(pkcs11_token.module).reinitialize()  # nobody is logged in
    wrong = TokenKeys(pkcs11_token.module, pkcs11_token.label, pin)
    for _ in range(2):
        with pytest.raises(KeyUnavailableError, match="correct pkcs11_pin") as caught:
            wrong.load(made.id, made)
        assert pin not in str(caught.value)
        monkeypatch.setattr(pkcs11, "lib", pytest.fail)


@pytest.mark.parametrize(
    ("module", "label"),
    [("", "another"), ("/nonexistent.so", ""), (sys.executable, "")],
    ids=["no token", "no module", "not a module"],
)
def test_a_place_that_is_none_is_told(pkcs11_token: Token, module: str, label: str) -> None:
    store = TokenKeys(module or pkcs11_token.module, label or pkcs11_token.label, pkcs11_token.pin)
    with pytest.raises(KeyUnavailableError, match="pkcs11_module and pkcs11_token"):
        store.make("RS256", year=2026, taken=())


def test_a_key_that_the_token_does_not_have_is_missing(store: TokenKeys, made: PublicKey) -> None:
    with pytest.raises(KeyMissingError, match="no private key of that label"):
        store.load("2026-000000000000", made)
    with pytest.raises(KeyUnavailableError, match="not a key id"):
        store.load("../k1", made)
    assert signs(store, made)


def test_another_key_than_the_published_one_is_not_used(store: TokenKeys, made: PublicKey) -> None:
    for other in (generate_ed25519(ADDRESS), generate_rsa(ADDRESS)):
        with pytest.raises(KeyUnavailableError, match="holds another key"):
            store.load(made.id, other.public)


def test_two_keys_of_one_label_are_told(
    store: TokenKeys, session: pkcs11.Session, made: PublicKey
) -> None:
    key = session.get_key(ObjectClass.PRIVATE_KEY, label=made.id)
    key.copy({Attribute.TOKEN: True})
    with pytest.raises(KeyUnavailableError, match="MultipleObjectsReturned"):
        store.load(made.id, made)


def test_a_key_that_was_brought_along_signs(
    store: TokenKeys, pkcs11_token: Token, tmp_path: Path
) -> None:
    """As the documentation says how a key moves from the folder into a token."""
    key = generate_rsa(ADDRESS)
    file = tmp_path / "key.pem"
    file.write_bytes(key.to_pem())
    options = ["--token", pkcs11_token.label, "--label", "2025-0123456789ab", "--id", "01"]
    subprocess.run(
        ["softhsm2-util", "--import", file, *options, "--pin", pkcs11_token.pin],
        check=True,
        capture_output=True,
    )
    assert signs(store, key.public, "2025-0123456789ab")


def test_a_token_that_does_not_hash_signs_a_digest(
    store: TokenKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = store.make("RS256", year=2026, taken=())
    assert store._opened is not None
    fewer = store._opened.mechanisms - {Mechanism.SHA256_RSA_PKCS}
    monkeypatch.setattr(store, "_opened", tokens._Opened(*_parts(store._opened), fewer))
    assert signs(store, public)


def test_a_token_without_ed25519_says_so(
    store: TokenKeys, made: PublicKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store._opened is not None
    fewer = store._opened.mechanisms - {Mechanism.EDDSA}
    monkeypatch.setattr(store, "_opened", tokens._Opened(*_parts(store._opened), fewer))
    with pytest.raises(KeyUnavailableError, match="makes no Ed25519 keys"):
        store.make("EdDSA", year=2026, taken=())


def _parts(opened: tokens._Opened) -> tuple[pkcs11.Token, pkcs11.Session]:
    return opened.token, opened.session


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_point_is_read_in_both_spellings(*, wrapped: bool) -> None:
    key = generate_ed25519(ADDRESS).public
    raw = key.raw.public_bytes_raw()  # type: ignore[union-attr]  # it is Ed25519

    class Half(dict[Attribute, bytes]):
        key_type = KeyType.EC_EDWARDS

    half = Half({Attribute.EC_POINT: b"\x04\x20" + raw if wrapped else raw})
    assert PublicKey(ADDRESS, tokens._public(half, None)).to_pem() == key.to_pem()
