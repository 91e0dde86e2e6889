# SPDX-License-Identifier: AGPL-3.0-or-later
"""The targets that people and continuous integration type."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.shared import CHECKOUT

TARGETS = ["help", "setup", "demo", "test", "check", "conformance", "bench", "fuzz", "format"]
TARGETS += ["lock", "clean"]


def make(*arguments: str, **environment: str) -> str:
    """What make prints; nothing of an outer make or of the caller shows through."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["make", *arguments],
        cwd=CHECKOUT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


def test_the_default_target_lists_every_target() -> None:
    lines = make().splitlines()
    assert [line.split()[1] for line in lines] == TARGETS
    assert all(len(line.split(maxsplit=2)) == 3 for line in lines)


@pytest.mark.parametrize("target", [name for name in TARGETS if name not in {"help", "clean"}])
def test_every_target_sets_up_first(target: str) -> None:
    assert make("--dry-run", target).splitlines()[0].startswith("tools/setup.sh ")


@pytest.mark.parametrize(("given", "port"), [({}, "8000"), ({"PORT": "8123"}, "8123")])
def test_the_demo_takes_its_port_from_the_caller(given: dict[str, str], port: str) -> None:
    assert f'demo --port "{port}"' in make("--dry-run", "demo", **given)


def test_continuous_integration_runs_all_tests_and_nothing_less() -> None:
    script = (CHECKOUT / ".ci" / "run").read_text()
    assert script.splitlines()[-1] == "exec make test ARGS= </dev/null"
    command = make("--dry-run", "test").splitlines()[-1]
    assert command.strip() == ".venv/bin/python -m pytest -n 3 --dist loadgroup"


@pytest.mark.xdist_group("one worker")
def test_tests_of_a_group_stay_on_one_worker(request: pytest.FixtureRequest) -> None:
    """Else each worker starts a demo and builds a wheel of its own, and nobody notices."""
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("only under --dist loadgroup, as make test runs it, are there groups")
    assert request.node.nodeid.endswith("@one worker")
