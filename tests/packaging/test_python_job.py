# SPDX-License-Identifier: AGPL-3.0-or-later
"""The example package of the how-to is installed, and its job runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.issuer.cli.conftest import RULE

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "python-job"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which the example is installed and a site has its badge."""
    folder = tmp_path_factory.mktemp("job")
    source = shutil.copytree(EXAMPLE, folder / "source")
    arguments = ["--no-deps", "--no-build-isolation", "--target", str(folder / "installed")]
    command = [sys.executable, "-m", "pip", "install", "--quiet", *arguments, str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "rules").mkdir()
    rule = RULE.replace("First Steps", "Duty").replace("red.svg", "https://example.org/duty.svg")
    (folder / "rules" / "duty.yml").write_text(rule)
    (folder / "roster.csv").write_text("2026-03-01,asha\nnobody\n2026-03-02,ben\n")
    values = {name: value for name, value in os.environ.items() if not name.startswith("ACCOLADES")}
    paths = [str(folder / "installed"), values.get("PYTHONPATH", "")]
    values |= {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "ACCOLADES_HOME": str(folder / "home"),
        "ACCOLADES_BUNDLED_RULES": "false",
        "ACCOLADES_RULES": str(folder / "rules"),
        "DUTY_ROSTER": str(folder / "roster.csv"),
    }
    for command in (["db", "upgrade"], ["rules", "sync"]):
        assert _accolades(command, values).returncode == 0
    return values


def test_the_job_has_about_twenty_lines() -> None:
    text = (EXAMPLE / "duty_roster.py").read_text()
    assert len(text.partition("class ")[2].splitlines()) <= 20


def test_the_job_is_listed_and_awards(environment: dict[str, str]) -> None:
    listed = _accolades(["jobs", "list"], environment)
    assert "duty-roster  (never)  A badge for everybody who was on duty." in listed.stdout
    ran = _accolades(["jobs", "run", "duty-roster", "--json"], environment)
    answer = json.loads(ran.stdout)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert answer["awards"] == [["duty", "asha"], ["duty", "ben"]]
    assert answer["lines"][0].startswith("line ['nobody']: ValueError: ")
    again = _accolades(["jobs", "run", "duty-roster"], environment)
    assert again.stdout == "duty-roster: 3 looked at, 0 awarded, 2 have it already, 1 errors\n"


def _accolades(
    arguments: list[str], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("accolades"))
    return subprocess.run(
        [program, *arguments], check=False, capture_output=True, text=True, env=environment
    )
