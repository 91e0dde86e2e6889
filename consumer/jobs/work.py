# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a job works with: who is looked at, what they get, and what goes wrong with one of them."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from consumer.trouble import Trouble, trouble_of
from issuer.adapters.directories import accounts_of, directory_of
from issuer.errors import (
    AccoladesError,
    AccountsAwayError,
    BrokerAwayError,
    JobInterruptedError,
    MailAwayError,
    SourceAwayError,
)
from issuer.models import Source
from issuer.services import bestowing, runs
from issuer.services.awards import Cause
from issuer.services.bestowing import Sorted, Wish
from issuer.services.checking import web_address
from issuer.services.runs import Tally
from rules.recipients import is_username

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.adapters.accounts import OpenAccounts
    from issuer.adapters.fasjson import FasJson
    from issuer.config import Settings
    from issuer.services.standings import Holder
    from issuer.site import Site

log = logging.getLogger(__name__)

#: People after whom awards are written, and seconds after which they are in any case.
BATCH = 2000
SECONDS = 5.0
#: Awards of one transaction: it holds totals that others wait for.
TOGETHER = 100
#: Times that they are written when others get in their way.
TRIES = 3
#: Letters of the place where the next run goes on.
MAX_PLACE = 1000
#: Names that are told of a run.
MAX_GIVEN = 1000
#: What is no fault of the person who is looked at: the run ends, and the next one goes on.
AWAY = (AccountsAwayError, BrokerAwayError, JobInterruptedError, MailAwayError, SourceAwayError)

