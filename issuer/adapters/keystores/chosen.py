# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opens the stores that the settings name."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from issuer.adapters.keystores.environment import EnvironmentKeys
from issuer.adapters.keystores.folder import KeyFolder
from issuer.adapters.keystores.protocol import KeyStore, Stores

if TYPE_CHECKING:
    from issuer.config import Settings


def open_stores(settings: Settings) -> Stores:
    """Return the stores in their order; nothing is read, and no token is asked yet."""
    return Stores([_open(name, settings) for name in settings.key_stores])


def key_folder(settings: Settings) -> KeyFolder:
    """Return the folder of keys; a public site keeps no new one there unencrypted."""
    return KeyFolder(
        settings.keys,
        settings.key_passphrase,
        settings.key_passphrase_former,
        must_seal=settings.is_public,
    )


def _open(name: str, settings: Settings) -> KeyStore:
    if name == "folder":
        return key_folder(settings)
    if name == "environment":
        return EnvironmentKeys(os.environ, settings.key_passphrase)
    # Only who chose it pays for loading it, and needs the extra.
    tokens = import_module("issuer.adapters.keystores.tokens")
    store: KeyStore = tokens.TokenKeys(
        str(settings.pkcs11_module), settings.pkcs11_token, settings.pkcs11_pin
    )
    return store
