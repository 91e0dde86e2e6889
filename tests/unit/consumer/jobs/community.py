# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site whose jobs run under a fixed clock, and what they did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from consumer.jobs.running import run
from issuer.models import Award, Badge, JobRun, Person
from issuer.services import persons, runs
from tests.issuing import NOW, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from consumer.jobs.protocol import Job
    from consumer.jobs.running import Ended
    from issuer.site import Site


class Community:
    """One site; ``settings`` are set anew before each run."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.base: Site = make_site(home, database_url, allow_loopback=True, avatar_seconds=0)
        self.settings: dict[str, Any] = {}
        self.now = NOW

    @property
    def site(self) -> Site:
        """The site with its settings."""
        settings = self.base.settings.model_copy(update=self.settings)
        return replace(self.base, settings=settings)

    def use(self, directory: Any) -> None:
        """Let accounts be those of a directory."""
        self.settings |= {
            "accounts": "fasjson",
            "fasjson_url": directory.url,
            "fasjson_auth": "none",
        }

    def badges(self, *names: str, **changes: Any) -> None:
        """Make badges of these slugs."""
        with self.base.database.writing() as session:
            for name in names:
                make_badge(session, self.base, name.replace("-", " ").title(), **changes)

    def people(self, names: Iterable[str], **members: Any) -> None:
        """Let people be known to the site."""
        with self.base.database.writing() as session:
            for name in names:
                person = persons.ensure(session, name, now=NOW)
                for member, value in members.items():
                    setattr(person, member, value)

    def run(self, job: Job, *, dry_run: bool = False) -> Ended:
        """Run a job once."""
        return run(self.site, job, dry_run=dry_run, clock=lambda: self.now)

    def awards(self) -> list[tuple[str, str]]:
        """Return badge and person of all awards."""
        with self.base.database.reading() as session:
            rows = session.execute(
                select(Badge.slug, Person.username)
                .select_from(Award)
                .join(Badge, Award.badge_id == Badge.id)
                .join(Person, Award.person_id == Person.id)
            )
            return sorted((row[0], row[1]) for row in rows)

    def last(self, name: str) -> JobRun:
        """Return the record of the newest run."""
        with self.base.database.reading() as session:
            found = runs.last(session, name)
            assert found is not None
            session.expunge(found)
            return found

    def close(self) -> None:
        """Close the database."""
        self.base.database.dispose()
