# SPDX-License-Identifier: AGPL-3.0-or-later
"""Batches: kept when they are shown, found by whoever made them, forgotten when nothing came of it.

What was shown lies here and nowhere in the browser, so nobody can alter it before it is done.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import joinedload

from issuer.errors import ConflictError, ForbiddenError, NotFoundError
from issuer.models import Award, Batch, BatchKind, BatchLine, BatchState, LineState
from issuer.services.cards import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

#: Lines of one transaction: locks are held for a moment, and a failure undoes no more than these.
CHUNK = 500
#: What was only shown is forgotten after a day, and all but the newest of one person at once.
KEPT = timedelta(days=1)
#: What was done is told by the awards for ever, and by the list, which names people, for so long.
DONE_KEPT = timedelta(days=90)
MAX_SHOWN = 20
PAGE = 100
#: For so long may what was just given be undone by whoever gave it.
UNDO = timedelta(minutes=10)
_WAITING = (BatchState.FILE, BatchState.SHOWN)


def make(
    session: Session,
    actor: Actor,
    kind: BatchKind,
    lines: Sequence[BatchLine] = (),
    *,
    now: datetime,
    content: str | None = None,
    badge_id: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> Batch:
    """Keep a batch with its lines, and forget what the same person only looked at before."""
    if actor.person_id is None:
        raise ForbiddenError("you are nobody here: sign out and in again")
    _tidy(session, actor.person_id, now)
    batch = Batch(
        kind=kind,
        state=BatchState.SHOWN if content is None else BatchState.FILE,
        made_by_id=actor.person_id,
        badge_id=badge_id,
        content=content,
        options=dict(options or {}),
        created_at=now,
    )
    session.add(batch)
    session.flush()
    put_lines(session, batch, lines)
    return batch


def put_lines(session: Session, batch: Batch, lines: Sequence[BatchLine]) -> None:
    """Give a batch its lines; it had none before."""
    columns = [column.key for column in BatchLine.__table__.columns if column.key != "batch_id"]
    rows = [
        {"batch_id": batch.id, **{name: getattr(line, name) for name in columns}} for line in lines
    ]
    if rows:
        session.execute(insert(BatchLine), rows)


def find(
    session: Session, actor: Actor, uuid: UUID, *kinds: BatchKind, lock: bool = False
) -> Batch:
    """Return a batch of whoever asks, or of anybody to an admin; raise `NotFoundError`.

    With ``lock`` nobody else works on it until the transaction ends.
    """
    statement = select(Batch).filter_by(uuid=uuid).where(Batch.kind.in_(kinds))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    batch = session.scalars(statement).one_or_none()
    own = batch is not None and actor.person_id is not None and batch.made_by_id == actor.person_id
    if batch is None or not (own or actor.is_admin):
        raise NotFoundError("list: there is none of yours: it was dropped, or is somebody else's")
    return batch


def require_own(actor: Actor, batch: Batch) -> None:
    """Raise `ForbiddenError` unless whoever acts made the batch: it is done in their name."""
    if batch.made_by_id != actor.person_id:
        raise ForbiddenError("list: is somebody else's: make your own")


def drop(session: Session, batch: Batch) -> None:
    """Forget a batch of which nothing was done; raise `ConflictError` for any other."""
    if batch.state not in _WAITING:
        raise ConflictError("list: is not only shown any more: it stays")
    session.execute(delete(Batch).filter_by(id=batch.id))


def numbers(session: Session, batch: Batch) -> dict[str, int]:
    """Return how many lines there are in each state."""
    counted = (
        select(BatchLine.state, func.count()).filter_by(batch_id=batch.id).group_by(BatchLine.state)
    )
    found: dict[str, int] = {row[0]: row[1] for row in session.execute(counted)}
    return {str(state): found.get(state, 0) for state in LineState}


def lines(
    session: Session, batch: Batch, *, state: str = "", after: int = 0, limit: int = PAGE
) -> Listing[BatchLine]:
    """Return the lines after a number, those of one state or all."""
    statement = (
        select(BatchLine)
        .filter_by(batch_id=batch.id)
        .where(BatchLine.number > after)
        .options(
            joinedload(BatchLine.person),
            joinedload(BatchLine.badge),
            joinedload(BatchLine.award).selectinload(Award.assertions),
        )
        .order_by(BatchLine.number)
        .limit(limit + 1)
        .execution_options(populate_existing=True)
    )
    if state in set(LineState):
        statement = statement.where(BatchLine.state == state)
    found = session.scalars(statement).all()
    more = str(found[limit - 1].number) if len(found) > limit else ""
    return Listing(tuple(found[:limit]), more)


def next_lines(session: Session, batch: Batch, state: LineState) -> Sequence[BatchLine]:
    """Return the next lines in a state that one transaction works on."""
    statement = (
        select(BatchLine)
        .filter_by(batch_id=batch.id, state=state)
        .order_by(BatchLine.number)
        .limit(CHUNK)
    )
    return session.scalars(statement).all()


def refuse(line: BatchLine, reason: str, detail: str = "") -> None:
    """Note why nothing is done for a line; the first reason stays."""
    if line.state == LineState.READY:
        line.state, line.reason, line.detail = LineState.REFUSED, reason, detail[:200]


def may_undo(batch: Batch, now: datetime) -> bool:
    """Whether all of a batch may be undone, or goes on being undone."""
    if batch.kind != BatchKind.AWARD or batch.begun_at is None:
        return False
    if batch.state == BatchState.UNDOING:
        return True
    return batch.state in {BatchState.DOING, BatchState.DONE} and now - batch.begun_at <= UNDO


def forget_person(session: Session, person_id: int) -> None:
    """Drop a person's name from what others handed in, and what they only looked at themselves."""
    session.execute(
        update(BatchLine)
        .filter_by(person_id=person_id)
        .values(
            name="",
            account="",
            narrative="",
            detail="",
            evidence=[],
        )
        .execution_options(synchronize_session=False)
    )
    waiting = delete(Batch).filter_by(made_by_id=person_id).where(Batch.state.in_(_WAITING))
    session.execute(waiting.execution_options(synchronize_session=False))


def _tidy(session: Session, person_id: int, now: datetime) -> None:
    own = select(Batch.id).filter_by(made_by_id=person_id).where(Batch.state.in_(_WAITING))
    newest = own.order_by(Batch.id.desc()).limit(MAX_SHOWN - 1)
    kept = session.scalars(newest.where(Batch.created_at > now - KEPT)).all()
    old = own.where(Batch.id.not_in(kept))
    done = select(Batch.id).filter_by(made_by_id=person_id)
    ids = [*session.scalars(old), *session.scalars(done.where(Batch.created_at < now - DONE_KEPT))]
    if ids:
        session.execute(delete(Batch).where(Batch.id.in_(ids)))