WANTS_NONE, HAS_IT, SERVICE = "want no badges", "have it already", "service accounts"


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who looks on: told of each step, and of how many there will be."""

    advance: Callable[[], object] = lambda: None
    expect: Callable[[int], object] = lambda _: None


@dataclass
class Work:
    """One run of a job. In a dry run everything is looked at and nothing is changed."""

    site: Site
    name: str
    now: datetime
    position: str = ""  # where an earlier run was interrupted
    is_dry_run: bool = False
    number: int | None = None  # of the row that records the run
    watcher: Watcher = field(default_factory=Watcher)
    ensure_ours: Callable[[], None] = lambda: None  # raises once another process may run the job
    clock: Callable[[], float] = time.monotonic
    tally: Tally = field(default_factory=Tally)
    given: list[tuple[str, str]] = field(default_factory=list)  # badge and person, the first ones
    _wishes: list[Wish] = field(default_factory=list)
    _badges: dict[str, int | None] = field(default_factory=dict)
    _slugs: dict[int, str] = field(default_factory=dict)
    _reached: str = ""
    _unwritten: int = 0
    _due: float = 0.0

    def __post_init__(self) -> None:
        self.tally.position = self._reached = self.position
        self._due = self.clock() + SECONDS
        self._skipped = {name.lower() for name in self.settings.skip_users}

    @property
    def settings(self) -> Settings:
        """The settings of the site."""
        return self.site.settings

    @cached_property
    def directory(self) -> FasJson:
        """The directory of accounts; raises `ConfigurationError` where the site has none."""
        return directory_of(self.settings)

    @cached_property
    def accounts(self) -> OpenAccounts:
        """Who has an account, and whose an address is."""
        return accounts_of(self.settings)

    def expect(self, number: int) -> None:
        """Say how many will be looked at, where that is known."""
        self.watcher.expect(number)

    @contextmanager
    def looking_at(self, who: str, *, position: str | None = None) -> Iterator[None]:
        """Look at one person or thing; what goes wrong with it is one line and ends nothing else.

        ``position`` is where the next run goes on if this one does not come to its end: behind
        this one. Raises what says that a source, or the database, is away.
        """
        waiting = len(self._wishes)
        try:
            yield
        except Exception as error:  # the code of a job: one broken person never stops the run
            del self._wishes[waiting:]
            if _ends_the_run(error):
                raise
            self.problem(f"{who}: {_said(error)}")
        self.tally.looked_at += 1
        self.watcher.advance()
        if position is not None:
            self._reached = _kept(position)
        self._unwritten += 1
        if self._unwritten >= BATCH or self.clock() >= self._due:
            self.write()

    def count(self, number: int) -> None:
        """Note that some were looked at whom nobody names."""
        self.tally.looked_at += number
        for _ in range(number):
            self.watcher.advance()

    def each(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield the keys that an interrupted run left over; one counts as done with the next.

        The keys must come in the same order in each run.
        """
        done = self.position
        keys = list(keys)
        places = [_kept(key) for key in keys]
        left = keys[places.index(done) + 1 :] if done and done in places else keys
        for key in left:
            yield key
            self._reached = _kept(key)

    def award(
        self,
        badge: str,
        username: str,
        *,
        narrative: str = "",
        evidence: Iterable[str] = (),
        occurrence: str = "",
        issued_at: datetime | None = None,
    ) -> None:
        """Give a badge, by its slug or old id; who has it or wants none is passed over.

        It is written with others, a little later. A badge that is missing is one line of the run.
        """
        row = self._badge(badge)
        if row is None:
            return
        if username.lower() in self._skipped:
            self.tally.skip(SERVICE)
            return
        if not is_username(username):
            self.problem(f"{username[:80]!r}: is no name of an account")
            return
        evidence = tuple(evidence)
        if wrong := [url for url in evidence if not web_address(url)]:
            self.problem(f"{username}: evidence {wrong[0][:80]!r}: is no web address")
            return
        cause = Cause(
            source=Source.JOB,
            id=f"job:{self.name}",
            narrative=narrative,
            evidence=tuple({"id": url} for url in evidence),
        )
        wish = Wish(
            badge_id=row,
            username=username,
            cause=cause,
            occurrence=occurrence,
            issued_at=issued_at,
        )
        self._wishes.append(wish)

    def problem(self, line: str) -> None:
        """Note what is wrong with one person or thing."""
        log.info("job %s: %s", self.name, line)
        self.tally.add_line(line)

    def without(self, badge: str, names: Sequence[str]) -> list[str]:
        """Return those of a few people to whom a badge could be given, to ask for no others."""
        row = self._badge(badge)
        if row is None:
            return []
        # What is no name is nobody's, and perhaps nothing that a database takes.
        asked = [name.lower() for name in names if is_username(name)]
        with self.reading() as session:
            out = bestowing.holders(session, row, asked)
        return [name for name in names if name.lower() not in out]

    def reading(self) -> AbstractContextManager[Session]:
        """Give a session to look at the database with."""
        return self.site.database.reading()

    @contextmanager
    def changing(self) -> Iterator[Session]:
        """Give a session whose changes are kept, unless this is a dry run."""
        self.ensure_ours()
        database = self.site.database
        with database.reading() if self.is_dry_run else database.writing() as session:
            yield session

    def write(self) -> None:
        """Write the awards that wait, and how far the run is; one that fails is one line.

        Those that are not written when the database goes away still wait.
        """
        if self._wishes:
            with self.reading() as session:
                found = bestowing.sort(session, self._wishes)
            self.tally.skip(HAS_IT, found.held)
            self.tally.skip(WANTS_NONE, found.away)
            self._wishes = found.due
            while self._wishes:
                self._give(self._wishes[:TOGETHER], found.people)
                del self._wishes[:TOGETHER]
        self.tally.position = self._reached
        with self.changing() as session:
            self._note(session, self.tally)
        self._unwritten, self._due = 0, self.clock() + SECONDS

    def _give(self, some: list[Wish], people: Mapping[str, Holder], *, tries: int = TRIES) -> None:
        """Give a few awards together, or one by one where the database refuses one of them."""
        try:
            self._give_together(some, people)
        except Exception as error:  # what is away or a defect is raised again, the rest is told
            if trouble_of(error) is Trouble.CONFLICT and tries > 1:
                self._give(some, people, tries=tries - 1)
                return
            if _ends_the_run(error):
                raise
            if len(some) == 1:
                self.problem(f"{some[0].username}: {_said(error)}")
                return
            log.info("job %s: awards are written one by one: %s", self.name, error)
            for each in some:
                self._give([each], people)

    def _give_together(self, some: list[Wish], people: Mapping[str, Holder]) -> None:
        # People who are made here are nobody again if this is undone.
        found = Sorted(dict(people), due=list(some))
        with self.changing() as session:
            made = some
            if not self.is_dry_run:
                domain = self.settings.email_domain
                made = bestowing.bestow(session, found, email_domain=domain, now=self.now)
            tally = replace(self.tally, skipped=dict(self.tally.skipped))
            tally.awarded += len(made)
            tally.skip(HAS_IT, len(some) - len(made))
            self._note(session, tally)
        self.tally = tally  # only now is it true
        room = MAX_GIVEN - len(self.given)
        self.given += [(self._slugs[wish.badge_id], wish.username) for wish in made[:room]]

    def _note(self, session: Session, tally: Tally) -> None:
        if self.number is not None:
            runs.note(session, self.number, tally)

    def _badge(self, name: str) -> int | None:
        """Return the row of a badge that can be given; say once why there is none."""
        if name in self._badges:
            return self._badges[name]
        with self.reading() as session:
            row, is_retired = bestowing.find_badges(session, [name]).get(name, (None, False))
        if row is None:
            self.problem(
                f"badge {name!r}: there is none: run 'accolades rules sync', or name another in "
                "the settings"
            )
        elif is_retired:
            self.problem(f"badge {name!r}: is retired, nobody gets it any more")
            row = None
        else:
            self._slugs[row] = name
        self._badges[name] = row
        return row


def _ends_the_run(error: Exception) -> bool:
    """Whether what went wrong is a source, or the database, that is away: the same for everybody.

    So is a conflict with others, which the next run does not have.
    """
    return isinstance(error, AWAY) or trouble_of(error) is not Trouble.LASTING


def _kept(key: str) -> str:
    """Return a place as a database takes it: strangers write what it does not."""
    return runs.plain(key)[:MAX_PLACE]


def _said(error: Exception) -> str:
    if isinstance(error, AccoladesError):
        return str(error)
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
