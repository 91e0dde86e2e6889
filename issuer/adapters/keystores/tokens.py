# SPDX-License-Identifier: AGPL-3.0-or-later
"""Private keys in a token of PKCS#11: they are made in it, sign in it, and never leave it.

This module needs the extra `pkcs11` and is imported only where that store is chosen.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass

from issuer.adapters.keystores.protocol import check_kid, kid_of
from issuer.errors import KeyMissingError, KeyUnavailableError
from openbadges.errors import OpenBadgesError
from openbadges.keys import ED25519_SIGNATURE, MIN_RSA_BITS, RSA_SIGNATURE, PublicKey, Signer
from openbadges.signing import open_signed, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from pkcs11 import Session, SignMixin, Token

T = TypeVar("T")

log = logging.getLogger(__name__)

#: What a key is called from the moment it is made until its kid is known.
UNNAMED = "accolades, unfinished"
_NOTHING: dict[Attribute, Any] = {Attribute.LABEL: "nobody calls a key like this"}
#: How long a token that fails is left alone: asking one that is away may take seconds each time.
PAUSE_SECONDS = 5.0
# The name of SHA-256 in front of a digest (RFC 8017, 9.2), for tokens that sign but do not hash.
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
# Ed25519 by its object identifier (RFC 8410), and by the name that PKCS#11 3.0 has for it.
_CURVES = (bytes.fromhex("06032b6570"), b"\x13\x0cedwards25519")
_OCTETS = b"\x04\x20"  # DER of 32 octets; some tokens tell the point without it
_POINT_BYTES = 32
_PIN_ERRORS = (
    pkcs11.PinIncorrect,
    pkcs11.PinInvalid,
    pkcs11.PinLenRange,
    pkcs11.PinLocked,
    pkcs11.PinExpired,
)
#: What a new session would not change.
_LASTING = (
    *_PIN_ERRORS,
    pkcs11.NoSuchKey,
    pkcs11.MultipleObjectsReturned,
    pkcs11.MultipleTokensReturned,
    pkcs11.MechanismInvalid,
)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A token that somebody is logged in to, and the keys that were found in it."""

    token: Token
    session: Session
    mechanisms: frozenset[Any]
    keys: dict[str, SignMixin] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key of a token."""

    public: PublicKey
    kid: str
    store: TokenKeys = field(repr=False)

    @property
    def id(self) -> str:
        """The URL where the public half is published."""
        return self.public.id

    @property
    def algorithm(self) -> str:
        """The JWS algorithm of its signatures."""
        return self.public.algorithm

    def sign(self, data: bytes) -> bytes:
        """Let the token sign; raise `KeyUnavailableError`."""
        return self.store.sign(self.kid, self.algorithm, data)


class TokenKeys:
    """Signs in a token, by one session a process; what was lost on the way is opened again."""

    def __init__(
        self, module: str, label: str, pin: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._module, self._label, self._pin, self._clock = module, label, pin, clock
        # The module is not told of threads: one at a time asks it.
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._is_stale = False
        self._left_alone: tuple[float, str] | None = None
        self._refused = ""
        self._proven: set[str] = set()
        ours = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _after_fork(ours))

    def make(self, algorithm: str, *, year: int, taken: Container[str]) -> PublicKey:
        """Make a key in the token, as `KeyStore.make`."""

        def work(opened: _Opened) -> PublicKey:
            # Beside the session that is logged in. A pair that cannot be named signs nothing.
            writing = opened.token.open(rw=True)
            try:
                made = self._pair(opened, writing, algorithm)
                public = PublicKey(UNNAMED, _public(*made))
                kid = kid_of(public, year)
                for half in made:
                    half[Attribute.LABEL], half[Attribute.ID] = kid, kid.encode()
            finally:
                writing.close()
            return PublicKey(kid, public.raw)

        # So that a token that was away is opened again before anything is made in it.
        self._do("make a key", lambda opened: list(opened.session.get_objects(_NOTHING)))
        return self._do("make a key", work, once=True)

    def load(self, kid: str, public: PublicKey) -> Signer:
        """Return the key, as `KeyStore.load`."""
        key = TokenKey(public, check_kid(kid), self)
        if kid not in self._proven:
            try:
                open_signed(sign(b"{}", key), public)
            except OpenBadgesError as error:
                raise self._swapped(kid) from error
            self._proven.add(kid)
        return key

    def warnings(self) -> list[str]:
        """Return nothing: what is in a token is in good hands."""
        return []

    def sign(self, kid: str, algorithm: str, data: bytes) -> bytes:
        """Return a signature; raise `KeyMissingError` and `KeyUnavailableError`."""

        def work(opened: _Opened) -> bytes:
            key = opened.keys.get(kid)
            if key is None:
                found: Any = opened.session.get_key(ObjectClass.PRIVATE_KEY, label=kid)
                if (found.key_type == KeyType.RSA) != (algorithm == RSA_SIGNATURE):
                    raise self._swapped(kid)
                key = opened.keys[kid] = found
            if algorithm == ED25519_SIGNATURE:
                return key.sign(data, mechanism=Mechanism.EDDSA)
            if Mechanism.SHA256_RSA_PKCS in opened.mechanisms:
                return key.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS)
            digest = _SHA256 + hashlib.sha256(data).digest()
            return key.sign(digest, mechanism=Mechanism.RSA_PKCS)

        return self._do(f"sign with key {kid}", work)

    def forked(self) -> None:
        """Begin anew in a child: neither lock nor sessions of the parent may be used there."""
        self._lock = threading.Lock()
        self._opened, self._is_stale = None, True

    def _do(self, what: str, work: Callable[[_Opened], T], *, once: bool = False) -> T:
        """Do something in a session; where the token was away meanwhile, in a new one.

        Making a key is not tried again: it may be there.
        """
        with self._lock:
            self._check()
            was_open = self._opened is not None and not self._is_stale
            try:
                return self._try(work)
            except _LASTING as error:
                raise self._explained(what, error) from error
            except pkcs11.PKCS11Error as error:
                self._is_stale = True
                if once or not was_open:
                    raise self._explained(what, error) from error
                log.warning("token %r: %s: opening it again", self._label, _name(error))
            try:
                return self._try(work)
            except pkcs11.PKCS11Error as error:
                self._is_stale = not isinstance(error, _LASTING)
                raise self._explained(what, error) from error

    def _try(self, work: Callable[[_Opened], T]) -> T:
        if self._opened is None or self._is_stale:
            self._opened = self._open()
            self._is_stale = False
        return work(self._opened)

    def _open(self) -> _Opened:
        library = pkcs11.lib(self._module)
        if self._is_stale:
            # A child has to do so by the standard, and some modules see a token that came back only
            # then. What the module says to the end is of no use: it may never have begun here.
            try:
                library.finalize()
            except pkcs11.PKCS11Error as error:
                log.debug("token %r: finalize: %s", self._label, _name(error))
            library.initialize()
        token = library.get_token(token_label=self._label)
        try:
            session = token.open(user_pin=self._pin)
        except pkcs11.UserAlreadyLoggedIn:  # another part of this process is
            session = token.open()
        self._proven.clear()  # it may be another token of the same label
        return _Opened(token, session, frozenset(token.slot.get_mechanisms()))

    def _check(self) -> None:
        if self._refused:
            raise KeyUnavailableError(self._refused)
        if self._left_alone is not None:
            until, said = self._left_alone
            if self._clock() < until:
                raise KeyUnavailableError(said)
            self._left_alone = None

    def _explained(self, what: str, error: pkcs11.PKCS11Error) -> KeyUnavailableError:
        said = f"token {self._label!r}: cannot {what}: {_name(error)}"
        if isinstance(error, pkcs11.NoSuchKey):
            return KeyMissingError(f"{said}: it has no private key of that label")
        if isinstance(error, _PIN_ERRORS):
            # A token locks itself after a few wrong ones: this process does not try again.
            self._refused = f"{said}: correct pkcs11_pin and start again"
            return KeyUnavailableError(self._refused)
        if isinstance(error, _LASTING):
            return KeyUnavailableError(
                f"{said}: look at the token with the tools that came with it"
            )
        said = f"{said}: check that the token is there, pkcs11_module and pkcs11_token"
        self._left_alone = (self._clock() + PAUSE_SECONDS, said)
        return KeyUnavailableError(said)

    def _swapped(self, kid: str) -> KeyUnavailableError:
        return KeyUnavailableError(
            f"key {kid}: token {self._label!r} holds another key than the one that is published: "
            "put the right one in its place"
        )

    def _pair(self, opened: _Opened, session: Session, algorithm: str) -> tuple[Any, Any]:
        options: dict[str, Any] = {
            "label": UNNAMED,
            "store": True,
            "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY,
            "private_template": {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        }
        if algorithm != ED25519_SIGNATURE:
            return session.generate_keypair(KeyType.RSA, MIN_RSA_BITS, **options)
        wanted = {Mechanism.EC_EDWARDS_KEY_PAIR_GEN, Mechanism.EDDSA}
        if not wanted <= opened.mechanisms:
            raise KeyUnavailableError(
                f"token {self._label!r}: makes no Ed25519 keys (CKM_EC_EDWARDS_KEY_PAIR_GEN, "
                "CKM_EDDSA): proofs of Open Badges 3.0 need another token"
            )
        options["mechanism"] = Mechanism.EC_EDWARDS_KEY_PAIR_GEN
        first, second = (
            session.create_domain_parameters(
                KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: curve}, local=True
            )
            for curve in _CURVES
        )
        try:
            return first.generate_keypair(**options)
        except pkcs11.PKCS11Error as error:
            log.debug("token %r: %s: trying the other name", self._label, _name(error))
            return second.generate_keypair(**options)


def _after_fork(reference: weakref.ref[TokenKeys]) -> None:
    if (store := reference()) is not None:
        store.forked()


def _public(public: Any, _private: Any) -> rsa.RSAPublicKey | ed25519.Ed25519PublicKey:
    """Return the public half of a pair as the rest of the code knows it."""
    if public.key_type == KeyType.RSA:
        exponent, modulus = (
            int.from_bytes(public[name], "big")
            for name in (Attribute.PUBLIC_EXPONENT, Attribute.MODULUS)
        )
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    point = public[Attribute.EC_POINT]
    if len(point) == len(_OCTETS) + _POINT_BYTES:
        point = point.removeprefix(_OCTETS)
    return ed25519.Ed25519PublicKey.from_public_bytes(point)


def _name(error: Exception) -> str:
    """Return what a module said: its code has a name, and seldom words."""
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
