# SPDX-License-Identifier: AGPL-3.0-or-later
"""Letters to people: queued in the outbox with what they are about, gone once they are sent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import delete, func, or_, select, update

from issuer.adapters.mail import Mail
from issuer.catalogues import catalogue
from issuer.models import OutboxMessage
from issuer.services import outbox
from issuer.tongues import SOURCE
from issuer.words import spoken

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

EMAIL = "e-mail"
BATCH = 20
#: How long a letter belongs to whoever took it; a process that died meanwhile gives it back.
LEASE = timedelta(minutes=5)
#: Most letters hold a link that is no good afterwards.
KEPT = timedelta(days=1)
MAX_SUBJECT = 200


def queue(
    session: Session,
    to: str,
    subject: str,
    text: str,
    *,
    topic: str,
    stream: str,
    now: datetime,
    language: str | None = None,
) -> None:
    """Queue a letter in the language of its reader, or in English.

    It leaves after the commit, or never if there is none.
    """
    gettext = catalogue(language or SOURCE).gettext
    line = " ".join(spoken(subject, gettext).split())[:MAX_SUBJECT]
    letter = OutboxMessage(
        message_id=str(uuid4()),
        kind=EMAIL,
        topic=topic,
        body={"to": to, "subject": line, "text": spoken(text, gettext).rstrip() + "\n"},
        stream=stream,
        created_at=now,
    )
    session.add(letter)
    session.flush()


def take(session: Session, *, now: datetime) -> Sequence[OutboxMessage]:
    """Return letters that are due, for this caller alone until the lease is over.

    Letters that nobody took for a day are dropped.
    """
    session.execute(delete(OutboxMessage).where(_unsent(), OutboxMessage.created_at < now - KEPT))
    due = (
        select(OutboxMessage.id)
        .where(_unsent(), or_(OutboxMessage.due_at.is_(None), OutboxMessage.due_at <= now))
        .order_by(OutboxMessage.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(due).all()
    session.execute(
        update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(due_at=now + LEASE)
    )
    taken = select(OutboxMessage).where(OutboxMessage.id.in_(ids)).order_by(OutboxMessage.id)
    return session.scalars(taken, execution_options={"populate_existing": True}).all()


def opened(letter: OutboxMessage) -> Mail:
    """Return the letter as it is sent."""
    body = letter.body
    return Mail(
        to=body["to"], subject=body["subject"], text=body["text"], written_at=letter.created_at
    )


def finish(session: Session, letter: OutboxMessage) -> None:
    """Forget a letter that was sent or can never be: it holds an address and a link."""
    session.execute(delete(OutboxMessage).filter_by(id=letter.id))


def postpone(session: Session, letter: OutboxMessage, error: str, *, now: datetime) -> None:
    """Let a letter be tried again later, each time twice as late."""
    session.execute(
        update(OutboxMessage)
        .filter_by(id=letter.id)
        .values(
            attempts=OutboxMessage.attempts + 1,
            last_error=error[: outbox.MAX_ERROR],
            due_at=outbox.delay(letter, now),
        )
    )


def waiting(session: Session) -> int:
    """Return how many letters are not sent."""
    return session.scalar(select(func.count()).select_from(OutboxMessage).where(_unsent())) or 0


def drop(session: Session, stream: str) -> None:
    """Drop the letters to somebody that are not sent yet."""
    session.execute(delete(OutboxMessage).where(_unsent(), OutboxMessage.stream == stream))


def _unsent() -> ColumnElement[bool]:
    return (
        OutboxMessage.sent_at.is_(None)
        & OutboxMessage.refused_at.is_(None)
        & (OutboxMessage.kind == EMAIL)
    )
