# SPDX-License-Identifier: AGPL-3.0-or-later
"""Large ZIPs that people ask for: each is made once, whoever dies meanwhile, and kept for a while.

One is taken by noting until when it is held. Whoever works on it notes how far it is and holds it
longer; one that nobody holds any more is made again from its beginning. The file is written under
a name that no other attempt has, and the row names it only when it is whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from issuer.db import leave
from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import Export, Person
from issuer.services import leases
from issuer.services.leases import LEASE, MAX_ATTEMPTS, PAUSE
from issuer.services.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

#: So many badges are sent while they are packed: about a second of work for the web process, and
#: a certificate costs a third of one.
STREAMED, STREAMED_WITH_CERTIFICATES = 100, 20
#: So many are packed at all: they are made within the time that a task may take.
MOST, MOST_WITH_CERTIFICATES = 20_000, 2_000
#: So many files of one person are kept, and so long.
KEPT, KEEP = 3, timedelta(days=7)
BATCH = 200


class Reason(StrEnum):
    """Why there is no file."""

    NONE_LEFT = "none-left"  # all badges were taken back meanwhile
    TOO_LONG = "too-long"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One export in hand."""

    export_id: int
    attempt: int
    username: str
    name: str  # of the person, for people
    address: int | None
    with_certificates: bool
    words: dict[str, Any]


def is_small(number: int, *, with_certificates: bool) -> bool:
    """Whether so many badges are sent at once."""
    return number <= (STREAMED_WITH_CERTIFICATES if with_certificates else STREAMED)


def ask(
    session: Session,
    person: Person,
    *,
    planned: int,
    address: int | None,
    with_certificates: bool,
    words: dict[str, Any],
    now: datetime,
) -> tuple[Export, list[str]]:
    """Return the export that is made for a person, and files to drop that make room for it.

    Of each person one at a time is made: who asks again is led to it. Raises `InvalidInputError`
    where there are too many badges for one.
    """
    if planned > (MOST_WITH_CERTIFICATES if with_certificates else MOST):
        if with_certificates and planned <= MOST:
            raise InvalidInputError(
                "%(number)s badges are too many for one file: take them without certificates",
                number=planned,
            )
        raise InvalidInputError("%(number)s badges are too many for one file", number=planned)
    # Whoever asks twice at the same moment waits here.
    session.execute(select(Person.id).filter_by(id=person.id).with_for_update())
    own = listed(session, person)
    for export in own:
        if export.finished_at is None:
            return export, []
    dropped = [export.name for export in own[KEPT - 1 :] if export.name]
    for export in own[KEPT - 1 :]:
        session.delete(export)
    made = Export(
        person_id=person.id,
        email_identity_id=address,
        with_certificates=with_certificates,
        words=words,
        planned=planned,
        created_at=now,
        due_at=now,
    )
    session.add(made)
    session.flush()
    leave(session, Task.EXPORT)
    return made, dropped


def listed(session: Session, person: Person) -> Sequence[Export]:
    """Return the exports of a person, the newest first."""
    statement = select(Export).filter_by(person_id=person.id).order_by(Export.id.desc())
    return session.scalars(statement).all()


def find(session: Session, person: Person, uuid: UUID) -> Export:
    """Return an export of a person; raise `NotFoundError` where it is not theirs."""
    found = session.scalars(select(Export).filter_by(uuid=uuid, person_id=person.id)).one_or_none()
    if found is None:
        raise NotFoundError("export %(export)s: is none of yours", export=uuid)
    return found


def remove(session: Session, export: Export) -> str | None:
    """Forget an export; return the file that is to be dropped. Who makes it notices."""
    session.delete(export)
    session.flush()
    return export.name


def take(session: Session, *, now: datetime) -> Job | None:
    """Return an export to be made, for this caller alone until the lease is over.

    One that killed everybody who took it is given up.
    """
    while (export := leases.take(session, Export, now=now)) is not None:
        job = _job(session, export)
        if export.attempts <= MAX_ATTEMPTS:
            return job
        fail(session, job, Reason.BROKEN, now=now)
    return None


def note(session: Session, job: Job, done: int, planned: int, *, now: datetime) -> bool:
    """Note how far an export is and hold it longer; tell whether it is still this caller's."""
    return _change(session, job, done=done, planned=planned, due_at=now + LEASE)


def finish(session: Session, job: Job, name: str, size: int, done: int, *, now: datetime) -> bool:
    """Note the file of an export; tell whether anybody still wants it."""
    values = {"done": done, "planned": done, "name": name, "size": size}
    return _change(session, job, due_at=None, finished_at=now, expires_at=now + KEEP, **values)


def fail(session: Session, job: Job, reason: Reason, *, now: datetime) -> None:
    """Note that an export can never be made as it was asked for."""
    values = {"reason": reason, "due_at": None}
    _change(session, job, finished_at=now, expires_at=now + KEEP, **values)


def put_off(session: Session, job: Job, *, now: datetime) -> None:
    """Let an export be tried again later; at last it is given up."""
    if job.attempt >= MAX_ATTEMPTS:
        fail(session, job, Reason.BROKEN, now=now)
    else:
        _change(session, job, done=0, due_at=now + PAUSE)


def give_back(session: Session, job: Job, *, now: datetime) -> None:
    """Let another process begin with it at once: this one was told to stop."""
    if _change(session, job, done=0, due_at=now, attempts=job.attempt - 1):
        leave(session, Task.EXPORT)


def next_due(session: Session) -> datetime | None:
    """Return when the next export may be taken, if any waits."""
    found: datetime | None = session.scalar(select(func.min(Export.due_at)))
    return found


def waiting(session: Session) -> int:
    """Return how many exports are to be made, or are being made."""
    found = select(func.count()).select_from(Export).where(Export.due_at.is_not(None))
    return session.scalars(found).one()


def drop_expired(session: Session, *, now: datetime) -> tuple[int, list[str]]:
    """Delete some exports whose time is over; return how many, and their files."""
    over = select(Export.id, Export.name).where(Export.expires_at <= now).limit(BATCH)
    rows = session.execute(over).all()
    session.execute(delete(Export).where(Export.id.in_([row.id for row in rows])))
    return len(rows), [row.name for row in rows if row.name]


def without_row(session: Session, names: Collection[str]) -> list[str]:
    """Return those of some files that no export names."""
    known = set(session.scalars(select(Export.name).where(Export.name.in_(names))))
    return [name for name in names if name not in known]


def _job(session: Session, export: Export) -> Job:
    person = session.get_one(Person, export.person_id)
    return Job(
        export_id=export.id,
        attempt=export.attempts,
        username=person.username,
        name=person.display_name or person.username,
        address=export.email_identity_id,
        with_certificates=export.with_certificates,
        words=export.words,
    )


def _change(session: Session, job: Job, **values: object) -> bool:
    return leases.change(session, Export, job.export_id, job.attempt, **values)
