# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, event, inspect, select, text

from issuer.db import Base, Database
from issuer.errors import DatabaseNotReadyError
from issuer.models import InvitationUse, Tag
from issuer.services import invitations, schema
from tests.issuing import make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    made = Database(empty_database_url)
    yield made
    made.dispose()


def test_migrations_and_models_agree(database: Database) -> None:
    schema.upgrade(database)
    assert schema.differences(database) == []
    assert set(Base.metadata.tables) < set(inspect(database.engine).get_table_names())


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_site_for_a_test_is_what_migrations_make_and_nobody_wrote_to_it(
    tmp_path: Path, database_url: str, turn: str
) -> None:
    """Sites for tests are copies: of what was migrated, and of nothing that a test did since."""
    database = make_site(tmp_path, database_url).database
    schema.ensure_current(database)
    assert schema.differences(database) == []
    with database.writing() as session:
        assert session.scalars(select(Tag.name)).all() == []
        session.add(Tag(name=turn))
    database.dispose()


def test_a_column_that_no_migration_made_is_noticed(database: Database) -> None:
    schema.upgrade(database)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE badges ADD COLUMN surplus TEXT"))
    assert any("surplus" in difference for difference in schema.differences(database))


def test_down_leaves_nothing_and_up_again_makes_the_same(database: Database) -> None:
    schema.upgrade(database)
    schema.downgrade(database, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    schema.upgrade(database)
    assert schema.differences(database) == []


def test_tables_of_no_version_are_refused_with_the_command_to_run(database: Database) -> None:
    with pytest.raises(DatabaseNotReadyError, match="accolades db upgrade"):
        schema.ensure_current(database)
    schema.upgrade(database)
    schema.ensure_current(database)


def test_an_upgrade_is_one_transaction(database: Database) -> None:
    ended: list[str] = []
    for name in ("commit", "rollback"):
        event.listen(database.engine, name, lambda _, name=name: ended.append(name))
    schema.upgrade(database)
    assert ended.count("commit") == 1, ended


def test_four_processes_that_upgrade_at_once_all_succeed(empty_database_url: str) -> None:
    code = (
        "import sys; from issuer.db import Database; from issuer.services import schema; "
        "schema.upgrade(Database(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, empty_database_url]
    upgrades = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    errors = [upgrade.communicate(timeout=120)[1].decode() for upgrade in upgrades]
    assert [upgrade.returncode for upgrade in upgrades] == [0] * 4, errors


def test_a_database_that_is_away_is_named_as_the_reason() -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(DatabaseNotReadyError, match="cannot be reached"):
        schema.ensure_current(away)


def test_constraints_of_the_migrations_are_named() -> None:
    """A constraint without a name cannot be dropped by a later migration."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"


def test_invitations_of_before_are_found_by_their_hash_and_keep_their_uses(
    database: Database,
) -> None:
    """On SQLite a table that is made anew would take with it what refers to it."""
    schema.upgrade(database, "0007")
    rows = (
        "INSERT INTO issuers (id, slug, name, url, email, description, base_url, sentinels,"
        " created_at) VALUES (1, 'i', 'I', 'u', 'e', 'd', 'b', '[]', :now)",
        "INSERT INTO badges (id, slug, legacy_id, name, description, criteria_text, alignments,"
        " version, points, repeatable, claimable, issuer_id, created_at, updated_at) VALUES"
        " (1, 'b', 'b', 'B', 'd', '', '[]', 1, 1, false, false, 1, :now, :now)",
        "INSERT INTO persons (id, username, key, display_name, website, bio, pinned, opted_out,"
        " created_at) VALUES (1, 'asha', 'asha', '', '', '', '[]', false, :now)",
        "INSERT INTO awards (id, uuid, badge_id, person_id, occurrence, issued_at, evidence,"
        " narrative, source, created_at) VALUES (1, '0123456789abcdef0123456789abcdef', 1, 1, '',"
        " :now, '[]', '', 'invitation', :now)",
        "INSERT INTO invitations (id, token, badge_id, note, uses, created_at)"
        " VALUES (1, 'old', 1, '', 1, :now)",
        "INSERT INTO invitation_uses (invitation_id, person_id, award_id, used_at)"
        " VALUES (1, 1, 1, :now)",
    )
    with database.engine.connect().execution_options(writing=True) as connection:
        for row in rows:
            connection.execute(text(row), {"now": "2026-03-01 12:00:00+00:00"})
        connection.commit()
    schema.upgrade(database)
    with database.reading() as session:
        found = invitations.find(session, "old")
        assert (found.uses, found.batch) == (1, "")
        assert session.scalars(select(InvitationUse.person_id)).all() == [1]
    schema.downgrade(database, "0007")
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM invitation_uses")) == 1
