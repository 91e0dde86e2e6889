# SPDX-License-Identifier: AGPL-3.0-or-later
"""What we announce: written in the transaction that it is about, sent afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from issuer.models import OutboxMessage

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

AWARD_TOPIC = "badges.badge.award"
REVOKE_TOPIC = "badges.badge.revoke"
FIRST_LOGIN_TOPIC = "badges.person.login.first"


def announce(
    session: Session, topic: str, body: dict[str, Any], *, stream: str, now: datetime
) -> OutboxMessage:
    """Queue a message for the bus; messages of one ``stream`` leave in the order of their rows."""
    message = OutboxMessage(
        message_id=str(uuid4()), topic=topic, body=body, stream=stream, created_at=now
    )
    session.add(message)
    return message
