# SPDX-License-Identifier: AGPL-3.0-or-later
"""The group of all commands, and how every error becomes one line and an exit code."""

from __future__ import annotations

import io
import logging
import os
import sys
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import click
from sqlalchemy.exc import SQLAlchemyError

from issuer.cli.commands import CommandGroup
from issuer.config import load_settings
from issuer.errors import AccoladesError, ConfigurationError
from issuer.noting import Noting
from issuer.services import schema
from issuer.services.findings import clean
from issuer.site import Site
from openbadges.errors import OpenBadgesError
from rules.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from issuer.config import Settings

log = logging.getLogger(__name__)

NEGATIVE = 1
COULD_NOT = 2
INTERRUPTED = 130
MAX_LINE = 2000


@dataclass
class Context:
    """What commands share: the settings, and the site once something needs it."""

    create_app: Callable[..., Flask]
    debug: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    _left: Noting = field(default_factory=Noting)

    @cached_property
    def settings(self) -> Settings:
        """The settings of this run."""
        return load_settings()

    @cached_property
    def site(self) -> Site:
        """The site, with a database whose tables are those of this version."""
        site = Site.of(self.settings)
        schema.ensure_current(site.database)
        site.database.on_left = self._left
        return site

    def close(self) -> None:
        """See to what the command left to others, before it ends."""
        if "site" not in self.__dict__:
            return
        try:
            self._left.settle(self.site)
        except SQLAlchemyError as error:
            log.warning("what is done behind the scenes waits: %s", error)


pass_context = click.make_pass_decorator(Context)


def make_group(create_app: Callable[..., Flask], places: Mapping[str, str]) -> click.Group:
    """Return the group of the commands that are in these places (``module:attribute``).

    ``create_app`` makes the web application where one is served.
    """

    @click.group(
        cls=CommandGroup, places=places, context_settings={"help_option_names": ["-h", "--help"]}
    )
    @click.version_option(package_name="fedora-accolades", prog_name="accolades")
    @click.option("--debug", is_flag=True, help="Log what happens, with tracebacks.")
    @click.pass_context
    def accolades(context: click.Context, *, debug: bool) -> None:
        """Open Badges for what people do: award, sign, show, verify."""
        context.obj = Context(create_app, debug=debug)
        context.call_on_close(context.obj.close)
        logging.basicConfig(
            level=logging.INFO if debug else logging.ERROR,
            format="%(levelname)s %(name)s: %(message)s",
        )

    return accolades


def run(group: click.Group, arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 a negative answer, 2 wrong use or could not run."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        _prepare(arguments)
        result = group.main(args=arguments, prog_name="accolades", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has left; say nothing more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(NEGATIVE)
    except click.exceptions.NoArgsIsHelpError as error:
        command = error.ctx.command_path
        click.echo(f"accolades: '{command}' needs a command: see '{command} --help'", err=True)
        sys.exit(COULD_NOT)
    except (click.Abort, KeyboardInterrupt):
        click.echo("accolades: interrupted", err=True)
        sys.exit(INTERRUPTED)
    except Exception as error:  # the outer edge
        if "--debug" in arguments:
            logging.getLogger(__name__).exception("command failed")
        _explain(error)
        sys.exit(COULD_NOT)
    sys.exit(result if isinstance(result, int) else 0)


def _prepare(arguments: list[str]) -> None:
    """Make any letter printable, and refuse arguments that were read by half."""
    for argument in arguments:
        argument.encode()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _explain(error: Exception) -> None:
    for line in _lines(error):
        # What files and strangers are called may hold what moves a cursor.
        click.echo(f"accolades: {clean(' '.join(line.split()), MAX_LINE)}", err=True)


def _wrong_use(error: click.ClickException) -> str:
    if not isinstance(error, click.UsageError):
        return error.format_message()
    where = error.ctx.command_path if error.ctx else "accolades"
    return f"{error.format_message().rstrip('.')}: see '{where} --help'"


def _lines(error: Exception) -> list[str]:
    if isinstance(error, click.ClickException):
        return [_wrong_use(error)]
    if isinstance(error, ConfigurationError):
        return [f"configuration: {mistake}" for mistake in error.mistakes]
    if isinstance(error, (AccoladesError, OpenBadgesError, RuleError)):
        return [str(error)]
    if isinstance(error, SQLAlchemyError):
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return [f"database: {reason}: check ACCOLADES_DATABASE_URL and 'accolades db check'"]
    if isinstance(error, RuntimeError) and "sys.stdin" in str(error):
        return ["standard input: is closed"]  # click looks for a stream that is not there
    if isinstance(error, UnicodeEncodeError):
        return [f"argument {ascii(error.object)[:80]}: is not in UTF-8"]
    if isinstance(error, OSError) and error.strerror:
        return [f"{error.filename or 'system'}: {error.strerror}"]
    return [f"{type(error).__name__}: {error}: this is a defect, run again with --debug"]
