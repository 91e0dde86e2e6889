# SPDX-License-Identifier: AGPL-3.0-or-later
"""Workers: Celery takes messages from RabbitMQ, and each leads to a look at rows.

A message is acknowledged when its look is over. Whoever is killed leaves rows that are taken again
once their lease is over; a message about that comes from the sweep of any worker.
"""

from __future__ import annotations

import logging
import mmap
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from celery import bootsteps, signals
from celery.apps.worker import Worker
from celery.worker import state
from celery.worker.consumer import Consumer
from sqlalchemy.exc import OperationalError

from issuer.adapters.queues import SWEEP, Caller, make_app, name_of
from issuer.errors import BrokerAwayError
from issuer.filling import Backfiller
from issuer.intake import Intake, policy_of
from issuer.preparing import Preparer
from issuer.pushing import Pusher, calls_of
from issuer.services import sweeping
from issuer.services.tasks import Task
from issuer.site import Site
from issuer.waking import join

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from issuer.config import Settings

log = logging.getLogger(__name__)

#: Seconds between two looks at everything: what nobody was told of waits no longer.
SWEEP_EVERY = 30.0
#: Seconds after which a task lets others have their turn; it tells the queue that there is more.
TURN = 60.0
#: Seconds after which a task is killed, by the slowest part that it may do. All of them are shorter
#: than the half hour for which RabbitMQ waits.
LIMITS = {Task.DECIDE: 600, Task.PUSH: 600, Task.EXPORT: 1500, Task.BACKFILL: 1500}
SWEEP_LIMIT = 60
#: Seconds after which a sweep that nobody took is over; the clocks of machines differ by less.
SWEEP_STALE = 300.0


class Stop:
    """Whether a worker was told to stop: known to all its processes, without any lock."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)

    def set(self) -> None:
        """Tell all processes; a signal handler may."""
        self._shared[0] = 1

    def is_set(self) -> bool:
        """Whether it was told."""
        return bool(self._shared[0])


@dataclass
class Hands:
    """What a process of a worker works with; nothing is opened before it is used."""

    settings: Settings
    stop: Stop

    @cached_property
    def site(self) -> Site:
        """The site, with connections of this process alone."""
        return join(Site.of(self.settings))

    @cached_property
    def intake(self) -> Intake:
        """What decides about badges in Python."""
        return Intake(self.site, policy_of(self.settings))

    @cached_property
    def pusher(self) -> Pusher:
        """What hands in badges."""
        return Pusher(self.site, calls_of(self.site), is_stopped=self.stop.is_set)

    @cached_property
    def preparer(self) -> Preparer:
        """What makes exports."""
        return Preparer(self.site, is_stopped=self.stop.is_set)

    @cached_property
    def backfiller(self) -> Backfiller:
        """What sends rules through the archive."""
        return Backfiller(self.site, is_stopped=self.stop.is_set)

    def part(self, task: Task) -> bool:
        """Do a part of what is due; tell whether there was any."""
        if task is Task.DECIDE:
            return bool(self.intake.decide_pending(now=datetime.now(UTC)))
        if task is Task.PUSH:
            return bool(self.pusher.push())
        if task is Task.EXPORT:
            return self.preparer.prepare()
        return self.backfiller.backfill()

    def turn(self, task: Task) -> None:
        """Do what is due, for a while; who comes next goes on."""
        end = time.monotonic() + TURN
        while self.part(task):
            if self.stop.is_set() or time.monotonic() > end:
                self.tell(task)
                return

    def sweep(self) -> None:
        """Tell the queue of everything that is due."""
        with self.site.database.reading() as session:
            tasks = sweeping.due(session, now=datetime.now(UTC))
        for task in tasks:
            self.tell(task)

    def tell(self, task: Task) -> None:
        """Tell the queue that there is something to do."""
        told = self.site.database.on_left
        if told is not None:
            told({task})


def run(settings: Settings, processes: int) -> int:
    """Work until SIGTERM or SIGINT comes; return the exit code.

    What is in hand is then done to its end, or given back where that would take long.
    """
    stop = Stop()
    app = worker_app(settings, Hands(settings, stop))

    class Stoppable(Worker):  # type: ignore[misc]  # Celery has no types
        """A worker that two signals end, both in the same way."""

        def install_platform_tweaks(self, worker: Any) -> None:
            """Handle signals, and nothing of what Celery's own command does."""

            def end(_number: int, _frame: object) -> None:
                stop.set()
                state.should_stop = 0

            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, end)

    # Celery would set up logging by itself; it is set up already.
    signals.setup_logging.connect(_nothing, weak=False)
    worker = Stoppable(
        app=app,
        concurrency=processes,
        pool_cls="prefork",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def worker_app(settings: Settings, hands: Hands) -> Celery:
    """Return the application of a worker, with all tasks."""
    app = make_app(settings)
    app.conf.worker_consumer = f"{__name__}:PlainConsumer"
    app.steps["consumer"].add(Sweeper)
    # Shared ones would be those of every application of the process.
    for task, limit in LIMITS.items():
        app.task(_calm(hands.turn, task), name=name_of(task), time_limit=limit, shared=False)
    app.task(_calm(hands.sweep), name=name_of(SWEEP), time_limit=SWEEP_LIMIT, shared=False)
    return app


def _calm(work: Callable[..., None], *arguments: Task) -> Callable[[], None]:
    """Return a task that leaves to the next sweep what cannot be done now."""

    def task() -> None:
        try:
            work(*arguments)
        except OperationalError as error:
            log.warning("database away, what waits is looked at later: %s", error.orig)

    return task


class PlainConsumer(Consumer):  # type: ignore[misc]  # Celery has no types
    """A consumer without tasks that are put off: those would need 28 queues more."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]  # Celery has no types
        """What it consists of."""

        default_steps = [  # noqa: RUF012 -- Celery's own form
            step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        ]


class Sweeper(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """Lets a worker look at everything when it begins, and every half minute."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._timer: Any = None

    def start(self, parent: Any) -> None:
        """Begin, also after the broker was away."""
        log.info("waiting for work")
        caller = Caller(parent.app)
        self._timer = parent.timer.call_repeatedly(SWEEP_EVERY, _sweep, (caller,))
        _sweep(caller)

    def stop(self, _parent: Any) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _sweep(caller: Caller) -> None:
    try:
        caller.call(SWEEP, stale=SWEEP_STALE)
    except BrokerAwayError as error:
        log.warning("the sweep waits: %s", error)


def _nothing(**_options: Any) -> None:
    """Be told that logging may be set up."""
