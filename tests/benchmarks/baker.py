# SPDX-License-Identifier: AGPL-3.0-or-later
"""The baker of the reference implementation, timed inside a process of its own.

It lives in its own environment, because it asks for other versions of what we use.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

from tests.services.run import locked
from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from types import TracebackType

PACKAGES = (
    "openbadges-bakery==2.0.0",
    "pypng==0.20220715.0",
    "defusedxml==0.7.1",
    "rfc3986==2.0.0",
    "six==1.17.0",
    "click==8.3.0",
)
HOME = CHECKOUT / ".cache" / "bakery"
#: Answers each line, a piece of work, with the seconds of processor that it took. Everything stays
#: in memory, which is the fastest way to call it.
WORKER = """\
import base64, io, json, sys, time
from openbadges_bakery import bake, unbake
for line in sys.stdin:
    work = json.loads(line)
    image = base64.b64decode(work["image"])
    started = time.process_time()
    for _ in range(work["times"]):
        if work["text"]:
            result = bake(io.BytesIO(image), work["text"], io.BytesIO())
        else:
            result = unbake(io.BytesIO(image))
    seconds = time.process_time() - started
    assert result
    print(json.dumps(seconds), flush=True)
"""


class Bakery:
    """``openbadges_bakery`` 2.0.0, to be used in a ``with`` statement."""

    def __enter__(self) -> Bakery:
        self.process = subprocess.Popen(
            [_python(), "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.communicate()

    def seconds(self, image: bytes, text: str, times: int) -> float:
        """Return how long baking takes, or without a text unbaking, so many times."""
        if not self.process.stdin or not self.process.stdout:
            raise BrokenPipeError
        work = {"image": base64.b64encode(image).decode(), "text": text, "times": times}
        self.process.stdin.write(json.dumps(work) + "\n")
        self.process.stdin.flush()
        return float(json.loads(self.process.stdout.readline()))


def _python() -> str:
    """Return the interpreter of its environment, which is made the first time."""
    wanted = "\n".join((sys.version, *PACKAGES))
    stamp, python = HOME / "ready", HOME / "bin" / "python"
    HOME.parent.mkdir(parents=True, exist_ok=True)
    with locked(HOME.parent / "bakery.lock"):
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(HOME, ignore_errors=True)
            venv.create(HOME, with_pip=True)
            install = [python, "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
            subprocess.run([*install, "--no-deps", *PACKAGES], check=True, stdin=subprocess.DEVNULL)
            stamp.write_text(wanted)
    return str(python)
