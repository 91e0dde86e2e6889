# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows on which one process at a time works: taken for a while, and taken again if it died.

Whoever takes a row counts up its attempts. That number is the proof that a row is still theirs:
once another took it over, nothing that they note is kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select, update

from issuer.models import Backfill, Export

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Row = TypeVar("Row", Export, Backfill)

#: How long a row belongs to whoever took it and says nothing more.
LEASE = timedelta(minutes=2)
#: It is tried so often, and left alone for so long in between.
MAX_ATTEMPTS, PAUSE = 3, timedelta(minutes=5)


def take(session: Session, table: type[Row], *, now: datetime) -> Row | None:
    """Return a row that is due, for this caller alone until the lease is over.

    One that killed everybody who took it has more than `MAX_ATTEMPTS` now, and is to be given up.
    """
    statement = (
        select(table)
        .where(table.due_at <= now)
        .order_by(table.due_at, table.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.scalars(statement).one_or_none()
    if row is not None:
        row.attempts += 1
        row.done, row.due_at = 0, now + LEASE
        session.flush()
    return row


def change(session: Session, table: type[Row], number: int, attempt: int, **values: object) -> bool:
    """Change a row as long as nobody else took it over; tell whether that was done."""
    mine = (table.id == number, table.attempts == attempt, table.due_at.is_not(None))
    changed = update(table).where(*mine).values(**values).returning(table.id)
    return session.scalars(changed).one_or_none() is not None
