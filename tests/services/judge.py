# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reference validator of Open Badges 2.0, asked from an environment of its own.

It is old code that owns the import name ``openbadges``: it must never meet ours in one process.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.services.run import locked
from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SETUP_SECONDS, JUDGE_SECONDS = 600, 120


class JudgeError(Exception):
    """The judge could not judge; the text says what it printed."""


@dataclass(frozen=True, slots=True)
class Judge:
    """The reference validator, strict: what it misses itself counts too."""

    python: Path
    script: Path

    def judge(
        self,
        badge: str | Path,
        profile: Mapping[str, Any] | None = None,
        maps: Iterable[str] = (),
        documents: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the report on one badge.

        ``badge`` is a URL, the text of a JSON document or a JWS, or the path of a file (JSON, JWS,
        PNG, SVG); ``maps`` are ``https://public=http://127.0.0.1:8000``; ``documents`` answers URLs
        without a network. ``strict_valid`` of the report is the verdict. Raises ``JudgeError``.
        """
        item = {"input": badge, "profile": profile, "documents": documents}
        (report,) = self.batch([item], maps)
        return report

    def batch(
        self, items: Sequence[Mapping[str, Any]], maps: Iterable[str] = ()
    ) -> list[dict[str, Any]]:
        """Return one report an item, in their order; raises ``JudgeError``.

        An item has ``input`` and, if need be, ``profile`` and ``documents``.
        """
        lines = [
            json.dumps({k: v for k, v in i.items() if v is not None}, default=str) for i in items
        ]
        options = [part for each in maps for part in ("--map", each)]
        done = subprocess.run(
            [self.python, self.script, "--batch", "--strict", *options],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            # Ours has the same name, and a path of a developer would put it first.
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            # A second for each is plenty, even where the machine does much else.
            timeout=JUDGE_SECONDS + len(items),
            check=False,
        )
        reports = (
            [json.loads(line) for line in done.stdout.splitlines()] if not done.returncode else []
        )
        if len(reports) != len(items):
            raise JudgeError(
                f"exit {done.returncode}, {len(reports)} of {len(items)}: {done.stderr[-2000:]}"
            )
        return reports


def prepare(source: Path, cache: Path = CHECKOUT / ".cache") -> Judge:
    """Make the environment of the judge in ``source`` unless it is there; raises ``JudgeError``."""
    home, setup = cache / "judge-ob2", source / "setup.sh"
    wanted = hashlib.sha256(setup.read_bytes()).hexdigest()
    stamp = home / "ready"
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "judge-ob2.lock"):
        if not stamp.exists() or stamp.read_text() != wanted:
            # What an interrupted set-up left looks finished to the script itself.
            shutil.rmtree(home, ignore_errors=True)
            _run_setup(setup, home)
            stamp.write_text(wanted)
    return Judge(home / "bin" / "python", source / "judge.py")


def _run_setup(setup: Path, home: Path) -> None:
    # The script takes python3 from PATH: let it find the one our environment was made from.
    base = str(Path(sys.base_exec_prefix) / "bin")
    environment = os.environ | {"PATH": f"{base}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", setup, home],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SETUP_SECONDS,
        check=False,
    )
    if done.returncode:
        raise JudgeError(f"{setup} failed: {(done.stdout + done.stderr)[-2000:]}")
