# SPDX-License-Identifier: AGPL-3.0-or-later
"""The outside judge of Open Badges 3.0: a program of Node, installed in a folder of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.services.missing import MissingError
from tests.services.run import locked
from tests.shared import CHECKOUT, shared_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INSTALL_SECONDS, JUDGE_SECONDS = 300, 60
BATCH = Path(__file__).with_name("judge3_batch.mjs")


@dataclass(frozen=True, slots=True)
class Judge3:
    """The judge, ready."""

    folder: Path

    def judge(self, credential: str, documents: Mapping[str, Any]) -> dict[str, Any]:
        """Return its report on a credential; ``documents`` answer what it looks up, by URL."""
        (report,) = self.batch([credential], documents)
        return report

    def batch(
        self, credentials: Sequence[str], documents: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Return one report a credential, in their order; one process judges them all.

        Where the judge itself breaks down, the credential is not valid, and ``broken`` has failed.
        """
        lines = [json.dumps({"input": each, "documents": documents}) for each in credentials]
        done = subprocess.run(
            ["node", BATCH, self.folder],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            timeout=JUDGE_SECONDS + len(credentials),
            check=False,
        )
        reports = [json.loads(line) for line in done.stdout.splitlines()]
        if len(reports) != len(credentials):
            raise AssertionError(f"the judge broke: {done.stderr[-2000:]}")
        return reports


def prepare() -> Judge3:
    """Return the judge; raise `MissingError` where Node or its packages cannot be had."""
    source = shared_path("judges/ob3")
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise MissingError("Node is not installed")
    folder = CHECKOUT / ".cache" / "judge-ob3"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_suffix(".lock")):
        for name in ("judge.mjs", "package.json"):
            shutil.copy(source / name, folder)
        if not (folder / "ready").exists():
            command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
            done = subprocess.run(
                [*command, "--prefix", folder],
                capture_output=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
            if done.returncode:
                raise MissingError("npm cannot install the judge of Open Badges 3.0")
            (folder / "ready").touch()
    return Judge3(folder)
