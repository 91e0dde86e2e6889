# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lets all that names one row name another instead, whatever tables there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint, delete, exists, update

from issuer.db import Base

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Column, Table
    from sqlalchemy.orm import Session


def follow(
    session: Session, target: str, former: int, present: int, *, without: Collection[str] = ()
) -> None:
    """Let every row that names the row ``former`` of a table name ``present``.

    Where that would be a second row of a kind of which there is one, the former one is dropped.
    ``without`` are columns like ``awards.person_id`` that somebody else sees to.
    """
    for table, column in _naming(target):
        if f"{table.name}.{column.name}" in without:
            continue
        for others in _unique_with(table, column):
            session.execute(_drop_doubles(table, column, others, former, present))
        session.execute(update(table).where(column == former).values({column.name: present}))


def _naming(target: str) -> Iterator[tuple[Table, Column[Any]]]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table.name == target for key in column.foreign_keys):
                yield table, column


def _unique_with(table: Table, column: Column[Any]) -> Iterator[list[Column[Any]]]:
    """Yield the other columns with which a column makes a row the only one."""
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint):
            columns = list(constraint.columns)
            if column in columns:
                yield [each for each in columns if each is not column]


def _drop_doubles(
    table: Table, column: Column[Any], others: list[Column[Any]], former: int, present: int
) -> Any:
    twin = table.alias()
    same = [twin.c[each.name] == each for each in others]
    return delete(table).where(
        column == former, exists().where(twin.c[column.name] == present, *same)
    )
