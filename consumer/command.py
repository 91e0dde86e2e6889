# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades consume``: take messages from the bus until it is told to stop."""

from __future__ import annotations

import logging
import sys

import click
from fedora_messaging import cli as bus
from fedora_messaging import config
from twisted.python.log import PythonLoggingObserver

from consumer import awaiting
from consumer.supervising import Supervisor, end_with_parent
from issuer.adapters.publishing import load_bus_configuration
from issuer.cli.main import Context, pass_context

CALLBACK = "consumer.callback:AccoladesConsumer"
MOST_PROCESSES = 64


@click.command()
@click.option(
    "--processes",
    type=click.IntRange(1, MOST_PROCESSES),
    default=1,
    show_default=True,
    help="How many processes share the queue; one that crashes is started again.",
)
@click.option("--slot", type=int, hidden=True, help="Which of several processes this one is.")
@pass_context
def consume(context: Context, *, processes: int, slot: int | None) -> None:
    """Take messages from RabbitMQ and award badges, until it is told to stop.

    Announcements in the outbox are sent too. SIGHUP looks for changed rules at once; changes are
    seen within a second of the next message anyway. The bus is configured by the file that
    FEDORA_MESSAGING_CONF names. A database that is away is waited for, ten minutes at most.
    """
    load_bus_configuration()
    _set_up_logging(debug=context.debug)
    if slot is not None:
        end_with_parent()
        if config.conf["monitoring"]:
            config.conf["monitoring"]["port"] += slot
    # Says what is wrong before the bus is joined; who only is away is waited for.
    awaiting.opened(lambda: context.site).database.dispose()
    if processes > 1:
        debug = ["--debug"] if context.debug else []
        command = [sys.executable, "-P", "-m", "consumer", *debug, "consume"]
        sys.exit(Supervisor(command, processes).run())
    # The command of fedora-messaging, because it alone stops gracefully on SIGTERM.
    click.get_current_context().invoke(bus.consume, callback=CALLBACK)


def _set_up_logging(*, debug: bool) -> None:
    """Log as the file of the bus says; where it says nothing, what an operator wants to see."""
    PythonLoggingObserver().start()  # or the event loop's own errors are shown nowhere
    if config.conf["log_config"] != config.DEFAULTS["log_config"]:
        config.conf.setup_logging()
    elif not debug:
        for name in ("consumer", "issuer"):
            logging.getLogger(name).setLevel(logging.INFO)
        for name in ("fedora_messaging", "twisted"):
            logging.getLogger(name).setLevel(logging.WARNING)
