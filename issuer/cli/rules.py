# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades rules``: lint rule files, and load them into the site."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.cli.progress import bar
from issuer.errors import InvalidInputError
from issuer.services import collections, setup
from rules.counting import costly
from rules.loader import Problem, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.model import Rule

PATHS = click.Path(exists=True, path_type=Path)


@click.group()
def rules() -> None:
    """Check rule files and load them."""


@rules.command()
@click.argument("paths", nargs=-1, required=True, type=PATHS)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Lint rule files and folders; exit 1 if any has an error."""
    loaded = load(paths)
    problems = [*loaded.problems, *_pictures(loaded.rules)]
    warnings = list(_costly(loaded.rules))
    if not loaded.rules and not loaded.problems:
        raise InvalidInputError(f"{paths[0]}: holds no rule file: give *.yml files or their folder")
    if as_json:
        found = {
            "rules": len(loaded.rules),
            "problems": [_as_json(item) for item in problems],
            "warnings": [_as_json(item) for item in warnings],
        }
        click.echo(json.dumps(found))
    else:
        for problem in problems:
            click.echo(str(problem))
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
        wrong = {problem.path for problem in problems}
        right = sum(Path(rule.source) not in wrong for rule in loaded.rules)
        click.echo(f"right: {right}, problems: {len(problems)}")
    sys.exit(NEGATIVE if problems else 0)


def _as_json(item: Problem) -> dict[str, object]:
    return {"file": str(item.path), "line": item.line, "message": item.message, "hint": item.hint}


def _costly(found: Iterable[Rule]) -> Iterator[Problem]:
    """Yield which rules read rows of the archive for each message, and why."""
    for rule in found:
        if reason := costly(rule):
            hint = "it looks at the newest rows alone: set rows_per_page, or count with a filter"
            yield Problem(Path(rule.source), rule.line, 1, f"the rule is costly: {reason}", hint)


def _pictures(found: Iterable[Rule]) -> Iterator[Problem]:
    """Yield what is wrong with the pictures of rules."""
    for rule in found:
        try:
            collections.find_picture(rule)
        except InvalidInputError as error:
            yield Problem(Path(rule.source), rule.line, 1, str(error), "")


@rules.command()
@click.argument("folders", nargs=-1, type=PATHS)
@pass_context
def sync(context: Context, folders: tuple[Path, ...]) -> None:
    """Load badges, rules and artwork of FOLDERS (default: all collections of the settings)."""
    site = context.site
    loaded = setup.load_collections(site.settings, folders)
    if not loaded.rules and not loaded.problems:
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
