# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades rules``: lint and migrate rule files, and load them into the site."""

from __future__ import annotations

import difflib
import stat
import sys
from pathlib import Path

import click

from issuer.adapters.objects import write_whole
from issuer.cli.backfill import dry_run
from issuer.cli.checking import check
from issuer.cli.explaining import explain
from issuer.cli.main import NEGATIVE
from issuer.cli.syncing import sync
from issuer.errors import InvalidInputError
from rules.loader import Problem, problem_of, texts
from rules.migrating import migrate as migrated

PATHS = click.Path(exists=True, path_type=Path)


@click.group()
def rules() -> None:
    """Check rule files and load them."""


rules.add_command(check)
rules.add_command(dry_run)
rules.add_command(explain)
rules.add_command(sync)


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
