# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an error of the database, or of the accounts, means for the message in hand."""

from __future__ import annotations

import sqlite3
from enum import Enum

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from issuer.errors import AccountsAwayError, DatabaseAwayError, HistoryAwayError


class Trouble(Enum):
    """What to do with the message."""

    AWAY = "away"  # what it takes cannot work now: wait, whatever the message
    CONFLICT = "conflict"  # somebody else was quicker: the same once more will do
    LASTING = "lasting"  # it is the message: the same would happen each time


#: Classes and codes of PostgreSQL (its manual, appendix A) that tell of the server and not of
#: what was asked: connection, resources, operator, system, read-only stand-by; tables of another
#: version while somebody upgrades, or rights that are missing.
AWAY_CLASSES = frozenset({"08", "53", "57", "58", "F0"})
AWAY_CODES = frozenset({"25006", "42P01", "42703", "42501", "3D000", "28000", "28P01"})
#: Told to stop the statement, which took too long: it would take as long again.
CANCELED = "57014"
CONFLICT_CLASS = "40"  # serialisation failure, deadlock
LOCK_NOT_AVAILABLE = "55P03"
#: The codes of SQLite for a statement that it cannot run, and for one that is too large.
SQLITE_ERROR, SQLITE_TOO_BIG = 1, 18


def trouble_of(error: BaseException) -> Trouble:
    """Return what an error means: only what is certainly not the message's is worth a wait.

    So is a history outside that cannot be asked: without its answer nothing may be awarded.
    """
    if isinstance(
        error, (PoolTimeoutError, AccountsAwayError, DatabaseAwayError, HistoryAwayError)
    ):
        return Trouble.AWAY
    if not isinstance(error, DBAPIError):
        return Trouble.LASTING
    if error.connection_invalidated:
        return Trouble.AWAY
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    state = getattr(cause, "sqlstate", None)
    if state is None:
        # The driver itself: it could not connect, or the connection ended under it.
        return Trouble.AWAY if isinstance(error, OperationalError) else Trouble.LASTING
    return _of_state(state)


def _of_state(state: str) -> Trouble:
    if state == CANCELED:
        return Trouble.LASTING
    if state[:2] == CONFLICT_CLASS or state == LOCK_NOT_AVAILABLE:
        return Trouble.CONFLICT
    if state[:2] in AWAY_CLASSES or state in AWAY_CODES:
        return Trouble.AWAY
    return Trouble.LASTING


def _of_sqlite(cause: sqlite3.Error) -> Trouble:
    if not isinstance(cause, sqlite3.OperationalError):
        return Trouble.LASTING
    code = getattr(cause, "sqlite_errorcode", None)
    if code == SQLITE_TOO_BIG:
        return Trouble.LASTING
    if code == SQLITE_ERROR and not str(cause).startswith(("no such table", "no such column")):
        return Trouble.LASTING
    return Trouble.AWAY
