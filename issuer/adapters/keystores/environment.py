# SPDX-License-Identifier: AGPL-3.0-or-later
"""Private keys in variables of the environment, where an orchestrator hands out secrets.

Nothing can be written there: a new key is printed for whoever runs the site, who sets it.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from issuer.adapters.keystores.protocol import check_halves, check_kid, generate, kid_of
from issuer.errors import KeyMissingError, KeyUnavailableError
from openbadges.errors import KeyFormatError
from openbadges.keys import ED25519_SIGNATURE, PrivateKey, load_private_key

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from openbadges.keys import PublicKey

#: The name of a variable: the kid in capitals, and whether it names a file that holds the key.
VARIABLE = re.compile(r"ACCOLADES_KEY_(?P<year>[0-9]{4})_(?P<digest>[0-9A-F]{12})(?P<file>_FILE)?")
LIMIT = 64 * 1024
_PEM = "-----BEGIN "


class EnvironmentKeys:
    """Reads private keys from the environment: PEM, or base64 of it, or the path of a file."""

    def __init__(self, environ: Mapping[str, str], passphrase: str = "") -> None:
        self._variables = {
            _kid(match): name for name in sorted(environ) if (match := VARIABLE.fullmatch(name))
        }
        self._environ = environ
        self._passphrase = passphrase
        self._loaded: dict[str, PrivateKey] = {}
        self._lock = threading.Lock()

    def make(self, algorithm: str, *, year: int, taken: Container[str]) -> PublicKey:
        """Take a key that was set and that nobody used yet, as `KeyStore.make`."""
        for kid in self._variables:
            if kid not in taken and (key := self._key(kid)).algorithm == algorithm:
                return key.public
        raise KeyUnavailableError(
            f"the environment holds no {_kind(algorithm)} key that is not in use yet, and none can "
            "be made in it: run 'accolades keys print', set what it prints, and try again"
        )

    def load(self, kid: str, public: PublicKey) -> PrivateKey:
        """Return the key, as `KeyStore.load`."""
        found = self._key(check_kid(kid))
        check_halves(kid, self._variables[kid], found.public, public)
        return PrivateKey(public.id, found.raw)

    def warnings(self) -> list[str]:
        """Return nothing: how the environment is kept is known to whoever sets it alone."""
        return []

    def _key(self, kid: str) -> PrivateKey:
        # Reading a key costs 70 ms, and one lock keeps two threads from doing it twice.
        with self._lock:
            if kid not in self._loaded:
                self._loaded[kid] = self._read(kid)
            return self._loaded[kid]

    def _read(self, kid: str) -> PrivateKey:
        name = self._variables.get(kid)
        if name is None:
            raise KeyMissingError(
                f"key {kid}: {variable_of(kid)} is not set: set it, or {name}_FILE"
            )
        try:
            key = load_private_key(pem_of(name, self._environ[name]), kid, self._passphrase)
        except KeyFormatError as error:
            raise KeyUnavailableError(f"key {kid}: {name}: {error}") from error
        if kid_of(key.public, int(kid[:4])) != kid:
            right = variable_of(kid_of(key.public, int(kid[:4])))
            raise KeyUnavailableError(f"key {kid}: {name} holds the key of {right}: name it so")
        return key


def printed(algorithm: str, year: int, passphrase: str) -> str:
    """Return a new key as the line that sets it, encrypted when there is a passphrase."""
    key = generate(algorithm, year)
    text = base64.b64encode(key.to_pem(passphrase or None)).decode()
    return f"{variable_of(key.id)}={text}"


def mistake_in(name: str, value: str) -> str:
    """Return what is wrong with a variable, without its value, or nothing; keys are not read."""
    try:
        pem_of(name, value)
    except KeyUnavailableError as error:
        return str(error)
    return ""


def variable_of(kid: str) -> str:
    """Return the name of the variable that holds a key."""
    return "ACCOLADES_KEY_" + kid.upper().replace("-", "_")


def pem_of(name: str, value: str) -> bytes:
    """Return the PEM text of a variable; raise `KeyUnavailableError`."""
    text = _file(name, value) if name.endswith("_FILE") else value
    if _PEM not in text[:LIMIT]:
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            raise KeyUnavailableError(f"{name}: is neither PEM nor base64 of it") from error
    if len(text) > LIMIT or _PEM not in text:
        raise KeyUnavailableError(f"{name}: is neither PEM nor base64 of it")
    return text.encode("utf-8", "replace")


def _file(name: str, value: str) -> str:
    path = Path(value)
    try:
        if path.stat().st_size > LIMIT:
            raise KeyUnavailableError(f"{name}: {path}: larger than {LIMIT} bytes")
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise KeyUnavailableError(f"{name}: {path}: cannot be read: {reason}") from error


def _kid(match: re.Match[str]) -> str:
    return f"{match['year']}-{match['digest'].lower()}"


def _kind(algorithm: str) -> str:
    return "Ed25519" if algorithm == ED25519_SIGNATURE else "RSA"
