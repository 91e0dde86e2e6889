# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every store of private keys does, and what all of them have in common."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Protocol

from issuer.errors import KeyMissingError, KeyUnavailableError
from openbadges.keys import ED25519_SIGNATURE, RSA_SIGNATURE, generate_ed25519, generate_rsa

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from openbadges.keys import PrivateKey, PublicKey, Signer

KID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class KeyStore(Protocol):
    """Makes private keys and signs with them; the private halves stay where they are."""

    def make(self, algorithm: str, *, year: int, taken: Container[str]) -> PublicKey:
        """Return the public half of a key for `algorithm` that nobody used yet; its id is the kid.

        It is there for good before this returns. Raises `KeyUnavailableError` where no key can be
        had: what to do instead is in the text.
        """

    def load(self, kid: str, public: PublicKey) -> Signer:
        """Return what signs with a key, under the id of its public half.

        Raises `KeyMissingError` where the store has no such key, and `KeyUnavailableError` where it
        cannot be used, or where it is another key than the one that is published.
        """

    def warnings(self) -> list[str]:
        """Return what somebody should do about the safety of this store, a line each."""


class Stores:
    """Several stores as one: the first makes keys, all of them are looked into."""

    def __init__(self, stores: Sequence[KeyStore]) -> None:
        self.stores = tuple(stores)
        self._found: dict[str, KeyStore] = {}

    def make(self, algorithm: str, *, year: int, taken: Container[str]) -> PublicKey:
        """Make a key in the first store, as `KeyStore.make`."""
        return self.stores[0].make(algorithm, year=year, taken=taken)

    def load(self, kid: str, public: PublicKey) -> Signer:
        """Return the key from the first store that can use it, as `KeyStore.load`."""
        if (known := self._found.get(kid)) is not None:
            return known.load(kid, public)
        errors: list[KeyUnavailableError] = []
        for store in self.stores:
            try:
                signer = store.load(kid, public)
            except KeyUnavailableError as error:
                errors.append(error)
            else:
                self._found[kid] = store
                return signer
        # A store that is away says more than one that never had the key.
        raise next((each for each in errors if not isinstance(each, KeyMissingError)), errors[0])

    def warnings(self) -> list[str]:
        """Return the warnings of all stores."""
        return [line for store in self.stores for line in store.warnings()]


def generate(algorithm: str, year: int) -> PrivateKey:
    """Return a new key in memory; its id is its kid."""
    makers = {RSA_SIGNATURE: generate_rsa, ED25519_SIGNATURE: generate_ed25519}
    key = makers[algorithm]("new")
    return type(key)(kid_of(key.public, year), key.raw)


def kid_of(public: PublicKey, year: int) -> str:
    """Name a key by its year and its content: readable, and never the same twice."""
    return f"{year}-{hashlib.sha256(public.to_pem().encode()).hexdigest()[:12]}"


def check_kid(kid: str) -> str:
    """Return a kid that names a file or an object safely; raise `KeyUnavailableError`."""
    if not KID.fullmatch(kid):
        raise KeyUnavailableError(f"key {kid!r}: not a key id")
    return kid


def check_halves(kid: str, place: str, found: PublicKey, public: PublicKey) -> None:
    """Refuse a key that was swapped: what it signed would be kept, and never verify."""
    if found.to_pem() != public.to_pem():
        raise KeyUnavailableError(
            f"key {kid}: {place} holds another key than the one that is published: "
            "put the right one in its place"
        )
