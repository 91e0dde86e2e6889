# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several consumer processes under one: started again when they crash, ended together."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

log = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
#: Seconds after which a process counts as one that works, and its next crash as its first.
STEADY_AFTER = 10.0
#: Seconds for the message in hand; what is not acknowledged then goes to another consumer.
STOP_SECONDS = 25.0
#: Ends that another start would not change: a queue that cannot be declared, no right to it. The
#: configuration is not among them: it was read before, so what is wrong now may pass.
HOPELESS = frozenset({10, 15})
FAILED = 1


@dataclass(slots=True)
class Child:
    """A place for one process: the one that runs there, or when the next one starts."""

    slot: int
    process: subprocess.Popen[bytes] | None = None
    due: float = 0.0
    wait: float = 0.0  # until another start, if it crashes
    since: float = 0.0


class Supervisor:
    """Keeps ``count`` processes of one command running until it is told to stop."""

    def __init__(self, command: Sequence[str], count: int) -> None:
        self._command = command
        self._children = [Child(slot, wait=FIRST_WAIT) for slot in range(count)]
        self._news: SimpleQueue[int] = SimpleQueue()  # that a handler of signals may fill
        self._exit_code = 0
        self._kill_at: float | None = None

    def run(self) -> int:
        """Run until SIGTERM or SIGINT, or until a start is hopeless; return the exit code.

        0 when every process ended well after it was told to; SIGHUP goes to all of them.
        """
        signals = (*STOP_SIGNALS, signal.SIGHUP, signal.SIGCHLD)
        former = {number: signal.signal(number, self._hear) for number in signals}
        try:
            while self._kill_at is None or self._running():
                self._start_due()
                with suppress(Empty):
                    self._answer(self._news.get(timeout=self._patience()))
                self._bury()
        finally:
            for child in self._running():
                child.kill()
                child.wait()
            for number, handler in former.items():
                signal.signal(number, handler)
        return self._exit_code

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._news.put(number)

    def _answer(self, number: int) -> None:
        if number in STOP_SIGNALS:
            self._stop()
        elif number == signal.SIGHUP:
            self._tell(signal.SIGHUP)

    def _start_due(self) -> None:
        if self._kill_at is not None:
            return
        now = time.monotonic()
        for child in self._children:
            if child.process is None and child.due <= now:
                child.since = now
                # Its standard input ends with us, whatever ends us: see `end_with_parent`.
                child.process = subprocess.Popen(  # noqa: S603 -- our own command
                    [*self._command, "--slot", str(child.slot)], stdin=subprocess.PIPE
                )

    def _patience(self) -> float:
        """Return how long there is nothing to do unless a signal comes."""
        now = time.monotonic()
        if self._kill_at is not None:
            if now >= self._kill_at:
                log.error("a consumer did not end in %d seconds and is killed", STOP_SECONDS)
                self._exit_code = FAILED
                self._tell(signal.SIGKILL)
                return 1.0
            return self._kill_at - now
        due = [child.due for child in self._children if child.process is None]
        return max(min(due, default=now + LONGEST_WAIT) - now, 0.0)

    def _bury(self) -> None:
        """Take note of processes that ended."""
        now = time.monotonic()
        for child in self._children:
            if child.process is None or child.process.poll() is None:
                continue
            code, child.process = _end(child.process), None
            if self._kill_at is not None:
                if code != -signal.SIGTERM:  # it had not even begun
                    self._exit_code = self._exit_code or (FAILED if code < 0 else code)
            elif code in HOPELESS:
                log.error("consumer %d ended with %d: it is not started again", child.slot, code)
                self._exit_code = code
                self._stop()
            else:
                steady = now - child.since >= STEADY_AFTER
                child.wait = FIRST_WAIT if steady else child.wait
                log.warning(
                    "consumer %d ended with %d: started again in %.0f s",
                    child.slot,
                    code,
                    child.wait,
                )
                child.due = now + child.wait
                child.wait = min(child.wait * 2, LONGEST_WAIT)

    def _stop(self) -> None:
        if self._kill_at is None:
            self._kill_at = time.monotonic() + STOP_SECONDS
        self._tell(signal.SIGTERM)

    def _tell(self, number: int) -> None:
        for process in self._running():
            process.send_signal(number)

    def _running(self) -> list[subprocess.Popen[bytes]]:
        return [child.process for child in self._children if child.process is not None]


def end_with_parent() -> None:
    """Let this process end when its standard input does: nobody would stop it any more."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _end(process: subprocess.Popen[bytes]) -> int:
    if process.stdin is not None:
        process.stdin.close()
    return process.wait()
