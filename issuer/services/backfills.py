# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules that admins send through the archive: each to its end, or with the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from issuer.db import leave
from issuer.errors import ConflictError
from issuer.models import Backfill
from issuer.services import audits, leases, rule_drafts
from issuer.services.leases import LEASE, MAX_ATTEMPTS, PAUSE
from issuer.services.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

SHOWN = 5
MAX_REASON = 500
#: Why it is over, where it is not a text of somebody else.
TOO_LONG, BROKEN = "too-long", "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One backfill in hand."""

    backfill_id: int
    attempt: int
    slug: str
    since: datetime | None


def ask(
    session: Session, actor: Actor, slug: str, since: datetime | None, *, now: datetime
) -> Backfill:
    """Return the backfill that is made for a rule; of each rule there is one at a time.

    Raises `ForbiddenError` without the right to the rule, `NotFoundError` where there is none,
    `ConflictError` where it is not in force.
    """
    place = rule_drafts.find(session, actor, slug, now=now, lock=True)
    if place.rule is None or not place.rule.active or place.badge.retired_at is not None:
        raise ConflictError("rule %(rule)r: is not in force: activate it first", rule=slug)
    statement = select(Backfill).filter_by(slug=slug).where(Backfill.due_at.is_not(None))
    found = session.scalars(statement).first()
    if found is not None:
        return found
    made = Backfill(slug=slug, since=since, created_at=now, due_at=now)
    session.add(made)
    after = {"since": since.isoformat() if since else ""}
    audits.record(session, actor, "rule.backfill", "rule", slug, now=now, after=after)
    session.flush()
    leave(session, Task.BACKFILL)
    return made


def listed(session: Session, slug: str) -> Sequence[Backfill]:
    """Return the last backfills of a rule, the newest first."""
    statement = select(Backfill).filter_by(slug=slug).order_by(Backfill.id.desc()).limit(SHOWN)
    return session.scalars(statement).all()


def take(session: Session, *, now: datetime) -> Job | None:
    """Return a backfill to be made, for this caller alone until the lease is over."""
    while (row := leases.take(session, Backfill, now=now)) is not None:
        job = Job(backfill_id=row.id, attempt=row.attempts, slug=row.slug, since=row.since)
        if row.attempts <= MAX_ATTEMPTS:
            return job
        finish(session, job, reason=BROKEN, now=now)
    return None


def note(session: Session, job: Job, done: int, planned: int, *, now: datetime) -> bool:
    """Note how far it is and hold it longer; tell whether it is still this caller's."""
    return _change(session, job, done=done, planned=planned, due_at=now + LEASE)


def add(session: Session, job: Job, number: int) -> bool:
    """Note that so many got the badge; tell whether it is still this caller's."""
    return _change(session, job, awarded=Backfill.awarded + number)


def finish(session: Session, job: Job, *, now: datetime, reason: str = "") -> None:
    """Note that it is over, with the reason where it did not come to its end."""
    _change(session, job, due_at=None, finished_at=now, reason=reason[:MAX_REASON] or None)


def put_off(session: Session, job: Job, reason: str, *, now: datetime) -> None:
    """Let it be tried again later; at last it is given up."""
    if job.attempt >= MAX_ATTEMPTS:
        finish(session, job, reason=reason, now=now)
    else:
        _change(session, job, due_at=now + PAUSE)


def give_back(session: Session, job: Job, *, now: datetime) -> None:
    """Let another process begin with it at once: this one was told to stop."""
    if _change(session, job, due_at=now, attempts=job.attempt - 1):
        leave(session, Task.BACKFILL)


def next_due(session: Session) -> datetime | None:
    """Return when the next backfill may be taken, if any waits."""
    found: datetime | None = session.scalar(select(func.min(Backfill.due_at)))
    return found


def _change(session: Session, job: Job, **values: object) -> bool:
    return leases.change(session, Backfill, job.backfill_id, job.attempt, **values)
