# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages that can never be handled as they came: kept once, with the reason."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from issuer.db import insert_once
from issuer.errors import NotFoundError
from issuer.models import QuarantinedMessage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

MAX_CONTENT = 12 << 20
#: What is kept of a content that is larger than that.
MAX_BEGIN = 1 << 16
MAX_TOPIC = 255
MAX_REASON = 1000
DROPPED = "dropped"


def put(
    session: Session,
    *,
    message_id: object,
    topic: str,
    content: object,
    reason: str,
    now: datetime,
) -> None:
    """Keep a message and why it was put aside; the same message again is only counted.

    One that was resolved before is open again: whatever was done did not help.
    """
    try:
        # Escaped: whatever letters the message holds, every database keeps this text.
        text = json.dumps(content, default=repr)
    except (TypeError, ValueError, RecursionError):
        text = json.dumps("a body that cannot be written as JSON")
    name = _plain(message_id)[:MAX_TOPIC]
    fingerprint = hashlib.sha256(f"{name}\n{topic!a}\n{text}".encode()).hexdigest()
    if len(text) > MAX_CONTENT:
        text = json.dumps({"size": len(text), "begin": text[:MAX_BEGIN]})
    reason = _plain(reason)[:MAX_REASON]
    values = {
        "fingerprint": fingerprint,
        "message_id": name,
        "topic": _plain(topic)[:MAX_TOPIC],
        "content": text,
        "reason": reason,
        "times": 1,
        "received_at": now,
    }
    if not insert_once(session, QuarantinedMessage, values, unique=("fingerprint",)):
        again = {"content": text, "reason": reason, "resolved_at": None, "resolution": None}
        session.execute(
            update(QuarantinedMessage)
            .where(QuarantinedMessage.fingerprint == fingerprint)
            .values(times=QuarantinedMessage.times + 1, **again)
        )


def kept(
    session: Session, *, with_resolved: bool = False, after: int = 0, limit: int
) -> Sequence[QuarantinedMessage]:
    """Return messages that were put aside, the oldest first, those after the row ``after``."""
    statement = select(QuarantinedMessage).where(QuarantinedMessage.id > after)
    if not with_resolved:
        statement = statement.where(QuarantinedMessage.resolved_at.is_(None))
    return session.scalars(statement.order_by(QuarantinedMessage.id).limit(limit)).all()


def find(session: Session, number: int) -> QuarantinedMessage:
    """Return one message; raise `NotFoundError`."""
    # No database counts that far, and none may be asked for it.
    found = session.get(QuarantinedMessage, number) if 0 < number < 1 << 63 else None
    if found is None:
        raise NotFoundError("quarantined message %(message)s: there is none", message=number)
    return found


def resolve(message: QuarantinedMessage, resolution: str, *, now: datetime) -> None:
    """Note what became of a message; it is no longer listed among those that wait."""
    message.resolved_at, message.resolution = now, _plain(resolution)[:MAX_REASON]


def drop(message: QuarantinedMessage, *, now: datetime, reason: str = "") -> None:
    """Give a message up: that it was there is kept, what it said is forgotten."""
    resolve(message, f"{DROPPED}: {reason}" if reason else DROPPED, now=now)
    message.content = "null"


def note_failure(message: QuarantinedMessage, reason: str) -> None:
    """Note why a message cannot be handled even now."""
    message.reason = _plain(reason)[:MAX_REASON]


def _plain(text: object) -> str:
    """Return a text that every database keeps: ASCII, other letters escaped, no NUL."""
    return str(text).encode("ascii", "backslashreplace").decode().replace("\0", "\\x00")
