# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from consumer import supervising
from consumer.supervising import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Writes what happens to it into a file: its slot, then a line a start and a line a signal.
CHILD = """
import os, signal, sys, time
slot, folder, behaviour = sys.argv[sys.argv.index("--slot") + 1], sys.argv[1], sys.argv[2]
def note(what):
    with open(f"{folder}/{slot}", "a") as file:
        file.write(f"{what} {os.getpid()}\\n")
def hear(number, frame):
    note(signal.Signals(number).name)
    if number == signal.SIGTERM and behaviour != "deaf":
        sys.exit(3 if behaviour == "fails" else 0)
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, hear)
if behaviour == "unready":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
note("start")
if behaviour.isdigit():
    sys.exit(int(behaviour))
while True:
    time.sleep(60)
"""
PATIENCE = 30


class Nursery:
    """A supervisor with its own signals, run in the main thread while a script goes on beside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, script: Callable[[], None], behaviour: str = "good", count: int = 3) -> int:
        command = [sys.executable, "-c", CHILD, str(self.folder), behaviour]
        worker = threading.Thread(target=script)
        worker.start()
        code = Supervisor(command, count).run()
        worker.join()
        return code

    def notes(self) -> list[str]:
        """Return what all children noted, without their process ids."""
        return [line.partition(" ")[0] for file in self.files() for line in file]

    def pids(self, slot: int) -> list[int]:
        """Return the processes that were started for one slot."""
        lines = (self.folder / str(slot)).read_text().splitlines()
        return [int(line.split()[1]) for line in lines if line.startswith("start")]

    def files(self) -> Iterator[list[str]]:
        for file in sorted(self.folder.iterdir()):
            yield file.read_text().splitlines()

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                os.kill(os.getpid(), signal.SIGTERM)
                raise AssertionError(self.notes())
            time.sleep(0.02)

    def tell(self, number: signal.Signals) -> None:
        os.kill(os.getpid(), number)


@pytest.fixture
def nursery(tmp_path: Path) -> Nursery:
    return Nursery(tmp_path)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervising, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(supervising, "STOP_SECONDS", 20.0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_end_together_when_it_is_told_to_stop(nursery: Nursery, number: signal.Signals) -> None:
    def script() -> None:
        nursery.until(lambda: nursery.notes().count("start") == 3)
        nursery.tell(number)

    assert nursery.run(script) == 0
    assert sorted(nursery.notes()) == ["SIGTERM"] * 3 + ["start"] * 3


def test_one_that_crashes_is_started_again_and_the_others_stay(nursery: Nursery) -> None:
    def script() -> None:
        nursery.until(lambda: nursery.notes().count("start") == 3)
        for number in (1, 2):
            os.kill(nursery.pids(1)[-1], signal.SIGKILL)
            nursery.until(lambda number=number: len(nursery.pids(1)) == number + 1)
        nursery.tell(signal.SIGTERM)

    assert nursery.run(script) == 0
    assert [len(nursery.pids(slot)) for slot in range(3)] == [1, 3, 1]


def test_one_that_always_crashes_is_started_later_and_later(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervising, "LONGEST_WAIT", 0.04)

    def script() -> None:
        nursery.until(lambda: nursery.notes().count("start") == 5)
        nursery.tell(signal.SIGTERM)

    nursery.run(script, "1", count=1)
    waits = [record.args[2] for record in caplog.records if record.args]
    assert waits[:4] == [0.01, 0.02, 0.04, 0.04]


@pytest.mark.parametrize("code", [10, 15])
def test_what_cannot_work_is_not_started_again(nursery: Nursery, code: int) -> None:
    assert nursery.run(lambda: None, str(code), count=2) == code
    assert 1 <= nursery.notes().count("start") <= 2


def test_a_hangup_reaches_all_of_them(nursery: Nursery) -> None:
    def script() -> None:
        nursery.until(lambda: nursery.notes().count("start") == 2)
        nursery.tell(signal.SIGHUP)
        nursery.until(lambda: nursery.notes().count("SIGHUP") == 2)
        nursery.tell(signal.SIGTERM)

    assert nursery.run(script, count=2) == 0


def test_one_that_fails_at_its_end_is_told(nursery: Nursery) -> None:
    def script() -> None:
        nursery.until(lambda: nursery.notes().count("start") == 1)
        nursery.tell(signal.SIGTERM)

    assert nursery.run(script, "fails", count=1) == 3


def test_one_that_is_ended_before_it_begins_is_no_failure(nursery: Nursery) -> None:
    def script() -> None:
        nursery.until(lambda: nursery.notes().count("start") == 2)
        nursery.tell(signal.SIGTERM)

    assert nursery.run(script, "unready", count=2) == 0


def test_one_that_does_not_end_is_killed(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervising, "STOP_SECONDS", 0.3)

    def script() -> None:
        nursery.until(lambda: nursery.notes().count("start") == 1)
        nursery.tell(signal.SIGTERM)

    assert nursery.run(script, "deaf", count=1) == supervising.FAILED


def test_children_end_with_a_parent_that_was_killed() -> None:
    child = (
        "import signal, sys, time\n"
        "from consumer.supervising import end_with_parent\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "end_with_parent()\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdin.close()
        assert process.wait(PATIENCE) == 7
