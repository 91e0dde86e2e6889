# SPDX-License-Identifier: AGPL-3.0-or-later
"""A token of PKCS#11 in software, in a folder of the test's own."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from tests.services.missing import MissingError

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",  # Debian
    "/usr/lib64/pkcs11/libsofthsm2.so",  # Fedora
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
)
LABEL, PIN = "accolades", "123456"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, ready; `configuration` is what SOFTHSM2_CONF has to name."""

    module: str
    label: str
    pin: str
    configuration: Path
    folder: Path

    def settings(self) -> dict[str, object]:
        """Return the settings of a site that keeps its keys there."""
        return {
            "key_stores": ("pkcs11",),
            "pkcs11_module": self.module,
            "pkcs11_token": self.label,
            "pkcs11_pin": self.pin,
        }


def forget(token: Token) -> None:
    """Let the module go: it knows the folder that it was begun with alone."""
    import_module("pkcs11").unload(token.module)


def make(folder: Path) -> Token:
    """Make a token in ``folder``; raises `MissingError` where SoftHSM is not installed.

    SOFTHSM2_CONF has to name the configuration in the environment already: the module reads it
    when it is first used.
    """
    module = next((path for path in MODULES if Path(path).is_file()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        raise MissingError("SoftHSM is not installed: install softhsm2, or run `make test`")
    if find_spec("pkcs11") is None:
        raise MissingError("python-pkcs11 is not installed: run `make test`")
    tokens, configuration = folder / "tokens", folder / "softhsm2.conf"
    tokens.mkdir(parents=True)
    configuration.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    subprocess.run(
        [
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            LABEL,
            "--pin",
            PIN,
            "--so-pin",
            PIN,
        ],
        env={"SOFTHSM2_CONF": str(configuration), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        timeout=30,
    )
    return Token(module, LABEL, PIN, configuration, tokens)
