# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes very many rows: by COPY on PostgreSQL, by prepared statements on SQLite."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint, Uuid, func, select, text
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from issuer.services import postgres

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

#: Rows that go at once.
CHUNK = 20_000


@contextmanager
def bare(session: Session, *tables: Table) -> Iterator[None]:
    """Do without the indexes of tables and their checks in the block, and make them at its end.

    All at once they cost a tenth of what each row would. Key columns stay; SQLite keeps more.
    """
    connection = session.connection()
    on_postgres = postgres.is_used(session)
    indexes = [index for table in tables for index in table.indexes]
    checks = [
        check
        for table in tables
        for check in sorted(table.constraints, key=lambda check: str(check.name))
        if on_postgres and isinstance(check, (ForeignKeyConstraint, UniqueConstraint))
    ]
    for index in indexes:
        connection.execute(DropIndex(index))
    for check in reversed(checks):
        connection.execute(DropConstraint(check))
    yield
    for check in checks:
        connection.execute(AddConstraint(check))
    for index in indexes:
        connection.execute(CreateIndex(index))


class BulkTable:
    """A table that takes rows of texts and numbers, with their keys, without asking for conflicts.

    Ids are texts of 36 letters and moments as `moment` writes them, whatever the database.
    """

    def __init__(self, session: Session, table: Table, columns: Sequence[str]) -> None:
        self._session = session
        self._table = table
        self._uuids = [
            place for place, name in enumerate(columns) if isinstance(table.c[name].type, Uuid)
        ]
        self.on_postgres = postgres.is_used(session)
        names = ", ".join(columns)
        if self.on_postgres:
            self._statement = f"COPY {table.name} ({names}) FROM STDIN"
        else:
            marks = ", ".join("?" * len(columns))
            self._statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 (names of our own)

    def next_id(self) -> int:
        """Return a number above all keys of the table."""
        return 1 + (self._session.scalar(select(func.max(self._table.c.id))) or 0)

    def write(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows; no value is missing."""
        connection = self._session.connection()
        if not self.on_postgres:
            connection.exec_driver_sql(self._statement, [self._plain(row) for row in rows])
            return
        lines = "\n".join("\t".join(map(str, row)).replace("\\", "\\\\") for row in rows)
        driver = connection.connection.driver_connection
        with driver.cursor().copy(self._statement) as copy:  # type: ignore[union-attr]  # psycopg's own
            copy.write(f"{lines}\n" if lines else "")

    def close(self) -> None:
        """Let the keys go on behind those that were written."""
        if self.on_postgres:
            name = self._table.name
            self._session.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"  # noqa: S608 (as above)
                )
            )

    def _plain(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Write ids as this database keeps them: without hyphens."""
        values = list(row)
        for place in self._uuids:
            values[place] = values[place].replace("-", "")
        return tuple(values)


def moment(value: datetime, *, on_postgres: bool) -> str:
    """Return a moment in UTC as a table takes it."""
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" + ("+00" if on_postgres else "")
