# SPDX-License-Identifier: AGPL-3.0-or-later
"""Private keys in a folder: readable by their owner alone, encrypted, loaded once."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from typing import TYPE_CHECKING

from issuer.adapters.keystores.protocol import check_halves, check_kid, generate
from issuer.adapters.objects import write_whole
from issuer.errors import KeyMissingError, KeyUnavailableError
from openbadges.errors import KeyFormatError, PassphraseError
from openbadges.keys import PrivateKey, load_private_key

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from openbadges.keys import PublicKey

#: What the head of an encrypted PEM says.
SEALED = b"ENCRYPTED"
#: Enough of a file to see its head.
HEAD_BYTES = 100


class KeyFolder:
    """Keeps private keys as PEM files, encrypted when there is a passphrase.

    ``former`` opens what was encrypted before the passphrase was changed. Where keys ``must_seal``,
    none is made without a passphrase; those that are there go on signing.
    """

    def __init__(
        self, folder: Path, passphrase: str = "", former: str = "", *, must_seal: bool = False
    ) -> None:
        self.folder = folder
        self._passphrase = passphrase
        self._former = former
        self._must_seal = must_seal
        self._loaded: dict[str, PrivateKey] = {}
        self._lock = threading.Lock()

    def make(self, algorithm: str, *, year: int, taken: Container[str]) -> PublicKey:
        """Make a key and keep it, as `KeyStore.make`."""
        if self._must_seal and not self._passphrase:
            raise KeyUnavailableError(
                f"{self.folder}: on a public site no key is kept unencrypted: set key_passphrase, "
                "then run 'accolades keys reseal'"
            )
        key = generate(algorithm, year)
        self.save(key.id, key)
        return key.public

    def save(self, kid: str, key: PrivateKey) -> None:
        """Keep a new key; raise `KeyUnavailableError` when the name is taken."""
        path = self._path(kid)
        if path.exists():
            raise KeyUnavailableError(f"key {kid}: {path} exists: a key is never overwritten")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._write(path, key)

    def load(self, kid: str, public: PublicKey) -> PrivateKey:
        """Return the key, as `KeyStore.load`."""
        # Reading a key costs 70 ms, and one lock keeps two threads from doing it twice.
        with self._lock:
            if kid not in self._loaded:
                path = self._path(kid)
                found = self._read(kid, path)
                check_halves(kid, str(path), found.public, public)
                self._loaded[kid] = found
            return PrivateKey(public.id, self._loaded[kid].raw)

    def warnings(self) -> list[str]:
        """Say so where keys lie unencrypted, unless that is how somebody tries a site."""
        number = len(self.unsealed()) if self._must_seal or self._passphrase else 0
        if not number:
            return []
        todo = "run 'accolades keys reseal'"
        if not self._passphrase:
            todo = f"set key_passphrase, then {todo}"
        return [f"{self.folder}: private keys that lie unencrypted: {number}: {todo}"]

    def unsealed(self) -> list[str]:
        """Return the kids of all keys that lie unencrypted."""
        found = []
        for path in self._paths():
            # What cannot be read is told when somebody wants to sign with it.
            with contextlib.suppress(OSError), path.open("rb") as file:
                if SEALED not in file.read(HEAD_BYTES):
                    found.append(path.stem)
        return found

    def reseal(self) -> int:
        """Encrypt every key with the passphrase that is set; return how many were not before.

        All of them are opened before any is written, and each is written whole or not at all, so
        that a key is never lost. Raises `KeyUnavailableError`.
        """
        if not self._passphrase:
            raise KeyUnavailableError(
                f"{self.folder}: there is nothing to encrypt with: set key_passphrase"
            )
        unsealed = set(self.unsealed())
        found = [(path, self._read(path.stem, path)) for path in self._paths()]
        todo = [
            (path, key)
            for path, key in found
            if path.stem in unsealed or not self._opens(path, self._passphrase)
        ]
        for path, key in todo:
            self._write(path, key)
        return len(todo)

    def _write(self, path: Path, key: PrivateKey) -> None:
        pem = key.to_pem(self._passphrase or None)
        if load_private_key(pem, key.id, self._passphrase).public.to_pem() != key.public.to_pem():
            raise KeyUnavailableError(f"{path}: what would be written is not the key")
        write_whole(path, pem, mode=0o600)
        # A row that names the key follows: its name in the folder has to outlive the machine's end.
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _read(self, kid: str, path: Path) -> PrivateKey:
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise KeyUnavailableError(f"key {kid}: others may read {path}: chmod 600 it")
            pem = path.read_bytes()
        except FileNotFoundError as error:
            raise KeyMissingError(
                f"key {kid}: {path} cannot be read: {error.strerror}: restore it from a backup"
            ) from error
        except OSError as error:
            raise KeyUnavailableError(
                f"key {kid}: {path} cannot be read: {error.strerror}: mend that, or restore it"
            ) from error
        try:
            return self._open(pem, kid)
        except KeyFormatError as error:
            raise KeyUnavailableError(f"key {kid}: {path}: {error}") from error

    def _open(self, pem: bytes, kid: str) -> PrivateKey:
        try:
            return load_private_key(pem, kid, self._passphrase)
        except PassphraseError:
            if not self._former:
                raise
            return load_private_key(pem, kid, self._former)

    def _opens(self, path: Path, passphrase: str) -> bool:
        try:
            load_private_key(path.read_bytes(), path.stem, passphrase)
        except PassphraseError:
            return False
        return True

    def _paths(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("[!.]*.pem") if path.is_file())

    def _path(self, kid: str) -> Path:
        return self.folder / f"{check_kid(kid)}.pem"
