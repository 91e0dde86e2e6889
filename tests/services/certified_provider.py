# SPDX-License-Identifier: AGPL-3.0-or-later
"""The certified OpenID provider of npm, where Node is there: installed once, in an own folder."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.services.missing import MissingError
from tests.services.run import locked
from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "oidc-provider@9.13.3"
INSTALL_SECONDS = 120
SCRIPT = Path(__file__).with_suffix(".mjs")
SECRET = "a secret of the test"  # noqa: S105 (of the script)


@contextmanager
def serving(port: int, redirect_uri: str) -> Iterator[str]:
    """Serve the provider on ``port``, for one client that comes back at ``redirect_uri``.

    Raises `MissingError` where Node is missing, or its package cannot be had.
    """
    script = _installed()
    with subprocess.Popen(
        ["node", script, str(port), redirect_uri],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            if process.stdout is None or process.stdout.readline().strip() != "ready":
                raise MissingError(f"Node runs, but {PACKAGE} does not start with it")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _installed() -> Path:
    folder = CHECKOUT / ".cache" / "certified-provider"
    script = folder / SCRIPT.name
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise MissingError("Node is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_suffix(".lock")):
        if not (folder / "node_modules" / "oidc-provider").is_dir():
            command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, PACKAGE]
            done = subprocess.run(
                command, capture_output=True, timeout=INSTALL_SECONDS, check=False
            )
            if done.returncode:
                raise MissingError(f"npm cannot install {PACKAGE}")
        shutil.copy(SCRIPT, script)
    return script
