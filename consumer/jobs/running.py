# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs a job: alone, recorded, from where the last run was interrupted."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from consumer.jobs import locks
from consumer.jobs.work import Watcher, Work
from issuer.errors import AccoladesError, ConfigurationError
from issuer.services import runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from consumer.jobs.protocol import Job
    from issuer.services.runs import Tally
    from issuer.site import Site

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended."""

    name: str
    started_at: datetime
    finished_at: datetime
    tally: Tally
    given: list[tuple[str, str]] = field(default_factory=list)  # badge and person, the first ones
    trouble: str = ""  # why it did not come to its end
    is_dry_run: bool = False
    is_refused: bool = False  # the settings do not allow it: the next run ends the same way
    resumed_from: str = ""


def run(
    site: Site,
    job: Job,
    *,
    dry_run: bool = False,
    watcher: Watcher | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Ended:
    """Run a job to its end, or as far as it comes; raise `JobBusyError` when another process does.

    A dry run begins at the beginning, changes nothing, is not recorded and needs no lock.
    """
    watcher = watcher or Watcher()
    if dry_run:
        work = Work(site, job.name, clock(), is_dry_run=True, watcher=watcher)
        return _carry_out(job, work, clock)
    with locks.held(site, job.name) as lock:
        now = clock()
        with site.database.writing() as session:
            begun = runs.begin(session, job.name, lock.process, now=now)
            number, position = begun.id, begun.position or ""
        work = Work(
            site,
            job.name,
            now,
            position=position,
            number=number,
            watcher=watcher,
            ensure_ours=lock.ensure,
        )
        return _carry_out(job, work, clock)


def _carry_out(job: Job, work: Work, clock: Callable[[], datetime]) -> Ended:
    position, trouble, is_refused = work.position, "", False
    try:
        job.run(work)
        work.write()
    except (AccoladesError, SQLAlchemyError) as error:
        trouble, is_refused = _reason(error), isinstance(error, ConfigurationError)
    except Exception as error:  # the code of a job, perhaps of another package
        log.exception("job %s failed", job.name)
        trouble = f"{type(error).__name__}: {_reason(error)}"
    except KeyboardInterrupt:
        _finish(work, clock(), "interrupted")
        raise
    finished_at = clock()
    trouble = _finish(work, finished_at, trouble)
    return Ended(
        name=job.name,
        started_at=work.now,
        finished_at=finished_at,
        tally=work.tally,
        given=work.given,
        trouble=trouble,
        is_dry_run=work.is_dry_run,
        is_refused=is_refused,
        resumed_from=position,
    )


def _finish(work: Work, now: datetime, trouble: str) -> str:
    """Write what is left to write; return why the run did not come to its end, if it did not."""
    try:
        if trouble:
            work.write()  # what was earned before
            if work.tally.position == work.position:
                # It came no farther than the run before: the next one begins anew, so that whoever
                # stands before this place is not waiting for it too.
                work.tally.position = ""
        if work.number is not None:
            with work.changing() as session:
                runs.note(session, work.number, work.tally, finished_at=now, trouble=trouble)
    except (AccoladesError, SQLAlchemyError) as error:
        # The record stays open, and the next run closes it and goes on from its position.
        log.warning("job %s: its end cannot be recorded: %s", work.name, error)
        return trouble or _reason(error)
    return trouble


def _reason(error: Exception) -> str:
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    return said or type(error).__name__
