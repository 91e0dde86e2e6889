# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long the job lifecycle takes for all accounts of a directory, and what it asks of us.

A PostgreSQL of its own that keeps what it commits. The directory is one in memory: what it takes to
answer is not ours. ``--help`` tells how to make it smaller or larger.
"""

from __future__ import annotations

import argparse
import logging
import resource
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from consumer.jobs import running
from consumer.jobs.lifecycle import Lifecycle
from consumer.jobs.work import Watcher, Work
from issuer.adapters.fasjson import PAGE, AccountPage
from issuer.cli.progress import growing_bar
from tests.benchmarks.bench_processing import DURABLE
from tests.issuing import NOW, make_badge, make_site
from tests.services import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consumer.jobs.running import Ended
    from issuer.site import Site

#: Accounts for each statement that the database is asked, at least.
WANTED = 100
MOST_GROWTH = 64 << 20


@dataclass(frozen=True, slots=True)
class Crowd:
    """A directory of invented accounts, some of them old enough for a badge."""

    accounts: int
    due: int

    def accounts_from(self, first: int) -> Iterator[AccountPage]:
        """Yield the pages as the adapter does."""
        every = self.accounts // self.due
        old, young = NOW - timedelta(days=400), NOW - timedelta(days=40)
        for number in range(first, (self.accounts - 1) // PAGE + 2):
            places = range((number - 1) * PAGE, min(number * PAGE, self.accounts))
            yield AccountPage(
                number,
                self.accounts,
                tuple(
                    (f"user{place:06}", (young if place % every else old).isoformat())
                    for place in places
                ),
            )


class Directory:
    """What the job asks."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    def accounts(self, *, first: int = 1) -> Iterator[AccountPage]:
        """Yield all accounts."""
        return self._crowd.accounts_from(first)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run cost."""

    ended: Ended
    seconds: float
    statements: int
    grown: int  # bytes that the process had at most, more than before


class OfCrowd(Lifecycle):
    """The job, with its directory in memory."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    def run(self, work: Work) -> None:
        """Run it."""
        vars(work)["directory"] = Directory(self._crowd)
        super().run(work)


def measure(site: Site, crowd: Crowd, watcher: Watcher | None = None) -> Measured:
    """Run the job over a crowd."""
    before, began = _peak(), time.monotonic()
    with _counting() as statements:
        ended = running.run(site, OfCrowd(crowd), watcher=watcher, clock=lambda: NOW)
    seconds = time.monotonic() - began
    return Measured(ended, seconds, statements[0], _peak() - before)


@contextmanager
def _counting() -> Iterator[list[int]]:
    """Count every statement, on whatever connection."""
    number = [0]

    def count(*_: Any) -> None:
        number[0] += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield number
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def prepared_site(home: Path, url: str) -> Site:
    """Return a site with the badge of one year."""
    site = make_site(home, url, lifecycle_badges={1: "egg"})
    with site.database.writing() as session:
        make_badge(session, site, "Egg")
    return site


def main() -> int:
    """Run what the command line asks for; 1 when it costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--due", type=int, default=2_000)
    arguments = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    crowd, good = Crowd(arguments.accounts, arguments.due), True
    say(f"The job lifecycle over {crowd.accounts:,} accounts, {crowd.due:,} of them due")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="accolades-bench-")))
        folder.chmod(0o711)
        database = postgres.start(folder / "db", DURABLE)
        stack.callback(database.stop)
        site = prepared_site(folder, stack.enter_context(postgres.fresh_database(database.url)))
        stack.callback(site.database.dispose)
        for name, wanted in (("first run", crowd.due), ("second run", 0)):
            with growing_bar(name) as (advance, expect):
                found = measure(site, crowd, Watcher(advance, expect))
            say(
                f"  {name:<12}{found.seconds:>7.1f} s{crowd.accounts / found.seconds:>10,.0f} "
                f"accounts a second{found.statements:>7} statements"
                f"{found.grown >> 20:>5} MiB more{found.ended.tally.awarded:>7,} awarded"
            )
            good &= found.ended.tally.awarded == wanted and found.grown < MOST_GROWTH
            good &= found.statements * WANTED <= crowd.accounts
    say(f"  wanted: a statement for {WANTED} accounts, less than {MOST_GROWTH >> 20} MiB more")
    return 0 if good else 1


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
