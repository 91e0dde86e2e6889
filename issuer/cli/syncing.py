# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades rules sync``: badges, rules and artwork of folders and git repositories."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from issuer.adapters.keystores import KeyFolder
from issuer.adapters.objects import ObjectFolder
from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.cli.progress import bar
from issuer.errors import AccoladesError, InvalidInputError
from issuer.services import setup, sources, synchronised
from rules import plugins
from rules.errors import RuleError
from rules.loader import SUFFIXES, Problem, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from issuer.services.collections import SyncReport
    from issuer.services.sources import Source
    from issuer.site import Site
    from rules.loader import Loaded


@click.command()
@click.argument("collections", nargs=-1, metavar="[DIR|GIT-URL]...")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.option("--dry-run", is_flag=True, help="Show the difference and change nothing.")
@click.option("--keep", is_flag=True, help="Keep rules in force that are gone from the collection.")
@pass_context
def sync(
    context: Context, collections: tuple[str, ...], *, yes: bool, dry_run: bool, keep: bool
) -> None:
    """Load badges, rules and artwork (default: all collections of the settings).

    A GIT-URL (https, or the path of a bare repository) may name a branch after `#`. The difference
    is shown first; on a terminal you are asked. Rules that are gone from a collection retire: their
    badges keep their awards. A file that is wrong stops no other, and while there is one nothing
    of its collection retires.
    """
    site = context.site
    addresses = collections or [str(folder) for folder in setup.folders_of(site.settings)]
    asking = not yes and not dry_run and _is_terminal()
    with _noted(site, addresses, dry_run=dry_run) as problems, sources.opened(addresses) as opened:
        loaded = _loaded(opened)
        classes = () if collections else plugins.installed().badges
        if not (loaded.rules or loaded.problems or classes):
            where = addresses[0] if addresses else "settings"
            raise InvalidInputError(
                f"{where}: holds no rule file: give *.yml files or their folder"
            )
        problems += [sources.told(opened, problem) for problem in loaded.problems]
        for line in problems:
            click.echo(line, err=True)
        if dry_run or asking:
            report = _sync(site, loaded, opened, keep=keep, dry=True)
            _show(report, loaded)
        if asking and not click.confirm("Go on?"):
            click.echo("nothing was changed")
            sys.exit(NEGATIVE)
        if not dry_run:
            report = _sync(site, loaded, opened, keep=keep, dry=False)
            problems += report.problems
            if not asking:
                _show(report, loaded)
    sys.exit(NEGATIVE if loaded.problems or report.problems else 0)


@contextmanager
def _noted(site: Site, addresses: Sequence[str], *, dry_run: bool) -> Iterator[list[str]]:
    """Give a list for what goes wrong, and let those who watch the site know it afterwards."""
    problems: list[str] = []

    def note() -> None:
        with site.database.writing() as session:
            synchronised.note(session, addresses, problems, now=datetime.now(UTC))

    try:
        yield problems
    except (AccoladesError, RuleError) as error:
        problems.append(str(error))
        note()
        raise
    # Whoever did not go on, or only looked, tells nothing about the rules in force.
    if not dry_run:
        note()


def _loaded(opened: Sequence[Source]) -> Loaded:
    """Read all files; a rule that is only a link in a repository is a problem of its own."""
    loaded = load([source.path for source in opened])
    links = [
        Problem(link, 1, 1, "a link, which is not followed", "put the file itself here")
        for source in opened
        for link in map(Path, source.left_out)
        if link.suffix.lower() in SUFFIXES and source.holds(link)
    ]
    return replace(loaded, problems=(*loaded.problems, *links))


def _sync(
    site: Site, loaded: Loaded, opened: Sequence[Source], *, keep: bool, dry: bool
) -> SyncReport:
    """Bring the site to what the files say; when it is dry all of it is thrown away."""
    with (
        tempfile.TemporaryDirectory(prefix="accolades-") as folder,
        site.database.session() as session,
        bar("Badges", len(loaded.rules)) as advance,
    ):
        session.connection(execution_options={"writing": True})
        stores = setup.Stores(site.keys, site.objects)
        if dry:
            stores = setup.Stores(KeyFolder(Path(folder)), ObjectFolder(Path(folder)))
        report = setup.sync_rules(
            session,
            loaded,
            site.settings,
            stores,
            now=datetime.now(UTC),
            progress=advance,
            sources=opened,
            keep=keep,
        )
        if dry:
            session.rollback()
        else:
            session.commit()
    return report


def _show(report: SyncReport, loaded: Loaded) -> None:
    for what in ("added", "changed", "retired", "kept"):
        for slug in getattr(report, what):
            click.echo(f"{what}: {slug}")
    for line in report.problems:
        click.echo(line, err=True)
    click.echo(
        f"{len(report.added)} added, {len(report.changed)} changed, "
        f"{len(report.retired)} retired, {len(report.unchanged)} unchanged, "
        f"{len(loaded.problems) + len(report.problems)} refused"
        + (f", {len(report.kept)} kept as changed on the site" if report.kept else "")
    )


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
