# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ACCOLADES = str(Path(sys.executable).with_name("accolades"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACCOLADES_HOME", str(tmp_path))
    monkeypatch.delenv("ACCOLADES_DATABASE_URL", raising=False)
    subprocess.run([ACCOLADES, "db", "upgrade"], check=True, capture_output=True)
    return tmp_path


@pytest.mark.usefixtures("home")
def test_once_does_what_is_due_and_stops() -> None:
    command = [ACCOLADES, "worker", "--once"]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "0 decided\n", "")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_it_works_until_it_is_told_to_stop(number: signal.Signals) -> None:
    command = [ACCOLADES, "--debug", "worker"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        while "waiting for work" not in (line := run.stderr.readline()):
            assert line
        run.send_signal(number)
        out, _ = run.communicate(timeout=30)
    assert (run.returncode, out) == (0, "0 decided\n")


def test_a_site_without_tables_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOLADES_HOME", str(tmp_path))
    command = [ACCOLADES, "worker", "--once"]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2
    assert "db upgrade" in run.stderr
