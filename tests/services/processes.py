# SPDX-License-Identifier: AGPL-3.0-or-later
"""Processes of a test service: their user, their free ports, their start and their end."""

from __future__ import annotations

import os
import pwd
import secrets
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


#: The system gives none of them to connections, nor to servers that ask for any port.
PORTS: Final = range(15_000, 32_000)


class StartError(Exception):
    """A service did not come up; the text holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The folder of one service and the user it runs as."""

    path: Path
    user: str | None = None

    @classmethod
    def make(cls, path: Path, account: str) -> Home:
        """Make the folder; as root it belongs to ``account``, for no server wants to be root."""
        path.mkdir()
        if os.geteuid() != 0:
            return cls(path=path)
        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid)
        return cls(path=path, user=account)

    def write(self, name: str, text: str) -> Path:
        """Write a file that the user of the service can read."""
        file = self.path / name
        file.write_text(text)
        file.chmod(0o644)
        return file

    def start(
        self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start ``command`` in the folder as the user of the service, with the log beside it."""
        clean = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        with (self.path / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.path,
                env=clean | {"HOME": str(self.path)} | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
                group=self._group(),
                extra_groups=None if self.user is None else [],
                start_new_session=True,
            )

    def run(self, command: Sequence[str | Path], *, timeout: float = 60) -> None:
        """Run ``command`` to its end; raises ``StartError`` when it fails."""
        status = self.start(command).wait(timeout)
        if status != 0:
            raise StartError(f"{command[0]} ended with {status}: {self.log()}")

    def log(self) -> str:
        """Return the last lines the service wrote."""
        return (self.path / "log").read_text(errors="replace")[-2000:]

    def _group(self) -> int | None:
        return None if self.user is None else pwd.getpwnam(self.user).pw_gid


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running service: where it answers and the processes it is made of."""

    url: str
    processes: tuple[subprocess.Popen[bytes], ...]
    stop_signal: signal.Signals = signal.SIGKILL

    def stop(self) -> None:
        """End every process at once: what the tests leave behind is worth nothing."""
        for process in self.processes:
            stop(process, self.stop_signal)


def stop(process: subprocess.Popen[bytes], first: signal.Signals = signal.SIGKILL) -> None:
    """End a process and its group, with ``first`` and then, if it does not listen, by force."""
    for number in (first, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on; the caller tries again when somebody was quicker."""
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < count:
            each = stack.enter_context(socket.socket())
            with suppress(OSError):  # taken: another one
                each.bind(("127.0.0.1", secrets.choice(PORTS)))
                found.append(each.getsockname()[1])
    return found


def wait_until(
    answers: Callable[[], bool], process: subprocess.Popen[bytes], home: Home, *, timeout: float
) -> None:
    """Wait until ``answers`` is true; raises ``StartError`` when the process ends or time is up."""
    end = time.monotonic() + timeout
    while not answers():
        if process.poll() is not None:
            raise StartError(f"it ended with {process.returncode}: {home.log()}")
        if time.monotonic() > end:
            raise StartError(f"it did not answer within {timeout:.0f} seconds: {home.log()}")
        time.sleep(0.05)
