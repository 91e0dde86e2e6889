# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done about backpacks that are away, break, or do not let us in any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, update

from issuer.adapters.backpacks.results import Reason
from issuer.models import BackpackConnection, Push, PushState
from issuer.services.attempts import delay, end, locked, short, stay
from issuer.services.backpacks import LOGIN, UNFINISHED

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.services.attempts import Work

#: A badge on which a backpack breaks so often is refused.
MAX_ATTEMPTS = 8
#: A backpack that is away for so many looks in a row, three days, is given up.
MAX_FAILURES = 20


def postpone(session: Session, work: Work, error: str, *, now: datetime) -> None:
    """Let a push be tried later on which a backpack broke; at last it is refused."""
    push = locked(session, work.push_id)
    if push is None:
        return
    if push.attempts < MAX_ATTEMPTS:
        push.next_attempt_at = now + delay(push.attempts)
        push.reason, push.answer = Reason.BROKEN, short(error)
    elif push.state == PushState.WITHDRAWING:
        stay(push, error, now)
    else:
        end(push, PushState.REFUSED, Reason.BROKEN, error, now)
        push.unsure = True  # for whoever tries it again


def put_off(
    session: Session,
    connection_id: int,
    error: str,
    *,
    now: datetime,
    seconds: float | None = None,
    work: Work | None = None,
    is_unsure: bool = False,
) -> None:
    """Leave a backpack alone for a while that is away or asks for it; at last it is given up."""
    connection = session.get(BackpackConnection, connection_id, with_for_update=True)
    if connection is None:
        return
    connection.failures += 1
    connection.last_error = short(error)
    wait = timedelta(seconds=seconds) if seconds else delay(connection.failures)
    connection.not_before = until = now + wait
    if work is not None and (push := locked(session, work.push_id)) is not None:
        push.attempts = max(push.attempts - 1, 0)  # it was not the badge
        push.unsure = is_unsure or work.again
    session.flush()
    waiting = update(Push).where(Push.connection_id == connection_id, Push.state.in_(UNFINISHED))
    if connection.failures >= MAX_FAILURES:
        connection.failures, connection.not_before = 0, None
        values = {"answer": short(error), "next_attempt_at": None, "finished_at": now}
        is_withdrawing = Push.state == PushState.WITHDRAWING
        session.execute(
            waiting.where(is_withdrawing).values(
                state=PushState.SENT, reason=Reason.TAKEN_BACK, **values
            )
        )
        session.execute(waiting.values(state=PushState.REFUSED, reason=Reason.AWAY, **values))
    else:
        session.execute(
            waiting.where(
                or_(Push.next_attempt_at < until, Push.id == (work.push_id if work else 0))
            ).values(next_attempt_at=until)
        )


def give_back(session: Session, work: Work, *, now: datetime) -> None:
    """Let a push be tried at once again that was not looked at."""
    push = locked(session, work.push_id)
    if push is not None:
        push.unsure, push.attempts = work.again, max(push.attempts - 1, 0)
        push.next_attempt_at = now


def shut(session: Session, connection_id: int, sealed: str | None) -> None:
    """Wait for the owner of a backpack to sign in there once more.

    Nothing is done where the tokens that are no good, ``sealed``, were exchanged meanwhile.
    """
    closed = session.scalars(
        update(BackpackConnection)
        .where(
            BackpackConnection.id == connection_id,
            BackpackConnection.tokens.is_not_distinct_from(sealed),
        )
        .values(tokens=None, last_error=LOGIN, failures=0, not_before=None)
        .returning(BackpackConnection.id)
    ).all()
    if not closed:
        return
    session.execute(
        update(Push)
        .where(Push.connection_id == connection_id, Push.state.in_(UNFINISHED))
        .values(next_attempt_at=None)
    )
