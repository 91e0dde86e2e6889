# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether somebody may promise so many more awards under their grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.errors import ConflictError
from issuer.services import grants
from issuer.words import Text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Badge
    from issuer.services.permissions import Actor


def require(
    session: Session, actor: Actor, badge: Badge, number: int | None, *, now: datetime
) -> None:
    """Raise `ConflictError` unless that many more awards may be given; None: without an end.

    The grants stay locked, so that nobody promises twice.
    """
    room = grants.left(session, actor, badge, now=now, lock=True)
    if room is not None and (number is None or number > room):
        wanted = Text("any number") if number is None else str(number)
        raise ConflictError(
            "badge %(badge)r: your grant leaves %(room)s more awards, not %(wanted)s",
            badge=badge.slug,
            room=room,
            wanted=wanted,
        )
