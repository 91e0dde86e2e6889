# SPDX-License-Identifier: AGPL-3.0-or-later
"""Private keys: in a folder, in the environment, or in a token of PKCS#11."""

from issuer.adapters.keystores.chosen import key_folder, open_stores
from issuer.adapters.keystores.environment import EnvironmentKeys, printed
from issuer.adapters.keystores.folder import KeyFolder
from issuer.adapters.keystores.protocol import KeyStore

__all__ = ["EnvironmentKeys", "KeyFolder", "KeyStore", "key_folder", "open_stores", "printed"]
