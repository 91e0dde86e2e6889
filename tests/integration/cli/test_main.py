# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for every command in a process of its own: streams, encodings, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.demo import PROGRAM
from tests.unit.issuer.cli.conftest import Outcome, program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.site import Site


@pytest.mark.parametrize(
    "arguments", [["badges", "show"], ["award", "first-steps"]], ids=lambda words: words[0]
)
def test_a_name_in_another_encoding_is_told(site: Site, arguments: list[str]) -> None:
    outcome = program(*arguments, b"caf\xe9")
    assert outcome.code == 2
    assert outcome.error


@pytest.mark.parametrize(
    "command",
    [["badges", "list"], ["badges", "list", "--json"], ["db", "stats"], ["--help"]],
    ids=" ".join,
)
def test_a_reader_that_leaves_is_no_error_to_talk_about(site: Site, command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    finished = subprocess.run(
        [PROGRAM, *command], stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writing)
    assert (finished.returncode, finished.stderr) == (1, b"")


def test_a_full_disk_is_told(site: Site) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 (a device)
        finished = subprocess.run(
            [PROGRAM, "badges", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert finished.returncode == 2
    assert finished.stderr == b"accolades: system: No space left on device\n"


def _without(stream: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command with a standard stream that is closed, as some supervisors start them."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" "$@" {stream}&-', PROGRAM, *arguments],
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_it_works_without_standard_output(site: Site) -> None:
    finished = _without(">", "badges", "list")
    assert (finished.returncode, finished.stderr) == (0, b"")


@pytest.mark.parametrize("command", ["replay", "verify"])
def test_a_closed_standard_input_is_told(site: Site, command: str) -> None:
    finished = _without("<", command, "-")
    assert finished.returncode == 2
    assert b"defect" not in finished.stderr


def test_it_works_without_standard_error(site: Site) -> None:
    assert _without("2>", "badges", "show", "none").returncode == 2


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
        pytest.param({"PYTHONIOENCODING": "latin-1"}),
    ],
    ids=str,
)
def test_any_locale_will_do(
    call: Callable[..., Outcome], rules: Path, site: Site, environment: dict[str, str]
) -> None:
    assert call("rules", "sync", rules).code == 0
    for command in (["badges", "show", "first-steps"], ["badges", "show", "first-steps", "--json"]):
        outcome = program(*command, environment=environment)
        assert (outcome.code, outcome.err) == (0, "")


def test_debug_logs_to_standard_error(site: Site) -> None:
    outcome = program("--debug", "badges", "list", "--json")
    assert outcome.code == 0
    assert len(Outcome(0, outcome.out, "").lines) == 1
    failed = program("--debug", "badges", "show", "none")
    assert failed.code == 2
    assert "Traceback" in failed.err
    assert failed.err.splitlines()[-1].startswith("accolades: badge 'none'")


def test_a_command_pays_for_itself_alone(site: Site) -> None:
    """And the consumer and the command line run where no login library is installed."""
    code = (
        "import sys; from consumer.main import create_app, ALL_COMMANDS; import issuer.cli;"
        "group = issuer.cli.make_group(create_app, ALL_COMMANDS);"
        "group.get_command(None, 'badges');"
        "others = {'flask_oidc', 'issuer.app', 'fpdf', 'twisted', 'issuer.cli.demo'};"
        "print(others & set(sys.modules))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert finished.stdout == "set()\n"
