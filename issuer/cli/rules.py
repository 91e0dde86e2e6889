# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades rules``: lint rule files, and load them into the site."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.cli.progress import bar
from issuer.errors import InvalidInputError
from issuer.services import setup
from rules.loader import load

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
    if not loaded.rules and not loaded.problems:
        raise InvalidInputError(f"{paths[0]}: holds no rule file: give *.yml files or their folder")
    if as_json:
        problems = [
            {"file": str(item.path), "line": item.line, "message": item.message, "hint": item.hint}
            for item in loaded.problems
        ]
        click.echo(json.dumps({"rules": len(loaded.rules), "problems": problems}))
    else:
        for problem in loaded.problems:
            click.echo(str(problem))
        click.echo(f"right: {len(loaded.rules)}, problems: {len(loaded.problems)}")
    sys.exit(NEGATIVE if loaded.problems else 0)


@rules.command()
@click.argument("folders", nargs=-1, type=PATHS)
@pass_context
def sync(context: Context, folders: tuple[Path, ...]) -> None:
    """Load badges, rules and artwork of FOLDERS (default: all collections of the settings)."""
    site = context.site
    loaded = setup.load_collections(site.settings, folders)
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
