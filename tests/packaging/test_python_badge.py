# SPDX-License-Identifier: AGPL-3.0-or-later
"""The example package of the how-to is installed and its badges are awarded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "python-badge"
TELL = """
import json
from datetime import UTC, datetime
from sqlalchemy import select
from issuer.config import load_settings
from issuer.intake import Intake, policy_of
from issuer.models import Award
from issuer.site import Site

site = Site.of(load_settings())
intake = Intake(site, policy_of(site.settings))
now = datetime.now(UTC)
intake.record("book.read", user="asha", now=now, books=9)
intake.record("book.read", user="asha", now=now, books=100)
for name in ("one", "two"):
    intake.record("review.published", user="ben", now=now, event_id=name, text="word " * 1000)
intake.record("review.published", user="ben", now=now, text="short")
with site.database.reading() as session:
    found = [(award.badge.slug, award.person.username) for award in session.scalars(select(Award))]
print(json.dumps(sorted(found)))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which the example is installed and a site is made."""
    folder = tmp_path_factory.mktemp("plugin")
    source = shutil.copytree(EXAMPLE, folder / "source")
    arguments = ["--no-deps", "--no-build-isolation", "--target", str(folder / "installed")]
    command = [sys.executable, "-m", "pip", "install", "--quiet", *arguments, str(source)]
    subprocess.run(command, check=True, capture_output=True)
    values = {name: value for name, value in os.environ.items() if not name.startswith("ACCOLADES")}
    values |= {
        "PYTHONPATH": str(folder / "installed"),
        "ACCOLADES_HOME": str(folder / "home"),
        "ACCOLADES_BUNDLED_RULES": "false",
    }
    for command in (["db", "upgrade"], ["rules", "sync"]):
        _accolades(command, values)
    return values


def test_its_badges_are_known_to_the_site(environment: dict[str, str]) -> None:
    lines = _accolades(["badges", "list", "--json"], environment).splitlines()
    listed = [json.loads(line) for line in lines]
    assert {"bookworm-1", "bookworm-2", "reviewer"} <= {badge["slug"] for badge in listed}


def test_its_badges_are_awarded_at_once_and_later(environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", TELL]
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert json.loads(run.stdout) == [
        ["bookworm-2", "asha"],
        ["reviewer", "ben"],
        ["reviewer", "ben"],
    ]


def _accolades(arguments: list[str], environment: dict[str, str]) -> str:
    program = str(Path(sys.executable).with_name("accolades"))
    run = subprocess.run(
        [program, *arguments], check=False, capture_output=True, text=True, env=environment
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
