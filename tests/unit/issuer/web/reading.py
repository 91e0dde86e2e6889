# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much of a database a page reads: rows as PostgreSQL counts, steps of SQLite's machine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from issuer.services import comparing, profiles, trophies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest
    from sqlalchemy import Engine

#: What takes rows from a table or an index; a bitmap is counted where its rows are fetched.
SCANS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"}
DROPPED = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
#: Statements that are made once, with the lengths of parts in them.
MADE_ONCE = (
    trophies._looked_at_for_tag,
    trophies._by_tag,
    trophies._by_series,
    comparing._compare_many,
    profiles._highlights,
)


@contextmanager
def small_parts(monkeypatch: pytest.MonkeyPatch, awards: int, badges: int) -> Iterator[None]:
    """Let a few badges be many: parts look at so many awards of a person, badges of the site."""
    for module in (trophies, profiles, comparing):
        monkeypatch.setattr(module, "LOOKED_AT", awards)
    monkeypatch.setattr(comparing, "COMPARED", badges)
    for statement in MADE_ONCE:
        statement.cache_clear()
    yield
    for statement in MADE_ONCE:
        statement.cache_clear()


def work_of(engine: Engine, ask: Callable[[], object]) -> int:
    """Return how much is read for what ``ask`` asks: rows on PostgreSQL, steps on SQLite."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith(("SELECT", "WITH")) and "FROM settings" not in statement:
            seen.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert seen
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            return _steps(connection, seen)
        plans = [
            connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
            for statement, values in seen
        ]
        return sum(rows for plan in plans for rows in _rows(plan.scalar_one()[0]["Plan"]))


def _steps(connection: Any, seen: list[tuple[str, Any]]) -> int:
    steps, driver = 0, connection.connection.driver_connection

    def count() -> None:
        nonlocal steps
        steps += 1

    driver.set_progress_handler(count, 10)
    try:
        for statement, values in seen:
            connection.exec_driver_sql(statement, values).all()
    finally:
        driver.set_progress_handler(None, 0)
    return steps


def _rows(node: dict[str, Any]) -> Iterator[int]:
    if node["Node Type"] in SCANS:
        found = node["Actual Rows"] + sum(node.get(name, 0) for name in DROPPED)
        yield found * node["Actual Loops"]
    for inner in node.get("Plans", ()):
        yield from _rows(inner)
