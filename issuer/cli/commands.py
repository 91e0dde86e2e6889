# SPDX-License-Identifier: AGPL-3.0-or-later
"""All commands of the issuer, and where each is; a command is imported when it is called for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Name → ``module:attribute``.
COMMANDS = {
    "award": "issuer.cli.awards:award",
    "backfill": "issuer.cli.backfill:backfill",
    "backpacks": "issuer.cli.backpacks:backpacks",
    "badges": "issuer.cli.badges:badges",
    "bake": "issuer.cli.baking:bake",
    "db": "issuer.cli.db:db",
    "demo": "issuer.cli.demo:demo",
    "export": "issuer.cli.exporting:export",
    "grant": "issuer.cli.grants:grant",
    "invite": "issuer.cli.invitations:invite",
    "keys": "issuer.cli.keys:keys",
    "outbox": "issuer.cli.outbox:outbox",
    "quarantine": "issuer.cli.quarantine:quarantine",
    "replay": "issuer.cli.replay:replay",
    "revoke": "issuer.cli.awards:revoke",
    "rules": "issuer.cli.rules:rules",
    "serve": "issuer.cli.serve:serve",
    "unbake": "issuer.cli.baking:unbake",
    "verify": "issuer.cli.verify:verify",
    "worker": "issuer.cli.worker:worker",
}


class CommandGroup(click.Group):
    """A group that imports a command when it is called, or when all are listed.

    Who verifies a badge need not wait for what draws pictures and speaks to the bus.
    """

    def __init__(self, *, places: Mapping[str, str], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # whatever a group takes
        self._places = places

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(context), *self._places})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command, imported now if it was not yet; None where there is none."""
        if name not in self.commands and name in self._places:
            self.add_command(imported(self._places[name]), name)
        return super().get_command(context, name)


def imported(place: str) -> click.Command:
    """Return the command at ``module:attribute``."""
    module, attribute = place.split(":")
    command: click.Command = getattr(import_module(module), attribute)
    return command
