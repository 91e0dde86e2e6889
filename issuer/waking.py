# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a process does about what its commits leave to others.

With a broker it tells the workers. Without one it does the work itself, in a thread of its own, so
that no request waits. Either way it stands in the database: what nobody is told of is found later.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from issuer.adapters.queues import Caller, make_app
from issuer.errors import BrokerAwayError
from issuer.filling import Backfiller
from issuer.preparing import Preparer
from issuer.pushing import Pusher, calls_of
from issuer.services import sweeping
from issuer.services.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from issuer.site import Site

log = logging.getLogger(__name__)

#: What looks again by itself waits no longer than this, and ends where nothing is due for long.
LONGEST_WAIT, PATIENCE = 30.0, timedelta(minutes=10)
#: So long a command goes on with what it left, where no worker does it.
LAST_SECONDS = 60.0
#: What a process without a broker does by itself; decisions are made where messages come in.
HERE = (Task.PUSH, Task.EXPORT, Task.BACKFILL)


def join(site: Site) -> Site:
    """Let what this process commits be done soon. Doing it twice changes nothing."""
    if site.database.on_left is None:
        site.database.on_left = Telling(site) if site.settings.broker_url else Working(site)
    return site


def wake(site: Site, task: Task) -> None:
    """Look at once at what may have become due by itself, where no worker does."""
    if isinstance(site.database.on_left, Working):
        site.database.on_left({task})


class Telling:
    """Tells the workers, by a thread of its own: nobody waits for a broker."""

    def __init__(self, site: Site) -> None:
        self._caller = Caller(make_app(site.settings))
        self._lock = threading.Lock()
        self._untold: set[str] = set()
        self._is_running = False

    def __call__(self, tasks: Iterable[str]) -> None:
        """Tell them soon; what is told several times meanwhile is told once."""
        with self._lock:
            self._untold |= set(tasks)
            if self._is_running:
                return
            self._is_running = True
        threading.Thread(target=self._run, daemon=True, name="tasks").start()

    def _run(self) -> None:
        while True:
            with self._lock:
                tasks, self._untold = sorted(self._untold), set()
                if not tasks:
                    self._is_running = False
                    return
            try:
                tell(self._caller, tasks)
            except Exception:  # the edge of a thread
                log.exception("workers cannot be told: they find it by themselves")


def tell(caller: Caller, tasks: Iterable[str]) -> None:
    """Tell the workers; that the broker is away is one line, and they find it by themselves."""
    try:
        for task in tasks:
            caller.call(task)
    except BrokerAwayError as error:
        log.warning("workers are not told, they find by themselves what waits: %s", error)


class Working:
    """Does by itself what workers would do: one thread of a process, as long as there is work."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._is_running = False

    def __call__(self, tasks: Iterable[str]) -> None:
        """Say that there may be something to do."""
        if not set(tasks) & set(HERE):
            return
        self._news.set()
        with self._lock:
            if self._is_running:
                return
            self._is_running = True
        threading.Thread(target=self._run, daemon=True, name="tasks").start()

    def _run(self) -> None:
        try:
            self._work()
        except SQLAlchemyError as error:
            log.warning("what is done behind the scenes waits: %s", error)
            self._end()
        except Exception:  # the edge of a thread
            log.exception("what is done behind the scenes waits")
            self._end()

    def _work(self) -> None:
        workshop = Workshop(self._site)
        while True:
            self._news.clear()
            while workshop.turn():
                pass
            if self._wait():
                continue
            with self._lock:  # whoever wakes it just now is heard, or starts another
                if not self._news.is_set():
                    self._is_running = False
                    return

    def _end(self) -> None:
        with self._lock:
            self._is_running = False

    def _wait(self) -> bool:
        """Wait until something is due; tell whether anything will be."""
        with self._site.database.reading() as session:
            found = sweeping.next_due(session)
        moments = [moment for task, moment in found.items() if task in HERE]
        seconds = (min(moments) - datetime.now(UTC)).total_seconds() if moments else None
        if seconds is None or seconds > PATIENCE.total_seconds():
            return False
        self._news.wait(min(max(seconds, 1.0), LONGEST_WAIT))
        return True


class Workshop:
    """What does the work of each task, a part of it at a time."""

    def __init__(self, site: Site) -> None:
        self._pusher = Pusher(site, calls_of(site))
        self._preparer = Preparer(site)
        self._backfiller = Backfiller(site)

    def turn(self) -> bool:
        """Do a part of what is due of each task; tell whether there was any."""
        done = (self._pusher.push(), self._preparer.prepare(), self._backfiller.backfill())
        return any(done)


def settle(site: Site, tasks: Iterable[str]) -> None:
    """Tell the workers of what a command left; without a broker, do it for a while.

    A thread would end with the command.
    """
    left = sorted(tasks)
    if site.settings.broker_url and left:
        tell(Caller(make_app(site.settings)), left)
    elif set(left) & set(HERE):
        workshop, end = Workshop(site), time.monotonic() + LAST_SECONDS
        while workshop.turn() and time.monotonic() < end:
            pass
