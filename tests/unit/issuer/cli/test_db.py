# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.db import Base

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]


def test_tables_are_made_once(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOLADES_HOME", str(tmp_path / "new" / "home"))
    for _ in range(2):
        outcome = call("db", "upgrade")
        assert (outcome.code, outcome.err) == (0, "")
    assert call("db", "check").out == "the tables are those of this version\n"


def test_a_table_that_is_not_ours_is_told(call: Call, site: Site) -> None:
    with site.database.writing() as session:
        session.connection().exec_driver_sql("CREATE TABLE stray (id INTEGER PRIMARY KEY)")
        session.connection().exec_driver_sql("DROP TABLE bounties")
    outcome = call("db", "check")
    assert (outcome.code, outcome.err) == (1, "")
    assert "stray" in outcome.out
    assert "bounties" in outcome.out


def test_every_table_is_counted(call: Call, site: Site) -> None:
    (counts,) = call("db", "stats", "--json").lines
    assert counts.keys() == Base.metadata.tables.keys()
    assert (counts["awards"], counts["badges"], counts["messages"]) == (1, 1, 0)
    lines = call("db", "stats").out.splitlines()
    assert [line.split() for line in lines] == [[str(n), name] for name, n in counts.items()]


def test_tables_of_a_later_version_are_not_used(call: Call, site: Site) -> None:
    with site.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    outcome = call("badges", "list")
    assert outcome.code == 2
    assert "9999" in outcome.error


def test_tables_of_a_later_version_are_not_upgraded(call: Call, site: Site) -> None:
    with site.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    outcome = call("db", "upgrade")
    assert outcome.code == 2
    assert "9999" in outcome.error
