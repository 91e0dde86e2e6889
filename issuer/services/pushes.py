# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges on their way to backpacks: each award once for each backpack, whoever dies meanwhile.

A push is taken by noting that it was begun; how it ended is noted after the backpack answered. One
that was begun and never ended is taken again once its lease is over, and the backpack tells whether
it has the badge already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, or_, select, update

from issuer.adapters.backpacks.results import Delivery, Kind, Outcome, Reason
from issuer.db import insert_new, leave
from issuer.errors import NotFoundError
from issuer.models import Assertion, Award, BackpackConnection, Person, Push, PushState
from issuer.services import credentials, minting
from issuer.services.backpacks import LOGIN, MAX_ERROR, UNFINISHED
from issuer.services.tasks import Task
from issuer.words import Text

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.adapters.backpacks.results import Result
    from issuer.adapters.keystores import KeyStore

#: How long a connection belongs to whoever took it; longer than any one request may last.
LEASE = timedelta(minutes=2)
FIRST_DELAY, LONGEST_DELAY = timedelta(minutes=1), timedelta(hours=6)
#: A badge on which a backpack breaks so often is refused.
MAX_ATTEMPTS = 8
#: A backpack that could not fetch our documents is asked so often: that may pass.
MAX_FETCHES = 3
#: A backpack that is away for so many looks in a row, three days, is given up.
MAX_FAILURES = 20
REMOVING = (Kind.BADGR,)
DONE = {
    Outcome.SENT: PushState.SENT,
    Outcome.ALREADY_THERE: PushState.ALREADY_THERE,
    Outcome.REFUSED: PushState.REFUSED,
    Outcome.WITHDRAWN: PushState.WITHDRAWN,
}
THERE = (PushState.SENT, PushState.ALREADY_THERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One push in hand."""

    push_id: int
    delivery: Delivery
    withdraws: bool = False
    again: bool = False  # it was begun before and may have arrived
    remote_id: str = ""


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
                _finish(push, PushState.WITHDRAWN, Reason.TAKEN_BACK, "", now)
                session.flush()
                continue
        return _begun(session, push, keys, now)


def finish(session: Session, work: Work, result: Result, *, now: datetime) -> None:
    """Note how an attempt ended."""
    push = _locked(session, work.push_id)
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
        _stays(push, result.answer, now)
        return
    if result.reason is Reason.FETCH and push.attempts < MAX_FETCHES:
        push.next_attempt_at = now + delay(push.attempts)
        push.reason, push.answer = result.reason, result.answer
        return
    reason = Reason.TAKEN_BACK if work.withdraws else result.reason
    _finish(push, DONE[outcome], reason, result.answer, now)
    session.flush()
    _used(session, push.connection_id, now)


def postpone(session: Session, work: Work, error: str, *, now: datetime) -> None:
    """Let a push be tried later on which a backpack broke; at last it is refused."""
    push = _locked(session, work.push_id)
    if push is None:
        return
    if push.attempts < MAX_ATTEMPTS:
        push.next_attempt_at = now + delay(push.attempts)
        push.reason, push.answer = Reason.BROKEN, _short(error)
    elif push.state == PushState.WITHDRAWING:
        _stays(push, error, now)
    else:
        _finish(push, PushState.REFUSED, Reason.BROKEN, error, now)
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
    connection.last_error = _short(error)
    wait = timedelta(seconds=seconds) if seconds else delay(connection.failures)
    connection.not_before = until = now + wait
    if work is not None and (push := _locked(session, work.push_id)) is not None:
        push.attempts = max(push.attempts - 1, 0)  # it was not the badge
        push.unsure = is_unsure or work.again
    session.flush()
    waiting = update(Push).where(Push.connection_id == connection_id, Push.state.in_(UNFINISHED))
    if connection.failures >= MAX_FAILURES:
        connection.failures, connection.not_before = 0, None
        values = {"answer": _short(error), "next_attempt_at": None, "finished_at": now}
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
    push = _locked(session, work.push_id)
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


def delay(attempts: int) -> timedelta:
    """Return how long to wait after so many failures in a row: twice as long each time."""
    doublings: int = 2 ** min(max(attempts, 1) - 1, 20)
    return min(FIRST_DELAY * doublings, LONGEST_DELAY)


def next_due(session: Session) -> datetime | None:
    """Return when the next push is to be tried, if any is."""
    statement = select(func.min(Push.next_attempt_at)).where(Push.state.in_(UNFINISHED))
    found: datetime | None = session.scalar(statement)
    return found


def waiting(session: Session) -> int:
    """Return how many badges are on their way, but for those whose owner has to sign in first."""
    found = select(func.count()).select_from(Push).where(Push.state.in_(UNFINISHED))
    return session.scalars(found.where(Push.next_attempt_at.is_not(None))).one()


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


def _finish(
    push: Push, state: PushState, reason: Reason | None, answer: str, now: datetime
) -> None:
    push.state, push.reason, push.answer = state, reason, _short(answer) or None
    push.unsure, push.next_attempt_at, push.finished_at = False, None, now


def _stays(push: Push, answer: str, now: datetime) -> None:
    """Leave a badge where it is: whoever looks at it there learns that it was revoked."""
    _finish(push, PushState.SENT, Reason.TAKEN_BACK, answer, now)


def _short(text: str) -> str:
    """Return words of a backpack, not too many; those of our own are short."""
    return text if isinstance(text, Text) else text[:MAX_ERROR]


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


def _locked(session: Session, push_id: int) -> Push | None:
    statement = select(Push).filter_by(id=push_id).with_for_update()
    options = {"populate_existing": True}
    return session.scalars(statement, execution_options=options).one_or_none()


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
