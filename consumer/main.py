# SPDX-License-Identifier: AGPL-3.0-or-later
"""The console script: all commands of the issuer, and those of the bus."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from issuer.cli import make_group, run
from issuer.cli.commands import COMMANDS

if TYPE_CHECKING:
    from flask import Flask

    from issuer.config import Settings

ALL_COMMANDS = {
    **COMMANDS,
    "consume": "consumer.command:consume",
    "jobs": "consumer.jobs.command:jobs",
}


def create_app(settings: Settings) -> Flask:
    """Make the web application; only a command that serves it pays for importing it."""
    made: Flask = import_module("issuer.app").create_app(settings)
    return made


def main() -> None:
    """Run the command line."""
    run(make_group(create_app, ALL_COMMANDS))
