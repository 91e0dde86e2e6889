# SPDX-License-Identifier: AGPL-3.0-or-later
"""One test run and the services its workers share: each starts when the first test asks."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.services.missing import MissingError
from tests.services.processes import StartError
from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER, CONTROLLER = "ACCOLADES_TEST_RUN", "ACCOLADES_TEST_CONTROLLER"
START_SECONDS, STOP_SECONDS = 120, 20

# Somebody must remember a running child: a forgotten one is a ResourceWarning, here an error.
_keepers: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class Run:
    """The folder of one test run and the process that leads it."""

    folder: Path
    controller: int

    @classmethod
    def begin(cls) -> Run:
        """Begin a run, led by this process; its workers find it through the environment."""
        folder = Path(tempfile.gettempdir()) / f"accolades-tests-{uuid4().hex}"
        os.environ |= {FOLDER: str(folder), CONTROLLER: str(os.getpid())}
        return cls(folder, os.getpid())

    @classmethod
    def current(cls) -> Run:
        """Return the run this process works for."""
        return cls(Path(os.environ[FOLDER]), int(os.environ[CONTROLLER]))

    def ask(self, service: str) -> str:
        """Return the URL of a service, started; raises ``MissingError`` or ``StartError``."""
        # Made by the first who asks: most runs need no service and leave no trace.
        self.folder.mkdir(exist_ok=True)
        # The services run as users of their own, who must be able to enter their folders.
        self.folder.chmod(0o711)
        answer = self.folder / f"{service}.json"
        with locked(self.folder / f"{service}.lock"):
            if not answer.exists():
                self._start(service, answer)
        outcome = json.loads(answer.read_text())
        if "missing" in outcome:
            raise MissingError(outcome["missing"])
        if "failed" in outcome:
            raise StartError(outcome["failed"])
        return str(outcome["url"])

    def end(self) -> None:
        """Stop every service that was started and forget the run."""
        for answer in list(self.folder.glob("*.json")):
            _stop_keeper(json.loads(answer.read_text()), answer)
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in (FOLDER, CONTROLLER):
            os.environ.pop(name, None)

    def _start(self, service: str, answer: Path) -> None:
        command = [sys.executable, "-m", "tests.services.keeper", service]
        log = self.folder / f"{service}.log"
        with log.open("wb") as output:
            keeper = subprocess.Popen(
                [*command, str(self.folder), str(self.controller)],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        _keepers.append(keeper)
        end = time.monotonic() + START_SECONDS
        while not answer.exists():
            if keeper.poll() is not None and not answer.exists():
                raise StartError(f"the keeper of {service} died: {log.read_text()[-2000:]}")
            if time.monotonic() > end:
                keeper.terminate()
                raise StartError(f"{service} did not start within {START_SECONDS} seconds")
            time.sleep(0.05)


def _stop_keeper(outcome: dict[str, Any], answer: Path) -> None:
    if "keeper" not in outcome:
        return
    with suppress(ProcessLookupError):
        os.kill(outcome["keeper"], signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while answer.exists() and time.monotonic() < end:
        time.sleep(0.02)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process of this machine at a time do what follows; the lock ends with its holder."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
