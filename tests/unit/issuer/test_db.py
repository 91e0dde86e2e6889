# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from issuer import db
from issuer.db import Database, insert_once
from issuer.models import Person, Setting, Tag
from tests.issuing import NOW, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path, database_url: str) -> Iterator[Database]:
    made = make_site(tmp_path, database_url).database
    yield made
    made.dispose()


def keep(database: Database, value: Any, moment: datetime = NOW) -> Setting:
    """Write a setting and read it back."""
    with database.writing() as session:
        session.add(Setting(key="k", value=value, updated_at=moment))
    with database.reading() as session:
        found = session.scalars(select(Setting)).one()
        session.expunge(found)
        return found


def tags(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Tag.name).order_by(Tag.name)))


def test_a_moment_comes_back_in_utc(database: Database) -> None:
    moment = datetime(2026, 3, 1, 14, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=2)))
    kept = keep(database, {}, moment).updated_at
    assert kept == moment
    assert kept.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="needs a zone"):
        keep(database, {}, datetime(2026, 3, 1))  # noqa: DTZ001 (the point)


@pytest.mark.parametrize(
    "value", [{"a": [1, 2.5, None, True, "grün 🏅", {"b": {}}]}, {}, {"n": 10**30}, {"e": ""}]
)
def test_json_comes_back_as_it_was(database: Database, value: dict[str, Any]) -> None:
    assert keep(database, value).value == value


def test_text_in_json_is_kept_in_its_own_letters(database: Database) -> None:
    keep(database, {"text": "grün"})
    with database.reading() as session:
        stored = session.scalar(text("SELECT CAST(value AS TEXT) FROM settings"))
    assert "grün" in str(stored)


def test_nan_is_no_json(database: Database) -> None:
    with pytest.raises((StatementError, ValueError), match="JSON compliant"):
        keep(database, {"n": float("nan")})


def test_writing_commits_at_the_end(database: Database) -> None:
    with database.writing() as session:
        session.add(Tag(name="kept"))
    assert tags(database) == ["kept"]


def test_writing_undoes_all_when_an_error_leaves_it(database: Database) -> None:
    with pytest.raises(RuntimeError), database.writing() as session:
        session.add(Tag(name="gone"))
        session.flush()
        raise RuntimeError
    assert tags(database) == []


def test_reading_keeps_nothing(database: Database) -> None:
    with database.reading() as session:
        session.add(Tag(name="gone"))
        session.flush()
    assert tags(database) == []


def test_an_inner_error_leaves_the_outer_work(database: Database) -> None:
    with database.writing() as session:
        session.add(Tag(name="outer"))
        session.flush()
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(Tag(name="outer"))
            session.flush()
        session.add(Tag(name="after"))
    assert tags(database) == ["after", "outer"]


def test_a_row_is_inserted_once(database: Database) -> None:
    values = {"username": "Asha", "key": "asha", "created_at": NOW}
    with database.writing() as session:
        assert insert_once(session, Person, values, unique=("key",))
        assert not insert_once(session, Person, {**values, "username": "ASHA"}, unique=("key",))
        assert session.scalars(select(Person.username)).all() == ["Asha"]


def test_another_constraint_is_an_error(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        insert_once(session, Person, {"username": None, "key": "x"}, unique=("key",))


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(text("INSERT INTO badge_tags (badge_id, tag_id) VALUES (1, 1)"))


def test_of_eight_who_insert_at_once_one_does(database: Database) -> None:
    barrier = threading.Barrier(8)
    made: list[bool] = []

    def work() -> None:
        barrier.wait()
        with database.writing() as session:
            # A look before the write: what would turn a reader into a writer.
            session.scalar(select(func.count()).select_from(Tag))
            made.append(insert_once(session, Tag, {"name": "once"}, unique=("name",)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.writing() as writer:
        writer.add(Tag(name="not yet"))
        writer.flush()
        assert tags(database) == []
    assert tags(database) == ["not yet"]


def test_nothing_is_connected_before_it_is_needed() -> None:
    database = Database("sqlite:////nonexistent/folder/x.sqlite")
    with pytest.raises(DBAPIError, match="unable to open"), database.reading() as session:
        session.execute(text("SELECT 1"))
    database.dispose()


@pytest.mark.postgres
def test_a_connection_that_was_cut_while_it_lay_idle_is_replaced(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "IDLE_SECONDS", 0.0)
    database = make_site(tmp_path, postgres_url).database
    server = text("SELECT pg_backend_pid()")
    with database.reading() as session:
        first = session.scalar(server)
    with psycopg.connect(
        make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (first,))
    with database.reading() as session:
        assert session.scalar(server) != first
    database.dispose()


@pytest.mark.postgres
def test_a_connection_that_was_used_just_now_is_not_asked_first(
    tmp_path: Path, postgres_url: str
) -> None:
    database = make_site(tmp_path, postgres_url).database
    with database.reading() as session:
        raw = session.connection().connection.driver_connection
    with psycopg.connect(
        make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    ) as other:
        asked = "SELECT query FROM pg_stat_activity WHERE pid = %s"
        last = other.execute(asked, (raw.info.backend_pid,)).fetchone()
        with database.reading():
            pass
        assert other.execute(asked, (raw.info.backend_pid,)).fetchone() == last
    database.dispose()


@pytest.mark.parametrize(("kept", "asked"), [("\u00c4rger", "\u00e4RGER"), ("Ёлка", "ёЛКА")])
def test_what_is_looked_for_without_case_is_found_in_any_script(
    database: Database, kept: str, asked: str
) -> None:
    """predecessors 1.1: "Koji" finds 0, "koji" finds 14; SQLite knows the case of A to Z only."""
    with database.writing() as session:
        session.add(Tag(name=kept))
    with database.reading() as session:
        for found in (func.lower(Tag.name) == asked.lower(), Tag.name.icontains(asked[1:])):
            assert session.scalars(select(Tag.name).where(found)).all() == [kept]
