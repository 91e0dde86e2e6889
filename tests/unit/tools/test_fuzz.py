# SPDX-License-Identifier: AGPL-3.0-or-later
"""The script behind `make fuzz`, with a Python that only pretends to install and to fuzz."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = """\
#!/bin/sh
case "$*" in
--version) echo Python 3.11.7 ;;
*install*) echo "$*" >>installed; {install} ;;
*tests.fuzz*) echo "$*" >>fuzzed; echo "stat::number_of_executed_units: 1234"; {fuzz} ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout with nothing but the script, its lock and two targets."""
    for name in ("tools/fuzz.sh", "tools/fuzz.lock", "tests/fuzz/fuzz_png.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    (tmp_path / "tests" / "fuzz" / "fuzz_svg.py").touch()
    return tmp_path


def fuzz(
    checkout: Path, *arguments: str, install: str = "exit 0", fuzz: str = "exit 0"
) -> subprocess.CompletedProcess[str]:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(PYTHON.format(install=install, fuzz=fuzz))
    python.chmod(0o755)
    return subprocess.run(
        [checkout / "tools" / "fuzz.sh", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_every_target_is_fuzzed_for_its_time(checkout: Path) -> None:
    done = fuzz(checkout, "7")
    assert (done.returncode, done.stderr) == (0, "")
    found = "1234 inputs, nothing found"
    assert done.stdout.splitlines() == [f"png: {found}", f"svg: {found}"]
    assert "-max_total_time=7 " in (checkout / "fuzzed").read_text()


def test_one_target_can_be_chosen_and_nothing_is_installed_twice(checkout: Path) -> None:
    assert fuzz(checkout, "7", "svg").stdout.startswith("svg: ")
    fuzz(checkout, "7", "svg")
    assert len((checkout / "installed").read_text().splitlines()) == 1
    assert "--require-hashes" in (checkout / "installed").read_text()


def test_what_is_found_fails_and_says_where_it_is(checkout: Path) -> None:
    done = fuzz(checkout, "7", fuzz="echo IndexError: of theirs; exit 77")
    assert done.returncode == 1
    assert "IndexError: of theirs" in done.stderr
    assert "png: FAILED, see .cache/fuzz/png.log" in done.stderr
    assert "svg: FAILED" in done.stderr


def test_a_machine_without_a_wheel_is_told_so_in_one_line(checkout: Path) -> None:
    missing = "echo ERROR: No matching distribution found for atheris; exit 1"
    done = fuzz(checkout, "7", install=missing)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith("fuzz: there is no wheel of atheris for Python 3.11.7")
    assert not (checkout / "fuzzed").exists()


def test_an_installation_that_fails_is_no_success(checkout: Path) -> None:
    done = fuzz(checkout, "7", install="echo the disk is full; exit 1")
    assert done.returncode == 2
    assert "the disk is full" in done.stderr
