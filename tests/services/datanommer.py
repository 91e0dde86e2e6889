# SPDX-License-Identifier: AGPL-3.0-or-later
"""The real models of datanommer, which make and fill the database that ours only reads.

They want another driver and other versions than ours: they run in a process of their own, from a
folder of their own. Without TimescaleDB a function of that name does nothing: the tables are plain.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from tests.services.run import locked
from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PACKAGES = ("datanommer.models==1.5.0", "psycopg2-binary==2.9.13")
SCRIPT = CHECKOUT / "tests" / "services" / "datanommer_models.py"
INSTALL_SECONDS, FILL_SECONDS = 300, 60


class DatanommerError(Exception):
    """The models could not be installed or used; the text says what was printed."""


def prepare(cache: Path = CHECKOUT / ".cache") -> Path:
    """Install the models unless they are there; return their folder; raises `DatanommerError`."""
    home = cache / "datanommer"
    stamp = home / "ready"
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "datanommer.lock"):
        if not stamp.exists() or stamp.read_text() != " ".join(PACKAGES):
            shutil.rmtree(home, ignore_errors=True)
            # Their other needs are ours, or are never imported.
            _run(
                [sys.executable, "-m", "pip", "install", "--no-deps", "--target", home, *PACKAGES],
                INSTALL_SECONDS,
            )
            stamp.write_text(" ".join(PACKAGES))
    return home


def fill(home: Path, url: str, messages: Iterable[dict[str, Any]]) -> None:
    """Make the tables unless they are there, and keep messages as datanommer does.

    A message has id, topic, timestamp (ISO 8601), body, agent_name, usernames and packages.
    """
    driver = make_url(url).set(drivername="postgresql+psycopg2")
    _run(
        [sys.executable, "-P", SCRIPT, driver.render_as_string(hide_password=False)],
        FILL_SECONDS,
        "\n".join(map(json.dumps, messages)),
        {"PYTHONPATH": str(home)},
    )


def _run(
    command: list[Any], seconds: float, said: str = "", more: dict[str, str] | None = None
) -> None:
    done = subprocess.run(
        command,
        input=said,
        env={**os.environ, **(more or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        raise DatanommerError((done.stdout + done.stderr)[-2000:])
