# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages that can never be handled as they came: kept once, with the reason."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from sqlalchemy import update

from issuer.db import insert_once
from issuer.models import QuarantinedMessage

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

MAX_CONTENT = 1 << 20
MAX_TOPIC = 255
MAX_REASON = 1000


def put(
    session: Session,
    *,
    message_id: object,
    topic: str,
    content: object,
    reason: str,
    now: datetime,
) -> None:
    """Keep a message and why it was put aside; the same message again is only counted."""
    try:
        # Escaped: whatever letters the message holds, every database keeps this text.
        text = json.dumps(content, default=repr)
    except (TypeError, ValueError, RecursionError):
        text = "a body that cannot be written as JSON"
    name = _plain(message_id)[:MAX_TOPIC]
    fingerprint = hashlib.sha256(f"{name}\n{topic!a}\n{text}".encode()).hexdigest()
    values = {
        "fingerprint": fingerprint,
        "message_id": name,
        "topic": _plain(topic)[:MAX_TOPIC],
        "content": text[:MAX_CONTENT],
        "reason": _plain(reason)[:MAX_REASON],
        "times": 1,
        "received_at": now,
    }
    if not insert_once(session, QuarantinedMessage, values, unique=("fingerprint",)):
        session.execute(
            update(QuarantinedMessage)
            .where(QuarantinedMessage.fingerprint == fingerprint)
            .values(times=QuarantinedMessage.times + 1)
        )


def _plain(text: object) -> str:
    """Return a text that every database keeps: ASCII, other letters escaped, no NUL."""
    return str(text).encode("ascii", "backslashreplace").decode().replace("\0", "\\x00")
