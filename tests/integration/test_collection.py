# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole collection we ship goes into a site, on each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.models import Badge
from issuer.paths import bundled_badges
from issuer.services import setup
from tests import prepared
from tests.issuing import NOW, make_site

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.xdist_group("collection")
def test_the_bundled_collection_has_no_problem(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared.reuse(monkeypatch)  # each picture is drawn for one of the two
    site = make_site(tmp_path, database_url)
    loaded = setup.load_collections(site.settings)
    assert loaded.problems == ()
    stores = setup.Stores(site.keys, site.objects)
    with site.database.writing() as session:
        report = setup.sync_rules(session, loaded, site.settings, stores, now=NOW)
        assert report.problems == []
        badges_alone = len(list(bundled_badges().glob("*.yml")))
        assert len(report.added) == len(loaded.rules) + badges_alone >= 30
        assert session.scalar(select(func.count()).select_from(Badge)) == len(report.added)
        again = setup.sync_rules(session, loaded, site.settings, stores, now=NOW)
        assert (again.added, again.changed, again.problems) == ([], [], [])
        assert set(again.unchanged) == set(report.added)
    site.database.dispose()
