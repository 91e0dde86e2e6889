# SPDX-License-Identifier: AGPL-3.0-or-later
"""What we announce: written in the transaction that it is about, sent afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from issuer.models import OutboxMessage
from issuer.services import postgres

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

AWARD_TOPIC = "badges.badge.award"
REVOKE_TOPIC = "badges.badge.revoke"
FIRST_LOGIN_TOPIC = "badges.person.login.first"
RANK_TOPIC = "badges.person.rank.advance"

#: What fedora-messaging carries; other kinds have senders of their own.
MESSAGE = "message"
BATCH = 100
PRUNED = 500  # rows that are looked at together: few enough for any statement
MAX_ERROR = 500
LONGEST_DELAY = 3600  # seconds until a delayed message is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What became of an attempt to send one message; neither sent nor refused: tried again."""

    id: int
    at: datetime
    error: str | None = None  # None: it was sent
    is_refused: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, since when, and how much can never be sent."""

    waiting: int
    oldest: datetime | None
    refused: int


def announce(
    session: Session, topic: str, body: dict[str, Any], *, stream: str, now: datetime
) -> OutboxMessage:
    """Queue a message for the bus; messages of one ``stream`` leave in the order of their rows."""
    message = OutboxMessage(
        message_id=str(uuid4()), topic=topic, body=body, stream=stream, created_at=now
    )
    session.add(message)
    return message


def queue_all(
    session: Session, announcements: Iterable[tuple[str, dict[str, Any], str]], *, now: datetime
) -> None:
    """Queue messages in their order, each with its topic, body and stream."""
    rows = [
        {"message_id": str(uuid4()), "topic": topic, "body": body, "stream": stream}
        for topic, body, stream in announcements
    ]
    if postgres.is_used(session):
        postgres.run(session, postgres.QUEUE, rows=postgres.text(rows), now=now)
    else:
        session.execute(insert(OutboxMessage), [{**row, "created_at": now} for row in rows])


def next_batch(session: Session, *, now: datetime, limit: int = BATCH) -> Sequence[OutboxMessage]:
    """Return what is to be sent next, in order.

    Only the first of a stream can be claimed, and whoever holds it holds the stream: another
    sender passes over it until this transaction ends. SQLite knows no such claim; there the
    caller sees to it that there is one sender.
    """
    earlier = aliased(OutboxMessage)
    first = (
        select(OutboxMessage.stream)
        .where(
            _waits(OutboxMessage),
            or_(OutboxMessage.due_at.is_(None), OutboxMessage.due_at <= now),
            ~exists().where(
                earlier.stream == OutboxMessage.stream,
                earlier.id < OutboxMessage.id,
                _waits(earlier),
            ),
        )
        .order_by(OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = session.scalars(first).all()
    if not claimed:
        return []
    whole = (
        select(OutboxMessage)
        .where(_waits(OutboxMessage), OutboxMessage.stream.in_(claimed))
        .order_by(OutboxMessage.id)
        .limit(limit)
    )
    return session.scalars(whole).all()


def delay(message: OutboxMessage, now: datetime) -> datetime:
    """Return when a message is tried again that the broker did not take: twice as late each time.

    What stands behind it in its stream waits with it.
    """
    return now + timedelta(seconds=min(2 ** min(message.attempts, 20), LONGEST_DELAY))


def mark(session: Session, marks: Iterable[Mark]) -> None:
    """Note what became of attempts."""
    for each in marks:
        was_sent = each.error is None
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == each.id)
            .values(
                attempts=OutboxMessage.attempts + 1,
                last_error=None if was_sent else _plain(str(each.error)),
                due_at=each.due_at,
                sent_at=each.at if was_sent else None,
                refused_at=each.at if each.is_refused else None,
            )
        )


def prune(session: Session, *, before: datetime, after: int, limit: int = PRUNED) -> int | None:
    """Delete what was sent ``before`` a moment among the next rows ``after`` an id.

    Returns the last id that was looked at, None at the end of what can be old enough. What waits,
    was refused or is held by another sender stays.
    """
    rows = session.execute(
        select(OutboxMessage.id, OutboxMessage.sent_at)
        .where(OutboxMessage.id > after, OutboxMessage.created_at < before)
        .order_by(OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    old = [row.id for row in rows if row.sent_at is not None and row.sent_at < before]
    if old:
        session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(old)))
    last: int | None = rows[-1].id if len(rows) == limit else None
    return last


def backlog(session: Session) -> Backlog:
    """Return how much is not sent; the indexes hold nothing else."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(OutboxMessage.created_at)).where(_waits(OutboxMessage))
    ).one()
    refused = session.scalar(
        select(func.count())
        .select_from(OutboxMessage)
        .where(OutboxMessage.refused_at.is_not(None), OutboxMessage.kind == MESSAGE)
    )
    return Backlog(waiting, oldest, refused or 0)


def unsent(session: Session, *, refused_only: bool, limit: int) -> Sequence[OutboxMessage]:
    """Return what is not sent, the oldest first."""
    refused = OutboxMessage.refused_at.is_not(None)
    wanted = refused if refused_only else or_(refused, _waits(OutboxMessage))
    statement = select(OutboxMessage).where(wanted, OutboxMessage.kind == MESSAGE)
    return session.scalars(statement.order_by(OutboxMessage.id).limit(limit)).all()


def retry(session: Session, ids: Sequence[int] | None = None) -> list[int]:
    """Let refused or delayed messages be tried again at once (None: all of them)."""
    held = or_(OutboxMessage.refused_at.is_not(None), OutboxMessage.due_at.is_not(None))
    wanted = and_(OutboxMessage.sent_at.is_(None), OutboxMessage.kind == MESSAGE, held)
    if ids is not None:
        # No row has a number that a database does not know.
        wanted = and_(wanted, OutboxMessage.id.in_([each for each in ids if 0 < each < 1 << 63]))
    statement = update(OutboxMessage).where(wanted).values(refused_at=None, due_at=None)
    return sorted(session.scalars(statement.returning(OutboxMessage.id)))


def _waits(table: type[OutboxMessage]) -> ColumnElement[bool]:
    return and_(table.sent_at.is_(None), table.refused_at.is_(None), table.kind == MESSAGE)


def _plain(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode().replace("\0", "\\x00")[:MAX_ERROR]
