# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site on each database, and a session in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.issuing import make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.site import Site


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    """Return an empty site; on SQLite and on PostgreSQL."""
    made = make_site(tmp_path, database_url)
    yield made
    made.database.dispose()


@pytest.fixture
def session(site: Site) -> Iterator[Session]:
    """Return a session whose work is committed at the end, so that constraints have their say."""
    with site.database.writing() as opened:
        yield opened
