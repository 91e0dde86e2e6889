# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades worker``: does what was put off: decisions, badges to send, ZIPs, backfills."""

from __future__ import annotations

import logging
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

import click
from sqlalchemy.exc import OperationalError

from issuer.cli.main import Context, pass_context
from issuer.filling import Backfiller
from issuer.intake import Intake, policy_of
from issuer.preparing import Preparer
from issuer.pushing import Pusher, calls_of

log = logging.getLogger(__name__)

PAUSE = 1.0  # seconds without work
LONGEST_PAUSE = 30.0  # seconds while the database is away
PROCESSES, MOST_PROCESSES = 2, 64


@click.command()
@click.option("--once", is_flag=True, help="Do what is due and stop; this asks no broker.")
@click.option(
    "--processes",
    type=click.IntRange(1, MOST_PROCESSES),
    default=PROCESSES,
    show_default=True,
    help="With a broker: how many tasks are done at the same time.",
)
@pass_context
def worker(context: Context, *, once: bool, processes: int) -> int:
    """Do what was put off, until stopped: decide, send to backpacks, make ZIPs and backfills.

    With a broker (`broker_url`) it is told when there is something to do, and looks by itself every
    half minute; without one it looks every second. Any number may run beside each other.
    """
    site = context.site
    if site.settings.broker_url and not once:
        # Imported late: Celery is an extra, for sites with a broker.
        from issuer.working import run

        if not context.debug:
            _show()
        site.database.dispose()  # its processes have connections of their own
        return run(site.settings, processes)
    return _loop(context, once=once)


@dataclass(slots=True)
class _Done:
    """What was done so far."""

    decided: int = 0
    tried: int = 0
    made: int = 0
    filled: int = 0

    def add(self, decided: int, tried: int, made: int, filled: int) -> None:
        """Count what one look did."""
        self.decided += decided
        self.tried += tried
        self.made += made
        self.filled += filled

    def __str__(self) -> str:
        tried = f", {self.tried} tried at backpacks" if self.tried else ""
        made = f", {self.made} exports" if self.made else ""
        filled = f", {self.filled} backfills" if self.filled else ""
        return f"{self.decided} decided{tried}{made}{filled}"


def _loop(context: Context, *, once: bool) -> int:
    site = context.site
    intake = Intake(site, policy_of(site.settings))
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    pusher = Pusher(site, calls_of(site), rest=stopped.wait, is_stopped=stopped.is_set)
    preparer = Preparer(site, is_stopped=stopped.is_set)
    backfiller = Backfiller(site, is_stopped=stopped.is_set)
    log.info("waiting for work")
    done, pause = _Done(), PAUSE
    while not stopped.is_set():
        try:
            decided = intake.decide_pending(now=datetime.now(UTC))
            tried, made = pusher.push(), preparer.prepare()
            filled = backfiller.backfill()
        except OperationalError as error:
            if once:
                raise
            log.warning("database away, the worker waits %.0f s: %s", pause, error.orig)
            stopped.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        done.add(decided, tried, made, filled)
        pause = PAUSE
        if decided or tried or made or filled:
            continue
        if once:
            break
        stopped.wait(PAUSE)
    click.echo(str(done))
    return 0


def _show() -> None:
    """Log what an operator wants to see."""
    logging.getLogger("issuer").setLevel(logging.INFO)
    logging.getLogger("celery").setLevel(logging.WARNING)
