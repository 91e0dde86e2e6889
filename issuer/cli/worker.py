# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades worker``: does what was put off, such as decisions of badges in Python."""

from __future__ import annotations

import logging
import signal
from datetime import UTC, datetime
from threading import Event

import click
from sqlalchemy.exc import OperationalError

from issuer.cli.main import Context, pass_context
from issuer.intake import Intake, policy_of

log = logging.getLogger(__name__)

PAUSE = 1.0  # seconds without work
LONGEST_PAUSE = 30.0  # seconds while the database is away


@click.command()
@click.option("--once", is_flag=True, help="Do what is due and stop.")
@pass_context
def worker(context: Context, *, once: bool) -> None:
    """Decide what badges in Python left for later, until it is told to stop.

    Any number may run beside each other. Without a broker the site does this by itself.
    """
    site = context.site
    intake = Intake(site, policy_of(site.settings))
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    log.info("waiting for work")
    done, pause = 0, PAUSE
    while not stopped.is_set():
        try:
            now_done = intake.decide_pending(now=datetime.now(UTC))
        except OperationalError as error:
            if once:
                raise
            log.warning("database away, the worker waits %.0f s: %s", pause, error.orig)
            stopped.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        done, pause = done + now_done, PAUSE
        if now_done:
            continue
        if once:
            break
        stopped.wait(PAUSE)
    click.echo(f"{done} decided")
