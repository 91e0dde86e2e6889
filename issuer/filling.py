# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where rules go through the archive: one after the other, a hundred awards in a transaction.

Whoever is killed leaves the awards that were made, and the row, from which another begins anew:
nobody is awarded twice.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from issuer import earning
from issuer.earning import Watch
from issuer.errors import AccoladesError, ConflictError, InvalidInputError, NotFoundError
from issuer.intake import MAX_GROUP, policy_of
from issuer.pacing import LostError, OverlongError, Pace, StoppedError
from issuer.services import backfilling, backfills, explaining
from issuer.services.replaying import groups

if TYPE_CHECKING:
    from collections.abc import Callable

    from issuer.services.backfills import Job
    from issuer.site import Site

log = logging.getLogger(__name__)

#: What another try would not change.
HOPELESS = (ConflictError, InvalidInputError, NotFoundError)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Backfiller:
    """Makes backfills of one site; any number may, in any number of processes."""

    site: Site
    clock: Callable[[], datetime] = _now
    seconds: Callable[[], float] = time.monotonic
    is_stopped: Callable[[], bool] = field(default=lambda: False)

    def backfill(self) -> bool:
        """Make one backfill; tell whether there was one to make."""
        with self.site.database.writing() as session:
            job = backfills.take(session, now=self.clock())
        if job is None:
            return False
        try:
            self._award(job)
        except StoppedError:
            with self.site.database.writing() as session:
                backfills.give_back(session, job, now=self.clock())
        except LostError:
            log.info("backfill of %s: another process makes it", job.slug)
        except OverlongError:
            self._finish(job, backfills.TOO_LONG)
        except HOPELESS as error:
            self._finish(job, str(error))
        except AccoladesError as error:
            log.warning("backfill of %s is tried again later: %s", job.slug, error)
            with self.site.database.writing() as session:
                backfills.put_off(session, job, str(error), now=self.clock())
        return True

    def _award(self, job: Job) -> None:
        with self.site.database.reading() as session:
            rule = explaining.find_rule(session, job.slug)
        policy, counted = policy_of(self.site.settings), _Counted(self, job)
        watch = Watch(counted.advance, counted.expect)
        for some in groups(earning.hits(self.site, rule, job.since, watch), MAX_GROUP):
            with self.site.database.writing() as session:
                given = backfilling.give(session, rule, some, policy, now=self.clock())
                if not backfills.add(session, job, len(given)):
                    session.rollback()
                    raise LostError
            for hit in given:
                log.info("awarded %s to %s", rule.slug, hit.username)
        counted.note()
        self._finish(job, "")

    def _finish(self, job: Job, reason: str) -> None:
        if reason:
            log.warning("backfill of %s did not come to its end: %s", job.slug, reason)
        with self.site.database.writing() as session:
            backfills.finish(session, job, reason=reason, now=self.clock())


class _Counted:
    """What was looked at so far."""

    def __init__(self, backfiller: Backfiller, job: Job) -> None:
        self._backfiller, self._job = backfiller, job
        self._done = self._planned = 0
        self._pace = Pace(self.note, backfiller.is_stopped, backfiller.seconds)

    def advance(self) -> None:
        """Count one more; raises what ends the work."""
        self._done += 1
        self._pace.look()

    def expect(self, number: int) -> None:
        """Be told how many there will be."""
        self._planned = number

    def note(self) -> bool:
        """Note how far it is; tell whether it is still ours."""
        now = self._backfiller.clock()
        with self._backfiller.site.database.writing() as session:
            return backfills.note(session, self._job, self._done, self._planned, now=now)
