# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs of scheduled jobs: what each did, where an interrupted one goes on, what admins see."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, cast, delete, func, select

from issuer.adapters.job_locks import is_held
from issuer.models import JobRun

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

#: Lines of a report that are kept; the number of all of them is known.
MAX_LINES = 200
MAX_LINE = 500
#: How long runs are kept; the last one of a job always is.
KEPT = timedelta(days=180)
KILLED = "the process ended in the middle"


def plain(text: str) -> str:
    """Return a text as every database takes it: without NUL and halves of letters."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


@dataclass(slots=True)
class Tally:
    """What a run did so far."""

    looked_at: int = 0
    awarded: int = 0
    errors: int = 0
    position: str = ""  # where the next run goes on, if this one does not come to its end
    lines: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)  # by the reason

    def add_line(self, line: str) -> None:
        """Note what went wrong with one person or thing."""
        self.errors += 1
        if len(self.lines) < MAX_LINES:
            self.lines.append(plain(" ".join(line.split())[:MAX_LINE]))

    def skip(self, reason: str, number: int = 1) -> None:
        """Count who was passed over for a reason that is no error."""
        if number:
            self.skipped[reason] = self.skipped.get(reason, 0) + number


@dataclass(frozen=True, slots=True)
class Process:
    """Who runs a job."""

    host: str
    pid: int


def begin(session: Session, name: str, process: Process, *, now: datetime) -> JobRun:
    """Note that a run begins; whoever calls this holds the lock of the job.

    Its position is that of the run before it, where that one did not come to its end.
    """
    former = last(session, name)
    run = JobRun(
        name=name,
        started_at=now,
        position=former.position if former is not None else None,
        report={"host": process.host, "pid": process.pid},
    )
    if former is not None and former.finished_at is None:
        former.finished_at = now
        former.report = {**former.report, "trouble": KILLED}
    session.add(run)
    session.flush()
    session.execute(
        delete(JobRun).where(
            JobRun.name == name, JobRun.started_at < now - KEPT, JobRun.id != run.id
        )
    )
    return run


def note(
    session: Session,
    number: int,
    tally: Tally,
    *,
    finished_at: datetime | None = None,
    trouble: str = "",
) -> None:
    """Write down what a run did so far, or at its end; ``trouble`` says why it ended too early."""
    run = session.get_one(JobRun, number)
    run.looked_at, run.awarded, run.errors = tally.looked_at, tally.awarded, tally.errors
    whole = finished_at is not None and not trouble
    run.position = None if whole else tally.position or None
    run.finished_at = finished_at
    kept: dict[str, Any] = {"lines": list(tally.lines), "skipped": dict(tally.skipped)}
    if trouble:
        kept["trouble"] = plain(trouble[:MAX_LINE])
    run.report = {**run.report, **kept}
    session.flush()


def forget(session: Session, username: str) -> None:
    """Drop the lines that name somebody from the reports of all runs."""
    name = username.lower()
    whole = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)")
    named = func.lower(cast(JobRun.report, Text)).contains(name, autoescape=True)
    for run in session.scalars(select(JobRun).where(named)):
        lines = [line for line in run.report.get("lines", ()) if not whole.search(line.lower())]
        run.report = {**run.report, "lines": lines}


def last(session: Session, name: str) -> JobRun | None:
    """Return the newest run of a job."""
    newest = (
        select(JobRun).filter_by(name=name).order_by(JobRun.started_at.desc(), JobRun.id.desc())
    )
    return session.scalars(newest.limit(1)).one_or_none()


def latest(session: Session) -> dict[str, JobRun]:
    """Return the newest run of every job that ever ran."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.name)
    found = session.scalars(select(JobRun).where(JobRun.id.in_(newest)))
    return {run.name: run for run in found}


def listed(
    session: Session, name: str = "", *, before: int | None = None, limit: int = 50
) -> Sequence[JobRun]:
    """Return runs of a job, or of all of them, the newest first; ``before`` is the id of one."""
    statement = select(JobRun).order_by(JobRun.id.desc()).limit(limit)
    if name:
        statement = statement.filter_by(name=name)
    if before is not None:
        statement = statement.where(JobRun.id < before)
    return session.scalars(statement).all()


def dead(session: Session, home: Path) -> set[int]:
    """Return the runs that have no end though nobody holds the lock of their job: were killed."""
    found = session.execute(select(JobRun.id, JobRun.name).where(JobRun.finished_at.is_(None)))
    return {number for number, name in found.all() if not is_held(session, home, name)}


def state(run: JobRun, killed: Container[int] = ()) -> str:
    """Return how a run stands: ``running``, ``done``, ``with errors`` or ``interrupted``.

    One that is not in ``killed``, which `dead` gives, and has no end counts as running.
    """
    if run.finished_at is None:
        return "interrupted" if run.id in killed else "running"
    if run.report.get("trouble"):
        return "interrupted"
    return "with errors" if run.errors else "done"
