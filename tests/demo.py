# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demo as a newcomer starts it: one process, a real site with real awards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from issuer.config import load_settings
from issuer.site import Site
from tests.services.processes import free_ports, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.executable).parent / "accolades"
LINES = ("Site:", "Logins:", "A person:", "To verify:", "To stop:")
START_SECONDS = 150


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo, and what its last five lines say."""

    home: Path
    base_url: str
    lines: dict[str, str]

    @property
    def person(self) -> str:
        """The address of a person's page."""
        return self.lines["A person:"]

    @property
    def assertion(self) -> str:
        """The address of an assertion."""
        return self.lines["To verify:"]

    def site(self) -> Site:
        """Return the site, as another process would open it."""
        return Site.of(load_settings({"ACCOLADES_HOME": str(self.home)}))


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours on the site in ``home``."""
    return subprocess.run(
        [PROGRAM, *arguments],
        env={**os.environ, "ACCOLADES_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


@contextmanager
def running(home: Path) -> Iterator[Demo]:
    """Start the demo on free ports and give it once it serves."""
    port = _pair_of_ports()
    output = home.with_suffix(".out")
    command = [PROGRAM, "demo", "--port", str(port)]
    environment = {**os.environ, "ACCOLADES_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    with output.open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield Demo(home, f"http://127.0.0.1:{port}", _five_lines(process, output))
    finally:
        stop(process)


def _pair_of_ports() -> int:
    """Return a port whose neighbour, for the login provider, is free too."""
    while True:
        (port,) = free_ports(1)
        if port + 1 not in range(1, 65536):
            continue
        try:
            with socket.socket() as neighbour:
                neighbour.bind(("127.0.0.1", port + 1))
        except OSError:
            continue
        return port


def _five_lines(process: subprocess.Popen[bytes], output: Path) -> dict[str, str]:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = {
            name: line.removeprefix(name).strip()
            for line in output.read_text().splitlines()
            for name in LINES
            if line.startswith(name)
        }
        if len(found) == len(LINES):
            return found
        time.sleep(0.1)
    raise AssertionError(f"the demo does not serve: {output.read_text()}")
