# SPDX-License-Identifier: AGPL-3.0-or-later
"""The key that signs session cookies when none is configured: made once, kept in a file."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from issuer.errors import ConfigurationError

NAME = "secret-key"


def kept_secret(home: Path) -> str:
    """Return the secret in ``home``, and make it first where there is none.

    Raises `ConfigurationError` when it can be neither read nor written.
    """
    path = home / NAME
    try:
        if not path.exists():
            _make(path)
        secret = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = f"{path}: cannot be kept: {error}: set ACCOLADES_SECRET_KEY"
        raise ConfigurationError([reason]) from error
    if not secret:
        raise ConfigurationError([f"{path}: is empty: remove it, or set ACCOLADES_SECRET_KEY"])
    return secret


def _make(path: Path) -> None:
    """Write a new secret whole; of several processes at once the first decides."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{NAME}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        Path(path).hardlink_to(temporary)
    except FileExistsError:
        return  # another process was first, and its secret is the one that counts
    finally:
        Path(temporary).unlink(missing_ok=True)
