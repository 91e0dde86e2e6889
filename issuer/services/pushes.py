# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges on their way to backpacks: each award once for each backpack, whoever dies meanwhile.

Here is what is to be sent and to be taken back; how it is tried is in `attempts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, or_, select, update

from issuer.adapters.backpacks.results import Kind, Reason
from issuer.db import insert_new, leave
from issuer.models import Award, BackpackConnection, Push, PushState
from issuer.services.backpacks import UNFINISHED
from issuer.services.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

REMOVING = (Kind.BADGR,)
THERE = (PushState.SENT, PushState.ALREADY_THERE)


def queue(
    session: Session, connection: BackpackConnection, award_ids: Collection[int], *, now: datetime
) -> int:
    """Queue awards of the owner for a backpack; return how many were not queued before."""
    own = select(Award.id).where(
        Award.id.in_(award_ids),
        Award.person_id == connection.person_id,
        Award.revoked_at.is_(None),
    )
    numbers = session.scalars(own.order_by(Award.issued_at, Award.id)).all()
    due = now if connection.tokens is not None else None
    rows = [_row(connection.id, number, now, due) for number in numbers]
    if not rows:
        return 0
    leave(session, Task.PUSH)
    statement = insert_new(session, Push, unique=("connection_id", "award_id")).values(rows)
    return len(session.scalars(statement.returning(Push.id)).all())


def follow(session: Session, made: Collection[UUID], *, now: datetime) -> None:
    """Queue new awards for the backpacks to which new badges go by themselves."""
    if not made:
        return
    pairs = session.execute(
        select(BackpackConnection.id, Award.id, BackpackConnection.tokens.is_not(None))
        .join(Award, Award.person_id == BackpackConnection.person_id)
        .where(BackpackConnection.automatic, Award.uuid.in_(made))
        .order_by(Award.id)
    ).all()
    if pairs:
        leave(session, Task.PUSH)
        rows = [
            _row(number, award, now, now if is_open else None) for number, award, is_open in pairs
        ]
        session.execute(
            insert_new(session, Push, unique=("connection_id", "award_id")).values(rows)
        )


def retry(session: Session, connection: BackpackConnection, *, now: datetime) -> int:
    """Let what was refused be tried once more, and what waits be tried at once."""
    state = or_(Push.state == PushState.REFUSED, Push.state.in_(UNFINISHED))
    statement = (
        update(Push)
        .where(Push.connection_id == connection.id, state)
        .values(
            state=case((Push.state == PushState.WITHDRAWING, Push.state), else_=PushState.WAITING),
            attempts=0,
            reason=None,
            answer=None,
            finished_at=None,
            next_attempt_at=now if connection.tokens is not None else None,
        )
    )
    if connection.not_before is not None and connection.failures:
        connection.not_before = None
    connection.failures = 0
    leave(session, Task.PUSH)
    return len(session.scalars(statement.returning(Push.id)).all())


def take_back(session: Session, award: Award, *, now: datetime) -> None:
    """Let backpacks forget an award that was revoked, where they can be asked to."""
    can = Push.connection_id.in_(
        select(BackpackConnection.id).where(BackpackConnection.protocol.in_(REMOVING))
    )
    # Of one that may have arrived nobody knows yet what there is to take back.
    given_up = (PushState.WAITING, PushState.REFUSED)
    on_its_way = and_(Push.state.in_(given_up), Push.unsure)
    mine = Push.award_id == award.id
    values = {"attempts": 0, "reason": Reason.TAKEN_BACK, "answer": None}
    withdrawing = (
        update(Push)
        .where(mine, or_(on_its_way, and_(Push.state.in_(THERE), can)))
        .values(state=PushState.WITHDRAWING, next_attempt_at=now, finished_at=None, **values)
    )
    if session.scalars(withdrawing.returning(Push.id)).all():
        leave(session, Task.PUSH)
    session.execute(
        update(Push)
        .where(mine, Push.state == PushState.WAITING, ~Push.unsure)
        .values(state=PushState.WITHDRAWN, next_attempt_at=None, finished_at=now, **values)
    )
    session.execute(update(Push).where(mine, Push.state.in_(THERE)).values(**values))


def next_due(session: Session) -> datetime | None:
    """Return when the next push is to be tried, if any is."""
    statement = select(func.min(Push.next_attempt_at)).where(Push.state.in_(UNFINISHED))
    found: datetime | None = session.scalar(statement)
    return found


def waiting(session: Session) -> int:
    """Return how many badges are on their way, but for those whose owner has to sign in first."""
    found = select(func.count()).select_from(Push).where(Push.state.in_(UNFINISHED))
    return session.scalars(found.where(Push.next_attempt_at.is_not(None))).one()


def _row(
    connection_id: int, award_id: int, now: datetime, due: datetime | None
) -> dict[str, object]:
    return {
        "connection_id": connection_id,
        "award_id": award_id,
        "state": PushState.WAITING,
        "attempts": 0,
        "unsure": False,
        "created_at": now,
        "next_attempt_at": due,
    }
