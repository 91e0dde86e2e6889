# SPDX-License-Identifier: AGPL-3.0-or-later
"""What operators see and mend: what is not sent, what was put aside, and how jobs fare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, or_, select, update

from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import JobRun, OutboxMessage, QuarantinedMessage
from issuer.services import audits, outbox, quarantine
from issuer.services.badges import UNSEEN

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

MAX_REASON = 500
JOBS = 50
#: In which states of the outbox rows are asked for.
STATES = ("", "waiting", "delayed", "refused")


def unsent(state: str = "", query: str = "") -> Select[OutboxMessage]:
    """Return the statement for what is not sent: messages and letters, in no order."""
    refused = OutboxMessage.refused_at.is_not(None)
    delayed = OutboxMessage.due_at.is_not(None)
    # Two conditions that are those of partial indexes, and no look at what was sent.
    waits = OutboxMessage.sent_at.is_(None) & OutboxMessage.refused_at.is_(None)
    wanted = {
        "waiting": waits & ~delayed,
        "delayed": waits & delayed,
        "refused": refused,
    }.get(state, or_(waits, refused))
    statement = select(OutboxMessage).where(wanted)
    if query:
        named = (OutboxMessage.topic, OutboxMessage.stream, OutboxMessage.last_error)
        statement = statement.where(
            or_(*(column.icontains(query, autoescape=True) for column in named))
        )
    return statement


def retry(session: Session, actor: Actor, number: int, *, now: datetime) -> None:
    """Let a refused or delayed message or letter be tried again at once.

    Raises `ConflictError` for one that is neither.
    """
    message = _unsent(session, number)
    if message.kind == outbox.MESSAGE:
        changed = bool(outbox.retry(session, [message.id]))
    else:
        changed = message.due_at is not None
        again = update(OutboxMessage).where(OutboxMessage.id == message.id)
        session.execute(again.values(due_at=None, refused_at=None))
    if not changed:
        raise ConflictError("message %(message)s: is not refused or delayed", message=number)
    audits.record(session, actor, "outbox.retry", "outbox", number, now=now, after=_told(message))


def drop(session: Session, actor: Actor, number: int, reason: str, *, now: datetime) -> None:
    """Delete what is not sent, for good; the reason stays in the audit log."""
    message = _unsent(session, number)
    after = {**_told(message), "reason": _reason(reason)}
    # Whoever sends it at this moment may be quicker: then it is sent, and stays.
    unsent_yet = OutboxMessage.sent_at.is_(None)
    gone = delete(OutboxMessage).where(OutboxMessage.id == number, unsent_yet)
    if session.execute(gone.returning(OutboxMessage.id)).first() is None:
        raise ConflictError("message %(message)s: was sent just now", message=number)
    audits.record(session, actor, "outbox.drop", "outbox", number, now=now, after=after)


def put_aside(*, with_resolved: bool = False, query: str = "") -> Select[QuarantinedMessage]:
    """Return the statement for messages in quarantine, in no order."""
    statement = select(QuarantinedMessage)
    if not with_resolved:
        statement = statement.where(QuarantinedMessage.resolved_at.is_(None))
    if query:
        named = (QuarantinedMessage.topic, QuarantinedMessage.reason, QuarantinedMessage.message_id)
        statement = statement.where(
            or_(*(column.icontains(query, autoescape=True) for column in named))
        )
    return statement


def give_up(session: Session, actor: Actor, number: int, reason: str, *, now: datetime) -> None:
    """Give a message in quarantine up: what it said is forgotten, that it was there is kept."""
    message = quarantine.find(session, number)
    reason = _reason(reason)
    if message.resolved_at is not None:
        raise ConflictError(
            "quarantined message %(message)s: %(resolution)s before",
            message=number,
            resolution=message.resolution,
        )
    after = {"topic": message.topic, "message_id": message.message_id, "reason": reason}
    quarantine.drop(message, now=now, reason=reason)
    audits.record(session, actor, "quarantine.drop", "quarantine", number, now=now, after=after)


def note_retry(
    session: Session, actor: Actor, number: int, *, awards: int, error: str | None, now: datetime
) -> None:
    """Note that somebody tried a message of the quarantine again."""
    after = {"error": error} if error else {"awards": awards}
    audits.record(session, actor, "quarantine.retry", "quarantine", number, now=now, after=after)


def runs(name: str = "") -> Select[JobRun]:
    """Return the statement for the runs of jobs, or of one, in no order."""
    statement = select(JobRun)
    return statement.where(JobRun.name == name) if name else statement


def last_runs(session: Session) -> list[JobRun]:
    """Return the last run of each job, by the names of the jobs."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.name)
    statement = select(JobRun).where(JobRun.id.in_(newest)).order_by(JobRun.name).limit(JOBS)
    return list(session.scalars(statement))


def _unsent(session: Session, number: int) -> OutboxMessage:
    found = session.get(OutboxMessage, number) if 0 < number < 1 << 63 else None
    if found is None or found.sent_at is not None:
        raise NotFoundError("message %(message)s: does not wait to be sent", message=number)
    return found


def _told(message: OutboxMessage) -> dict[str, object]:
    """Return what a log may say: the body of a letter holds an address."""
    return {"kind": message.kind, "topic": message.topic, "message_id": message.message_id}


def _reason(text: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > MAX_REASON or UNSEEN.search(text):
        raise InvalidInputError(
            "reason: needs 1 to %(limit)s characters that can be seen", limit=MAX_REASON
        )
    return text
