# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a process holds the lock of a job: asked without standing in the way of anybody."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

#: Our class of advisory locks for jobs, so that no other lock is meant.
LOCK_CLASS = 0x41434A
HELD = (
    "WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
    "AND classid::bigint = :class AND objid = (hashtext(:name)::bigint & 4294967295)::oid "
    "AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def file_of(home: Path, name: str) -> Path:
    """Return the file on which the lock of a job is where the database is SQLite."""
    return home / "jobs" / f"{name}.lock"


def is_held(session: Session, home: Path, name: str) -> bool:
    """Whether a process holds the lock of a job now."""
    if session.get_bind().dialect.name == "postgresql":
        asked = text(f"SELECT EXISTS (SELECT FROM pg_locks {HELD})")  # noqa: S608 -- a constant
        return bool(session.scalar(asked, {"class": LOCK_CLASS, "name": name}))
    try:
        with file_of(home, name).open() as file:
            # Shared, and let go at once: whoever wants it meanwhile tries again.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False  # nobody ever ran it here
    except OSError:
        return True  # or it cannot be asked by this process
    return False
