# SPDX-License-Identifier: AGPL-3.0-or-later
"""Private keys in a folder: readable by their owner alone, loaded once."""

from __future__ import annotations

import re
import stat
import threading
from typing import TYPE_CHECKING

from issuer.adapters.objects import write_whole
from issuer.errors import KeyUnavailableError
from openbadges.errors import KeyFormatError
from openbadges.keys import PrivateKey, load_private_key

if TYPE_CHECKING:
    from pathlib import Path

KID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class KeyFolder:
    """Keeps private keys as PEM files, encrypted when there is a passphrase."""

    def __init__(self, folder: Path, passphrase: str | None = None) -> None:
        self.folder = folder
        self._passphrase = passphrase
        self._loaded: dict[str, PrivateKey] = {}
        self._lock = threading.Lock()

    def save(self, kid: str, key: PrivateKey) -> None:
        """Keep a new key; raise `KeyUnavailableError` when the name is taken."""
        path = self._path(kid)
        if path.exists():
            raise KeyUnavailableError(f"key {kid}: {path} exists: a key is never overwritten")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, key.to_pem(self._passphrase), mode=0o600)

    def load(self, kid: str, document_id: str) -> PrivateKey:
        """Return the key; raise `KeyUnavailableError` when it cannot be used safely."""
        # Reading a key costs 70 ms, and one lock keeps two threads from doing it twice.
        with self._lock:
            if kid not in self._loaded:
                self._loaded[kid] = self._read(kid, document_id)
            return self._loaded[kid]

    def _read(self, kid: str, document_id: str) -> PrivateKey:
        path = self._path(kid)
        try:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise KeyUnavailableError(f"key {kid}: others may read {path}: chmod 600 it")
            return load_private_key(path.read_bytes(), document_id, self._passphrase)
        except OSError as error:
            raise KeyUnavailableError(
                f"key {kid}: {path} cannot be read: {error.strerror}: restore it from a backup"
            ) from error
        except KeyFormatError as error:
            raise KeyUnavailableError(f"key {kid}: {path}: {error}") from error

    def _path(self, kid: str) -> Path:
        if not KID.fullmatch(kid):
            raise KeyUnavailableError(f"key {kid!r}: not a key id")
        return self.folder / f"{kid}.pem"
