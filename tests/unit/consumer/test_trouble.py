# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import sqlite3
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from consumer.trouble import Trouble, trouble_of

AWAY = [
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.ConnectionException,
    errors.TooManyConnections,
    errors.DiskFull,
    errors.OutOfMemory,
    errors.ReadOnlySqlTransaction,
    errors.UndefinedTable,
    errors.InsufficientPrivilege,
    errors.InvalidPassword,
    psycopg.OperationalError,  # without a code: the driver could not connect
]
CONFLICT = [errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable]
LASTING = [
    errors.StatementTooComplex,
    errors.ProgramLimitExceeded,
    errors.QueryCanceled,
    errors.InvalidTextRepresentation,
    errors.UntranslatableCharacter,
    errors.NumericValueOutOfRange,
    errors.UndefinedFunction,
]


def wrapped(cause: Exception, kind: type[Any] = OperationalError, **more: Any) -> Exception:
    made: Exception = kind("INSERT", {}, cause, **more)
    return made


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *((kind, Trouble.AWAY) for kind in AWAY),
        *((kind, Trouble.CONFLICT) for kind in CONFLICT),
        *((kind, Trouble.LASTING) for kind in LASTING),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else value.value,
)
def test_the_code_of_postgresql_decides(kind: type[Exception], expected: Trouble) -> None:
    assert trouble_of(wrapped(kind("told"))) is expected


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (sqlite3.SQLITE_BUSY, "database is locked", Trouble.AWAY),
        (sqlite3.SQLITE_FULL, "database or disk is full", Trouble.AWAY),
        (sqlite3.SQLITE_CANTOPEN, "unable to open database file", Trouble.AWAY),
        (sqlite3.SQLITE_READONLY, "attempt to write a readonly database", Trouble.AWAY),
        (sqlite3.SQLITE_ERROR, "no such table: outbox", Trouble.AWAY),
        (sqlite3.SQLITE_ERROR, "parser stack overflow", Trouble.LASTING),
        (sqlite3.SQLITE_TOOBIG, "string or blob too big", Trouble.LASTING),
    ],
)
def test_the_code_of_sqlite_decides(code: int, text: str, expected: Trouble) -> None:
    cause = sqlite3.OperationalError(text)
    cause.sqlite_errorcode = code
    assert trouble_of(wrapped(cause)) is expected


def test_a_connection_that_ended_is_worth_a_wait_whatever_the_error() -> None:
    error = wrapped(psycopg.InterfaceError("x"), ProgrammingError, connection_invalidated=True)
    assert trouble_of(error) is Trouble.AWAY


def test_a_pool_without_a_free_connection_is_worth_a_wait() -> None:
    assert trouble_of(PoolTimeoutError("limit of size 5 reached")) is Trouble.AWAY


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        wrapped(psycopg.DataError("no"), DataError),
        wrapped(sqlite3.DataError("no"), DataError),
    ],
    ids=["other", "postgresql-data", "sqlite-data"],
)
def test_what_is_not_the_databases_own_lasts(error: Exception) -> None:
    assert trouble_of(error) is Trouble.LASTING
