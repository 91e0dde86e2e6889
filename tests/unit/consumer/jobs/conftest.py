# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site with badges for jobs, and a directory of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from urllib3.util.retry import Retry

from issuer.adapters import patience
from tests.services.fasjson import fasjson
from tests.services.pages import pages
from tests.unit.consumer.jobs.community import Community

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.fasjson import FasJsonSimulator
    from tests.services.pages import Pages


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again without a pause."""
    monkeypatch.setattr(patience, "BACK_OFF", 0.0)
    monkeypatch.setattr(Retry, "sleep", lambda *_: None)


@pytest.fixture
def directory() -> Iterator[FasJsonSimulator]:
    """Return a directory of accounts."""
    with fasjson() as simulator:
        yield simulator


@pytest.fixture
def web() -> Iterator[Pages]:
    """Return a server of another site."""
    with pages() as simulator:
        yield simulator


@pytest.fixture
def community(tmp_path: Path, database_url: str) -> Iterator[Community]:
    """Return a site on each database."""
    made = Community(tmp_path, database_url)
    yield made
    made.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Community]:
    """Return a site on SQLite, for what has nothing to do with the database."""
    made = Community(tmp_path, f"sqlite:///{tmp_path / 'test.db'}")
    yield made
    made.close()
