# SPDX-License-Identifier: AGPL-3.0-or-later
"""The database: one engine a process, sessions for edges, types that every table shares."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from psycopg import Error as DriverError
from psycopg.errors import QueryCanceled
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
    text,
)
from sqlalchemy import Text as TextColumn
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from issuer.words import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine, Table
    from sqlalchemy.pool import ConnectionPoolEntry

#: Names for all constraints, so that migrations can drop them on any database.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: 64 bits on servers; SQLite numbers rows by itself only in a plain INTEGER key.
BigInt = BigInteger().with_variant(Integer(), "sqlite")

#: Indexable JSON on PostgreSQL. Never used for documents that leave us: JSONB reorders members.
Json = JSON().with_variant(JSONB(), "postgresql")

SQLITE_BUSY_SECONDS = 30
#: How many steps SQLite does before it asks whether it may go on.
SQLITE_STEPS = 10_000
CONNECT_SECONDS = 5
#: A connection that lay idle for longer may have been cut.
IDLE_SECONDS = 5.0


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its zone, kept in UTC; SQLite stores no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone: it would mean another moment on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Spoken(TypeDecorator[str]):
    """A text that can still be translated when it is read, or words of somebody else."""

    impl = TextColumn
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return it as it is kept."""
        return None if value is None else packed(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return it as it was."""
        return None if value is None else unpacked(value)


class Base(DeclarativeBase):
    """The root of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012 (SQLAlchemy's own form)


#: Where a session keeps what its commit leaves to others; see `leave`.
LEFT = "accolades_left"


def leave(session: Session, task: str) -> None:
    """Note that there is something to do for others once the session commits."""
    session.info.setdefault(LEFT, set()).add(task)


class Database:
    """One engine and its sessions. Edges open a session, services use it, edges commit."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _create_engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        #: Told what a commit left to others, by the thread that committed; it must not fail.
        self.on_left: Callable[[set[str]], object] | None = None
        event.listen(self._sessions, "after_commit", self._tell)

    def session(self) -> Session:
        """Return a new session; whoever asks for it closes it."""
        return self._sessions()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session whose work is thrown away at the end."""
        with self._sessions() as session:
            yield session
            session.rollback()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that commits at the end, or rolls back when an error leaves the block."""
        with self._sessions() as session:
            session.connection(execution_options={"writing": True})
            yield session
            session.commit()

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _tell(self, session: Session) -> None:
        if session.in_nested_transaction():
            return  # the end of a savepoint: nobody else sees anything yet
        tasks = session.info.pop(LEFT, None)
        if tasks and self.on_left is not None:
            self.on_left(tasks)


def _create_engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        # The URL may say otherwise; by itself the driver waits for more than two minutes.
        patience = {} if "connect_timeout" in url else {"connect_timeout": CONNECT_SECONDS}
        engine = create_engine(url, json_serializer=_dump_json, connect_args=patience)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _ping_when_idle)
        return engine
    engine = create_engine(
        url, json_serializer=_dump_json, connect_args={"timeout": SQLITE_BUSY_SECONDS}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used"] = time.monotonic()


def _ping_when_idle(connection: Any, record: ConnectionPoolEntry, _fairy: object) -> None:
    """Ask a connection that was not used for a while whether it still lives.

    One that was used just now is not asked: that would be another round trip for each message.
    """
    if time.monotonic() - record.info.get("used", math.inf) < IDLE_SECONDS:
        return
    try:
        connection.execute("")
        connection.rollback()
    except DriverError as error:
        raise DisconnectionError from error  # the pool opens another


def _dump_json(value: Any) -> str:
    # Text search looks at the stored text: the same letters on every database.
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction control breaks savepoints; we send BEGIN ourselves.
    connection.isolation_level = None
    # Its own one knows the case of A to Z only: nobody would find "Ärger" by its name.
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    if cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        # The switch does not wait for a lock as other statements do. Whoever holds it now makes
        # the same switch or already did: the mode belongs to the file, not to the connection.
        with suppress(sqlite3.OperationalError):
            cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


def _lower(value: Any) -> Any:
    """Return a text without capital letters, of any script, as PostgreSQL does it."""
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns writer fails at once when another wrote meanwhile, however long the
    # busy timeout; a writer therefore takes the lock at its beginning.
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


class OverlongError(Exception):
    """A statement took longer than whoever asks may wait."""


@contextmanager
def hurried(session: Session, seconds: float) -> Iterator[None]:
    """Raise `OverlongError` where the block's statements take longer; the session is done then."""
    driver: Any = session.connection().connection.driver_connection
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    end = time.monotonic() + seconds
    if on_sqlite:
        driver.set_progress_handler(lambda: time.monotonic() > end, SQLITE_STEPS)
    else:
        session.execute(text(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"))
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, QueryCanceled) or str(error.orig) == "interrupted":
            raise OverlongError from error
        raise
    finally:
        if on_sqlite:
            driver.set_progress_handler(None, 0)


def insert_new(
    session: Session, table: type[Base], *, unique: tuple[str, ...] = ()
) -> postgresql.Insert | sqlite.Insert:
    """Return the insertion of rows that leaves out those whose ``unique`` columns stand already."""
    return inserting(session, table).on_conflict_do_nothing(index_elements=unique)


def inserting(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Return an insertion that can be told what to do about a row that stands already."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(cast("Table", table.__table__))


def insert_once(
    session: Session, table: type[Base], values: dict[str, Any], *, unique: tuple[str, ...]
) -> bool:
    """Insert a row unless one with the same ``unique`` columns stands; tell whether it was.

    The constraint decides, on both databases and whoever else writes at the same moment.
    """
    rows = cast("Table", table.__table__)
    statement = insert_new(session, table, unique=unique).values(values)
    # What comes back tells whether a row was made; the count of rows is not known on each driver.
    return session.execute(statement.returning(*rows.primary_key.columns)).first() is not None
