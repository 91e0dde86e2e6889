# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where large ZIPs are made: one after the other, each whole or not at all.

How far one is is noted in transactions of its own; no transaction lasts as long as the ZIP. Whoever
is killed leaves a half file without a name, and the row, from which another begins anew.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from issuer import packing
from issuer.errors import AccoladesError
from issuer.pacing import LostError, OverlongError, Pace, StoppedError
from issuer.services import bundling, exporting, exports, kept_words, persons
from issuer.services.exports import Reason
from openbadges.errors import OpenBadgesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from issuer.services.exporting import Exported
    from issuer.services.exports import Job
    from issuer.site import Site

log = logging.getLogger(__name__)

#: The kind of objects that they are.
EXPORTS = "exports"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Preparer:
    """Makes exports of one site; any number may, in any number of processes."""

    site: Site
    clock: Callable[[], datetime] = _now
    seconds: Callable[[], float] = time.monotonic
    is_stopped: Callable[[], bool] = field(default=lambda: False)

    def prepare(self) -> bool:
        """Make one export; tell whether there was one to make."""
        with self.site.database.writing() as session:
            job = exports.take(session, now=self.clock())
        if job is None:
            return False
        try:
            self._make(job)
        except StoppedError:
            with self.site.database.writing() as session:
                exports.give_back(session, job, now=self.clock())
        except LostError:
            log.info("export %d: is wanted no more, or made by another process", job.export_id)
        except OverlongError:
            self._fail(job, Reason.TOO_LONG)
        except (AccoladesError, OpenBadgesError, OSError) as error:
            log.warning("export %d is tried again later: %s", job.export_id, error)
            with self.site.database.writing() as session:
                exports.put_off(session, job, now=self.clock())
        return True

    def _make(self, job: Job) -> None:
        with self.site.database.reading() as session:
            person = persons.find(session, job.username)
            award_ids = exporting.of_person(session, person)
        now, name = self.clock(), uuid4().hex
        found = packing.exported(self.site, job.username, award_ids, job.address, now=now)
        counted = _Counted(self, job, award_ids)
        parts = bundling.stream(counted.each(found), self._bundle(job, now))
        size = self.site.objects.put_parts(EXPORTS, name, parts)
        if not counted.done:
            self.site.objects.drop_made(EXPORTS, name)
            self._fail(job, Reason.NONE_LEFT)
            return
        with self.site.database.writing() as session:
            is_ours = exports.finish(session, job, name, size, counted.done, now=self.clock())
        if not is_ours:
            self.site.objects.drop_made(EXPORTS, name)
            raise LostError

    def _bundle(self, job: Job, now: datetime) -> bundling.Bundle:
        words = kept_words.of_certificate(job.words)
        return bundling.Bundle(
            name=job.name,
            site=self.site.settings.site_name,
            objects=self.site.objects,
            now=now,
            words=kept_words.of_bundle(job.words),
            certify=packing.certifier(self.site, job.name, words)
            if job.with_certificates
            else None,
        )

    def _fail(self, job: Job, reason: Reason) -> None:
        log.warning("export %d cannot be made: %s", job.export_id, reason)
        with self.site.database.writing() as session:
            exports.fail(session, job, reason, now=self.clock())


@dataclass(slots=True)
class _Counted:
    """Badges on their way into a ZIP, with a look at the clock in between."""

    preparer: Preparer
    job: Job
    award_ids: Sequence[int]
    done: int = 0

    def each(self, badges: Iterable[Exported]) -> Iterator[Exported]:
        """Yield them; raises what ends the work."""
        preparer = self.preparer
        pace = Pace(self._note, preparer.is_stopped, preparer.seconds)
        for badge in badges:
            pace.look()
            yield badge
            self.done += 1

    def _note(self) -> bool:
        now = self.preparer.clock()
        with self.preparer.site.database.writing() as session:
            return exports.note(session, self.job, self.done, len(self.award_ids), now=now)
