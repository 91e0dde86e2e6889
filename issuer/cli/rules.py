# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades rules``: lint and migrate rule files, and load them into the site."""

from __future__ import annotations

import difflib
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from issuer.adapters.objects import write_whole
from issuer.cli.checking import check
from issuer.cli.explaining import explain
from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.cli.progress import bar
from issuer.errors import InvalidInputError
from issuer.services import setup
from rules import plugins
from rules.loader import Problem, problem_of, texts
from rules.migrating import migrate as migrated

PATHS = click.Path(exists=True, path_type=Path)


@click.group()
def rules() -> None:
    """Check rule files and load them."""


rules.add_command(check)
rules.add_command(explain)


@rules.command()
@click.argument("paths", nargs=-1, required=True, type=PATHS)
@click.option("--write", is_flag=True, help="Rewrite the files in place.")
@click.option("--check", is_flag=True, help="Only name the files to rewrite; exit 1 if any.")
def migrate(paths: tuple[Path, ...], *, write: bool, check: bool) -> None:
    """Rewrite rules of the older dialects into the current one; without options, show how.

    A rule that the current dialect cannot express is left as it is, and every line that it has no
    words for is named; then the exit code is 1.
    """
    if write and check:
        raise click.UsageError("--write and --check exclude each other")
    problems: list[Problem] = []
    changed = current = 0
    refused: set[Path] = set()
    for file, text in texts(paths, problems):
        found = migrated(text)
        problems.extend(problem_of(file, error) for error in found.problems)
        changed += found.changed
        current += not found.changed and not found.problems
        if found.changed:
            _show(file, text, found.text, write=write, check=check)
    for item in problems:
        refused.add(item.path)
        click.echo(str(item), err=True)
    if not changed and not current and not problems:
        raise InvalidInputError(f"{paths[0]}: holds no rule file: give *.yml files or their folder")
    done = "rewritten" if write else "to rewrite"
    click.echo(f"{done}: {changed}, current: {current}, left alone: {len(refused)}", err=True)
    sys.exit(NEGATIVE if problems or (check and changed) else 0)


def _show(file: Path, before: str, after: str, *, write: bool, check: bool) -> None:
    """Rewrite a file, or show what would become of it."""
    if write:
        _replace(file, after)
    if write or check:
        click.echo(str(file))
        return
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), str(file), str(file)
    )
    for line in lines:
        click.echo(line, nl=not line.endswith("\n"))


def _replace(file: Path, text: str) -> None:
    """Put a text in the place of a file at once: after a crash it is the old one or the new one."""
    target = file.resolve()
    try:
        write_whole(target, text.encode(), stat.S_IMODE(target.stat().st_mode))
    except OSError as error:
        raise InvalidInputError(f"{file}: cannot be written: {error.strerror}") from error


@rules.command()
@click.argument("folders", nargs=-1, type=PATHS)
@pass_context
def sync(context: Context, folders: tuple[Path, ...]) -> None:
    """Load badges, rules and artwork of FOLDERS (default: all collections of the settings)."""
    site = context.site
    loaded = setup.load_collections(site.settings, folders)
    classes = () if folders else plugins.installed().badges
    if not (loaded.rules or loaded.problems or classes):
        where = folders[0] if folders else "settings"
        raise InvalidInputError(f"{where}: holds no rule file: give *.yml files or their folder")
    for problem in loaded.problems:
        click.echo(str(problem), err=True)
    stores = setup.Stores(site.keys, site.objects)
    with (
        site.database.writing() as session,
        bar("Badges", len(loaded.rules)) as advance,
    ):
        report = setup.sync_rules(
            session, loaded, site.settings, stores, now=datetime.now(UTC), progress=advance
        )
    for line in report.problems:
        click.echo(line, err=True)
    click.echo(
        f"{len(report.added)} added, {len(report.changed)} changed, "
        f"{len(report.unchanged)} unchanged, {len(loaded.problems) + len(report.problems)} refused"
    )
    sys.exit(NEGATIVE if loaded.problems or report.problems else 0)
