# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a badge is handed in: noted as begun, and how it ended noted after the backpack answered.

One that was begun and never ended is taken again once its lease is over, and the backpack tells
whether it has the badge already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from issuer.adapters.backpacks.results import Delivery, Kind, Outcome, Reason
from issuer.errors import NotFoundError
from issuer.models import Assertion, Award, BackpackConnection, Person, Push, PushState
from issuer.services import credentials, minting
from issuer.services.backpacks import MAX_ERROR, UNFINISHED
from issuer.words import Text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.adapters.backpacks.results import Result
    from issuer.adapters.keystores import KeyStore

#: How long a connection belongs to whoever took it; longer than any one badge may take.
LEASE = timedelta(minutes=2)
FIRST_DELAY, LONGEST_DELAY = timedelta(minutes=1), timedelta(hours=6)
#: A backpack that could not fetch our documents is asked so often: that may pass.
MAX_FETCHES = 3
DONE = {
    Outcome.SENT: PushState.SENT,
    Outcome.ALREADY_THERE: PushState.ALREADY_THERE,
    Outcome.REFUSED: PushState.REFUSED,
    Outcome.WITHDRAWN: PushState.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One push in hand."""

    push_id: int
    delivery: Delivery
    withdraws: bool = False
    again: bool = False  # it was begun before and may have arrived
    remote_id: str = ""


def take(session: Session, *, now: datetime) -> int | None:
    """Return a connection with something to do, for this caller alone until the lease is over."""
    statement = (
        select(BackpackConnection.id)
        .join(Push, Push.connection_id == BackpackConnection.id)
        .where(
            Push.state.in_(UNFINISHED),
            Push.next_attempt_at <= now,
            BackpackConnection.tokens.is_not(None),
            or_(BackpackConnection.not_before.is_(None), BackpackConnection.not_before <= now),
        )
        .order_by(Push.next_attempt_at, Push.id)
        .limit(1)
        .with_for_update(of=BackpackConnection, skip_locked=True)
    )
    number = session.scalars(statement).first()
    if number is not None:
        _hold(session, number, now + LEASE)
    return number


def release(session: Session, connection_id: int) -> None:
    """Give a connection back, unless it is to be left alone for a while."""
    session.execute(
        update(BackpackConnection)
        .where(BackpackConnection.id == connection_id, BackpackConnection.failures == 0)
        .values(not_before=None)
    )


def begin(session: Session, connection_id: int, keys: KeyStore, *, now: datetime) -> Work | None:
    """Return the next push of a connection that is taken, noted as begun.

    Raises `KeyUnavailableError` where a credential cannot be signed.
    """
    while True:
        push = session.scalars(
            select(Push)
            .where(
                Push.connection_id == connection_id,
                Push.state.in_(UNFINISHED),
                Push.next_attempt_at <= now,
            )
            .order_by(Push.next_attempt_at, Push.id)
            .limit(1)
            .with_for_update()
        ).one_or_none()
        if push is None:
            return None
        if push.state == PushState.WAITING and push.award.is_revoked:
            if push.unsure:
                push.state = PushState.WITHDRAWING
            else:
                end(push, PushState.WITHDRAWN, Reason.TAKEN_BACK, "", now)
                session.flush()
                continue
        return _begun(session, push, keys, now)


def finish(session: Session, work: Work, result: Result, *, now: datetime) -> None:
    """Note how an attempt ended."""
    push = locked(session, work.push_id)
    if push is None:
        return  # its owner removed the backpack meanwhile
    push.unsure = False
    push.remote_id = result.remote_id or push.remote_id
    outcome = result.outcome
    if outcome is Outcome.ALREADY_THERE and work.again:
        outcome = Outcome.SENT  # by the attempt of which nobody noted the end
    if push.state == PushState.WITHDRAWING and not work.withdraws:
        push.next_attempt_at = now  # revoked while it was on its way
        return
    if work.withdraws and outcome is Outcome.REFUSED:
        stay(push, result.answer, now)
        return
    if result.reason is Reason.FETCH and push.attempts < MAX_FETCHES:
        push.next_attempt_at = now + delay(push.attempts)
        push.reason, push.answer = result.reason, result.answer
        return
    reason = Reason.TAKEN_BACK if work.withdraws else result.reason
    end(push, DONE[outcome], reason, result.answer, now)
    session.flush()
    _used(session, push.connection_id, now)


def delay(attempts: int) -> timedelta:
    """Return how long to wait after so many failures in a row: twice as long each time."""
    doublings: int = 2 ** min(max(attempts, 1) - 1, 20)
    return min(FIRST_DELAY * doublings, LONGEST_DELAY)


def end(push: Push, state: PushState, reason: Reason | None, answer: str, now: datetime) -> None:
    """Note that nothing more is to be done about a push, and why it is as it is."""
    push.state, push.reason, push.answer = state, reason, short(answer) or None
    push.unsure, push.next_attempt_at, push.finished_at = False, None, now


def stay(push: Push, answer: str, now: datetime) -> None:
    """Leave a badge where it is: whoever looks at it there learns that it was revoked."""
    end(push, PushState.SENT, Reason.TAKEN_BACK, answer, now)


def locked(session: Session, push_id: int) -> Push | None:
    """Return a push as it stands now, for this transaction alone; none where it was removed."""
    statement = select(Push).filter_by(id=push_id).with_for_update()
    options = {"populate_existing": True}
    return session.scalars(statement, execution_options=options).one_or_none()


def short(text: str) -> str:
    """Return words of a backpack, not too many; those of our own are short."""
    return text if isinstance(text, Text) else text[:MAX_ERROR]


def _begun(session: Session, push: Push, keys: KeyStore, now: datetime) -> Work | None:
    connection = session.get_one(BackpackConnection, push.connection_id)
    again, push.unsure = push.unsure, True
    push.attempts += 1
    push.next_attempt_at = now + LEASE
    _hold(session, connection.id, now + LEASE)
    withdraws = push.state == PushState.WITHDRAWING
    if push.assertion is None or not (withdraws or again):
        push.assertion_id = _assertion(session, connection, push.award, now)
        session.flush()
        session.refresh(push, ["assertion"])
    assertion = push.assertion
    if assertion is None:
        raise NotFoundError(f"award {push.award_id}: has no assertion")
    delivery = Delivery(document_id=assertion.document_id, hosted=assertion.document)
    if connection.protocol == Kind.OB3 and not withdraws:
        credentials.make_all(session, [assertion], keys, now=now)
        delivery = replace(delivery, proof=assertion.ob3 or "", token=assertion.ob3_jwt or "")
    session.flush()
    return Work(
        push_id=push.id,
        delivery=delivery,
        withdraws=withdraws,
        again=again,
        remote_id=push.remote_id or "",
    )


def _assertion(
    session: Session, connection: BackpackConnection, award: Award, now: datetime
) -> int | None:
    """Return the assertion of an award for the address that was chosen for a backpack."""
    person = session.get_one(Person, connection.person_id)
    number = connection.email_identity_id
    made = minting.for_address(session, person, [award.id], number, now=now)
    if made:
        return made[0]
    # Revoked after it was begun: the backpack is told by the one that it has.
    statement = select(Assertion.id).filter_by(award_id=award.id, is_default=True)
    return session.scalars(statement).one_or_none()


def _used(session: Session, connection_id: int, now: datetime) -> None:
    session.execute(
        update(BackpackConnection)
        .where(BackpackConnection.id == connection_id)
        .values(last_used_at=now, last_error=None, failures=0)
    )


def _hold(session: Session, connection_id: int, until: datetime) -> None:
    session.execute(
        update(BackpackConnection)
        .where(BackpackConnection.id == connection_id)
        .values(not_before=until)
    )
