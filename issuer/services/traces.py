# SPDX-License-Identifier: AGPL-3.0-or-later
"""Moves what the bus said of one account name to another: for people who are called otherwise now.

Messages stay as they were said; what they are found by, and what was counted of them, moves. So the
next message that names the new account counts on where the old one stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, tuple_, update

from issuer.models import (
    ArchivedMessage,
    Counter,
    CounterAnchor,
    MessageUser,
    OutboxMessage,
    PendingDecision,
)
from issuer.services import archive, counts, keeping, postgres, remembered
from rules.counting import PEOPLE, renamed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session


def lock(session: Session, keys: Iterable[str]) -> None:
    """Let no message that names one of these accounts be counted until the transaction ends.

    Taken before any row, as messages do it, so that nobody waits in a circle.
    """
    if not postgres.is_used(session):
        return  # there is one writer at a time
    names = [f"{kind} {key}" for key in keys for kind in ("u", "a")]
    for place in keeping.lock_places([], names):
        session.execute(select(func.pg_advisory_xact_lock(postgres.LOCK_CLASS, place)))


def move(session: Session, former: str, present: str, username: str, *, now: datetime) -> None:
    """Move all traces of the account ``former`` to ``present``, which is written ``username``.

    Both names are without case; `lock` must be held for both.
    """
    counters = session.scalars(
        select(Counter).where(Counter.person_key.in_((former, present))).order_by(Counter.id)
    ).all()
    # What a counter has beyond the archive comes from a history outside, and is kept.
    beyond = {counter.id: counter.value - _archived(session, counter) for counter in counters}
    _move_messages(session, former, present, username)
    known = {counter.key: counter for counter in counters if counter.person_key == present}
    for counter in counters:
        if counter.person_key == former:
            _move_counter(session, counter, known, beyond, former, present)
    session.flush()
    for counter in known.values():
        counter.value = beyond[counter.id] + _archived(session, counter)
        counter.updated_at = now
    _move_waiting(session, former, present, username)
    session.flush()


def _archived(session: Session, counter: Counter) -> int:
    """Return what the archive finds; nothing for what is counted beside it."""
    if counter.filter.startswith((counts.TRIGGERS, remembered.VALUES)):
        return 0
    return archive.count(session, counts.query_of(counter.facts))


def _move_counter(
    session: Session,
    counter: Counter,
    known: dict[str, Counter],
    beyond: dict[int, int],
    former: str,
    present: str,
) -> None:
    key, facts, anchors = _identity(counter, former, present)
    other = known.get(key)
    if other is not None:
        beyond[other.id] += beyond[counter.id]
        session.delete(counter)  # with its anchors
        return
    if key != counter.key:
        session.execute(delete(CounterAnchor).filter_by(counter_id=counter.id))
        rows = [{"anchor": each, "counter_id": counter.id} for each in anchors]
        if rows:
            session.execute(insert(CounterAnchor), rows)
    counter.key, counter.facts, counter.person_key = key, facts, present
    known[key] = counter


def _identity(
    counter: Counter, former: str, present: str
) -> tuple[str, dict[str, object], tuple[str, ...]]:
    if counter.filter.startswith(counts.TRIGGERS):
        key = counts.triggers_key(counter.filter, present)
        return key, {}, (f"r {key}",)
    if counter.filter.startswith(remembered.VALUES):
        return remembered.key_of(counter.filter, present), {}, ()
    if not any(former in counter.facts.get(kind, ()) for kind in PEOPLE):
        return counter.key, counter.facts, ()
    return renamed(counter.filter, counter.facts, former, present)


def _move_messages(session: Session, former: str, present: str, username: str) -> None:
    both = select(MessageUser.topic_id, MessageUser.message_ref).filter_by(username=present)
    place = tuple_(MessageUser.topic_id, MessageUser.message_ref)
    session.execute(
        delete(MessageUser).where(MessageUser.username == former, place.in_(both)),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(MessageUser).filter_by(username=former).values(username=present),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(ArchivedMessage)
        .filter_by(agent_key=former)
        .values(agent_key=present, agent_name=username),
        execution_options={"synchronize_session": False},
    )


def _move_waiting(session: Session, former: str, present: str, username: str) -> None:
    """Move what is still to be decided, and what is still to be said, in its order."""
    asked = tuple_(PendingDecision.badge, PendingDecision.event_id)
    is_present = func.lower(PendingDecision.username) == present
    is_former = func.lower(PendingDecision.username) == former
    both = select(PendingDecision.badge, PendingDecision.event_id).where(is_present)
    session.execute(
        delete(PendingDecision).where(is_former, asked.in_(both)),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(PendingDecision).where(is_former).values(username=username),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(OutboxMessage).filter_by(stream=former).values(stream=present),
        execution_options={"synchronize_session": False},
    )
