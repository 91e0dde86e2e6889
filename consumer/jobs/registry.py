# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which jobs there are: our own, and those of installed packages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, cast

from consumer.jobs.anniversaries import Anniversary, SeriesCompletion, Streak
from consumer.jobs.authors import RepositoryAuthors
from consumer.jobs.avatars import Libravatar
from consumer.jobs.endorsements import EndorsementCheck
from consumer.jobs.expiry import Expiry
from consumer.jobs.grants import OldSchool
from consumer.jobs.groups import GroupMembership
from consumer.jobs.housekeeping import (
    AppCleanUp,
    ClaimCleanUp,
    ExportCleanUp,
    InvitationCleanUp,
    KeyAge,
    LoginCleanUp,
    Outbox,
)
from consumer.jobs.lifecycle import Lifecycle
from consumer.jobs.mirrors import Mirror
from consumer.jobs.retention import ArchiveRetention
from issuer.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from consumer.jobs.protocol import Job

GROUP = "accolades.jobs"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_NAME = 64

OURS: tuple[Job, ...] = (
    Lifecycle(),
    GroupMembership(),
    Mirror(),
    Libravatar(),
    RepositoryAuthors(),
    OldSchool(),
    Anniversary(),
    Streak(),
    SeriesCompletion(),
    Expiry(),
    EndorsementCheck(),
    InvitationCleanUp(),
    ClaimCleanUp(),
    AppCleanUp(),
    LoginCleanUp(),
    ExportCleanUp(),
    Outbox(),
    ArchiveRetention(),
    KeyAge(),
)


@dataclass(slots=True)
class Jobs:
    """Jobs by their names, and why some of other packages cannot be taken."""

    by_name: dict[str, Job] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def find(self, name: str) -> Job:
        """Return the job of that name; raise `NotFoundError`."""
        job = self.by_name.get(name)
        if job is None:
            close = get_close_matches(name[:MAX_NAME], self.by_name, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see 'accolades jobs list'"
            raise NotFoundError(f"job {name!r:.80}: there is none: {hint}")
        return job


def all_jobs() -> Jobs:
    """Return our jobs and those of installed packages; one that is none stops no other."""
    found = Jobs({job.name: job for job in OURS})
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            job = _checked(point.name, point.load())
            if job.name in found.by_name:
                raise InvalidInputError(f"its name {job.name!r} belongs to another job")
        except Exception as error:  # noqa: BLE001 -- importing foreign code can raise anything
            found.problems.append(f"{point.value}: {error}")
        else:
            found.by_name[job.name] = job
    return found


def _checked(called: str, loaded: Any) -> Job:
    """Return the job that an entry point names: an object, or a class without arguments."""
    made = loaded() if isinstance(loaded, type) else loaded
    name = getattr(made, "name", None)
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise InvalidInputError("needs a name of small letters, digits and hyphens")
    if name != called:
        raise InvalidInputError(f"the entry point is called {called!r}, but the job {name!r}")
    if not isinstance(getattr(made, "summary", None), str):
        raise InvalidInputError("needs a summary: one sentence")
    if not callable(getattr(made, "run", None)):
        raise InvalidInputError("needs a method run(work)")
    return cast("Job", made)
