# SPDX-License-Identifier: AGPL-3.0-or-later
"""Jobs as cron starts them: processes of their own, at the same moment, killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from issuer.services import runs
from tests.demo import PROGRAM
from tests.services.fasjson import fasjson
from tests.unit.consumer.jobs.community import Community

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.fasjson import FasJsonSimulator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PEOPLE, DUE, PATIENCE = 2100, 50, 60


@dataclass
class Scene:
    """A site, its directory of accounts, and the place where the directory lets runs wait."""

    community: Community
    directory: FasJsonSimulator
    page: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def wait(self, document: dict[str, Any]) -> None:
        """Let an answer wait if it is the page."""
        if document.get("page", {}).get("page_number") == self.page:
            self.reached.set()
            self.go_on.wait(PATIENCE)

    def start(self) -> subprocess.Popen[str]:
        """Start the job in a process of its own."""
        settings = {
            "HOME": str(self.community.base.settings.home),
            "DATABASE_URL": self.community.base.database.url,
            "ACCOUNTS": "fasjson",
            "FASJSON_URL": self.directory.url,
            "FASJSON_AUTH": "none",
            "LIFECYCLE_BADGES": "1=egg",
        }
        return subprocess.Popen(
            [PROGRAM, "jobs", "run", "lifecycle"],
            env={**os.environ, **{f"ACCOLADES_{name}": each for name, each in settings.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Iterator[Scene]:
    """A site on each database, and a directory of some thousand accounts, a few of them old."""
    community = Community(tmp_path, database_url)
    community.badges("egg")
    with fasjson() as directory:
        for number in range(PEOPLE):
            old = number % (PEOPLE // DUE) == 0
            created = datetime(2020 if old else 2999, 1, 1, tzinfo=UTC)
            directory.add(f"user{number:05}", creation=created.isoformat())
        made = Scene(community, directory)
        directory.changes = made.wait
        yield made
        made.go_on.set()
    community.close()


def test_of_two_that_start_at_once_one_runs_and_the_other_says_who(scene: Scene) -> None:
    scene.page = 2
    both = [scene.start(), scene.start()]
    assert scene.reached.wait(PATIENCE)
    second = _first_to_end(both)
    first = both[0] if second is both[1] else both[1]
    out, err = second.communicate()
    assert (second.returncode, out) == (2, "")
    assert f"job lifecycle: runs already: process {first.pid} on " in err
    assert len(err.splitlines()) == 1
    scene.go_on.set()
    out, err = first.communicate(timeout=PATIENCE)
    assert (first.returncode, err) == (0, "")
    assert out == f"lifecycle: {PEOPLE} looked at, {DUE} awarded\n"
    assert len(scene.community.awards()) == DUE


def test_what_was_killed_in_the_middle_is_completed_and_nothing_is_doubled(scene: Scene) -> None:
    scene.page = 5
    killed = scene.start()
    assert scene.reached.wait(PATIENCE)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    before = len(scene.community.awards())
    assert 0 < before < DUE
    scene.page = 0
    scene.go_on.set()
    scene.directory.asked.clear()
    again = scene.start()
    out, err = again.communicate(timeout=PATIENCE)
    assert (again.returncode, err) == (0, "")
    assert f"{DUE - before} awarded" in out
    assert scene.directory.asked_for("page_number=1&") == 0
    assert scene.directory.asked_for("page_number=3") == 0
    given = Counter(scene.community.awards())
    assert (len(given), max(given.values())) == (DUE, 1)
    with scene.community.base.database.reading() as session:
        states = [runs.state(run) for run in runs.listed(session, "lifecycle")]
        assert states == ["done", "interrupted"]


def _first_to_end(processes: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    ended: list[subprocess.Popen[str]] = []
    news = threading.Event()

    def watch(process: subprocess.Popen[str]) -> None:
        process.wait()
        ended.append(process)
        news.set()

    for process in processes:
        threading.Thread(target=watch, args=(process,), daemon=True).start()
    assert news.wait(PATIENCE)
    return ended[0]
