# SPDX-License-Identifier: AGPL-3.0-or-later
"""Seals what the database must not tell whoever reads it: tokens for foreign backpacks."""

from __future__ import annotations

import base64
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from issuer.adapters.secret_key import kept_secret
from issuer.errors import SealError

if TYPE_CHECKING:
    from issuer.config import Settings

INFO = b"accolades: tokens of backpacks"


class Vault:
    """Seals with the first of its secrets, and opens with any of them.

    They are those of `backpack_keys`, and after them the one that signs the cookies, so that what
    was sealed before `backpack_keys` was set opens still.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def seal(self, text: str) -> str:
        """Return a text as only this site can read it."""
        return self._box.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return what was sealed; raise `SealError` where no secret of this site opens it."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except (InvalidToken, ValueError) as error:
            raise SealError(
                "a token for a backpack was sealed with a key that this site does not have: "
                "add the former key to backpack_keys"
            ) from error

    def renew(self, sealed: str) -> str:
        """Return the same, sealed with the first secret; raises `SealError` as `open`."""
        return self.seal(self.open(sealed))

    @cached_property
    def _box(self) -> MultiFernet:
        settings = self._settings
        secrets = [part.strip() for part in settings.backpack_keys.split(",") if part.strip()]
        secrets.append(settings.secret_key or kept_secret(settings.home))
        return MultiFernet([Fernet(_key(secret)) for secret in secrets])


def _key(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
