# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many answers a second a server gives to a few connections: by wrk, else by a small client.

wrk (https://github.com/wg/wrk) is what others measure with; the client is in Python and takes time
of the processors itself, so its numbers are lower. Compare those of one with those of the same.
"""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The lines of wrk that count, as versions 3 and 4 write them.
RATE = re.compile(r"^\s*Requests/sec:\s+([0-9]+(?:\.[0-9]+)?)\s*$", re.MULTILINE)
REFUSED = re.compile(r"^\s*Non-2xx or 3xx responses:\s+([0-9]+)\s*$", re.MULTILINE)
BROKEN = re.compile(r"^\s*Socket errors:(.*)$", re.MULTILINE)
VERSION = re.compile(r"^wrk\s+(\S+)", re.MULTILINE)
#: wrk ends by itself; a server that hangs must not hold the benchmark.
PATIENCE = 30


class LoadError(Exception):
    """What was measured is no rate of good answers."""


@dataclass(frozen=True, slots=True)
class Load:
    """Who asks, and over how many connections at once."""

    connections: int
    wrk: str = ""  # the path of the program; empty: the client below

    @classmethod
    def of(cls, connections: int) -> Load:
        """Ask by wrk where it is on the PATH."""
        return cls(connections, shutil.which("wrk") or "")

    @property
    def name(self) -> str:
        """Who asks, in words."""
        if not self.wrk:
            return "a client in Python (wrk is not on the PATH)"
        return f"wrk {_version(self.wrk)} ({self.wrk})"

    def rate(self, port: int, address: str, headers: Mapping[str, str], seconds: float) -> float:
        """Return how many good answers come in a second; raise `LoadError`."""
        if self.wrk:
            return self._by_wrk(f"http://127.0.0.1:{port}{address}", headers, seconds)
        return self._by_client(port, address, headers, seconds)

    def _by_wrk(self, url: str, headers: Mapping[str, str], seconds: float) -> float:
        fields = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
        options = ("-t1", f"-c{self.connections}", f"-d{max(1, round(seconds))}s")
        try:
            done = subprocess.run(
                [self.wrk, *options, *fields, url],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds + PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LoadError(f"wrk: {error}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["said nothing"]
            raise LoadError(f"wrk: ended with {done.returncode}: {said[-1]}")
        return read_wrk(done.stdout)

    def _by_client(
        self, port: int, address: str, headers: Mapping[str, str], seconds: float
    ) -> float:
        begin = time.monotonic()
        numbers, troubles = [0] * self.connections, []

        def ask(place: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            try:
                while time.monotonic() < begin + seconds:
                    connection.request("GET", address, headers=dict(headers))
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status >= 400:
                        raise LoadError(f"{address}: answered {answer.status}")
                    numbers[place] += 1
            except (OSError, http.client.HTTPException, LoadError) as error:
                troubles.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(self.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if troubles:
            raise LoadError(f"the client: {troubles[0]}") from troubles[0]
        return sum(numbers) / (time.monotonic() - begin)


def read_wrk(text: str) -> float:
    """Return the rate that wrk printed; raise `LoadError` where answers were errors, or none."""
    refused, broken, rate = REFUSED.search(text), BROKEN.search(text), RATE.search(text)
    if refused is not None:
        raise LoadError(f"wrk: {refused[1]} answers were errors")
    if broken is not None:
        raise LoadError(f"wrk: connections failed:{broken[1]}")
    if rate is None:
        raise LoadError("wrk: printed no line `Requests/sec`")
    return float(rate[1])


def _version(program: str) -> str:
    """Return which wrk it is: `-v` prints it, with the usage, and ends with an error."""
    try:
        done = subprocess.run(
            [program, "-v"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "of unknown version"
    found = VERSION.search(done.stdout + done.stderr)
    return found[1] if found else "of unknown version"
