# SPDX-License-Identifier: AGPL-3.0-or-later
"""The console script: all commands of the issuer, and those of the bus."""

from __future__ import annotations

import os
from pathlib import Path

import click
from fedora_messaging import cli as bus
from fedora_messaging import config
from fedora_messaging.exceptions import ConfigurationException

from consumer.bootstrap import open_intake
from issuer.app import create_app
from issuer.cli import make_group, run
from issuer.cli.commands import COMMANDS
from issuer.cli.main import Context, pass_context
from issuer.errors import ConfigurationError

CALLBACK = "consumer.callback:AccoladesConsumer"


@click.command()
@pass_context
def consume(context: Context) -> None:
    """Take messages from RabbitMQ and award badges, until it is told to stop.

    The bus is configured by the file that FEDORA_MESSAGING_CONF names.
    """
    named = os.environ.get("FEDORA_MESSAGING_CONF")
    if named and not Path(named).is_file():
        raise ConfigurationError([f"FEDORA_MESSAGING_CONF: there is no file {named}"])
    site, _ = open_intake(context.settings)  # says what is wrong before the bus is joined
    site.database.dispose()
    try:
        config.conf.load_config()
    except ConfigurationException as error:
        raise ConfigurationError([f"FEDORA_MESSAGING_CONF: {error}"]) from error
    # The command of fedora-messaging, because it alone stops gracefully on SIGTERM.
    click.get_current_context().invoke(bus.consume, callback=CALLBACK)


def main() -> None:
    """Run the command line."""
    run(make_group(create_app, [*COMMANDS, consume]))
