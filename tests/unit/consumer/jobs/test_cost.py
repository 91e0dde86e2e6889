# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a run over many accounts asks of the database; the benchmark asks the same of more."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.bench_jobs import WANTED, Crowd, measure, prepared_site

if TYPE_CHECKING:
    from pathlib import Path

CROWD = Crowd(accounts=6000, due=60)


@pytest.mark.slow
def test_many_accounts_cost_few_statements(tmp_path: Path, database_url: str) -> None:
    site = prepared_site(tmp_path, database_url)
    first, second = measure(site, CROWD), measure(site, CROWD)
    assert (first.ended.tally.awarded, second.ended.tally.awarded) == (CROWD.due, 0)
    allowed = CROWD.accounts // WANTED
    # SQLite writes each award with statements of its own.
    writing = 0 if database_url.startswith("postgresql") else 12 * CROWD.due
    assert first.statements <= allowed + writing
    assert second.statements <= allowed
    site.database.dispose()


@pytest.mark.slow
def test_memory_does_not_hold_all_accounts(tmp_path: Path) -> None:
    site = prepared_site(tmp_path, f"sqlite:///{tmp_path / 'test.db'}")
    measure(site, Crowd(accounts=2000, due=5))
    tracemalloc.start()
    measure(site, Crowd(accounts=15000, due=5))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 700_000, "the names alone would be more"
    site.database.dispose()
