# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hashed recipients: making them, and telling whether an address is the one that was hashed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from openbadges.errors import MalformedError
from openbadges.models.parts import IdentityObject

# Old badges hold md5; a host in FIPS mode must still be able to read them.
_ALGORITHMS = ("sha256", "md5")
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Match:
    """Whether an address is a recipient's; true in a condition when it is.

    `form` says which form of the address matched (``as given`` or ``lower-cased``), `legacy` that
    the hash is md5, which proves little.
    """

    matched: bool
    form: str = ""
    legacy: bool = False

    def __bool__(self) -> bool:
        return self.matched


def new_salt() -> str:
    """Return a fresh random salt of 32 hex digits; use one for each assertion."""
    return secrets.token_hex(_SALT_BYTES)


def hash_identity(identity: str, salt: str = "", algorithm: str = "sha256") -> str:
    """Return the IdentityHash ``algorithm$hex`` of an identifier (Open Badges 2.0, IdentityHash).

    The digest runs over the UTF-8 of the identifier with the salt appended. Nothing is normalised.

    Raises `MalformedError`: the algorithm is neither sha256 nor md5, or the text is not Unicode.
    """
    if algorithm not in _ALGORITHMS:
        raise MalformedError(f"identity hash {algorithm[:20]!r} is unknown; use sha256")
    digest = hashlib.new(algorithm, _bytes(identity + salt), usedforsecurity=False)
    return f"{algorithm}${digest.hexdigest()}"


def email_identity(address: str, salt: str | None = None) -> IdentityObject:
    """Return the salted, hashed recipient for an e-mail address, which is lower-cased first.

    Without `salt` a fresh one is made.

    Raises `MalformedError`: the address is none.
    """
    address = address.strip().lower()
    plain = IdentityObject(type="email", hashed=False, identity=address)
    plain.check("recipient")
    salt = new_salt() if salt is None else salt
    return IdentityObject(
        type="email", hashed=True, identity=hash_identity(address, salt), salt=salt
    )


def matches(recipient: IdentityObject, address: str) -> Match:
    """Tell whether an identifier is the recipient's, as given or, for e-mail, lower-cased.

    Comparisons take the same time wherever they differ. A hash of an unknown algorithm matches
    nothing.
    """
    forms = {"as given": address}
    if recipient.type == "email":
        forms["lower-cased"] = address.lower()
    algorithm = recipient.identity.partition("$")[0].lower() if recipient.hashed else ""
    for form, value in forms.items():
        if _equal(recipient, value, algorithm):
            return Match(matched=True, form=form, legacy=algorithm == "md5")
    return Match(matched=False)


def _equal(recipient: IdentityObject, value: str, algorithm: str) -> bool:
    if not recipient.hashed:
        return hmac.compare_digest(_bytes(recipient.identity), _bytes(value))
    if algorithm not in _ALGORITHMS:
        return False
    expected = hash_identity(value, recipient.salt or "", algorithm)
    return hmac.compare_digest(_bytes(recipient.identity.lower()), _bytes(expected))


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MalformedError("an identifier holds a lone surrogate") from error
