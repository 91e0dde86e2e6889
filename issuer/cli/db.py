# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades db``: the tables."""

from __future__ import annotations

import json
import sys

import click
from sqlalchemy import func, select

from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.db import Base
from issuer.services import schema
from issuer.site import Site


@click.group()
def db() -> None:
    """Make, check and count the tables."""


@db.command()
@pass_context
def upgrade(context: Context) -> None:
    """Bring the tables to this version; several processes may try at once."""
    context.settings.home.mkdir(parents=True, exist_ok=True)
    schema.upgrade(Site.of(context.settings).database)
    click.echo("the tables are those of this version")


@db.command()
@pass_context
def check(context: Context) -> None:
    """Tell whether the tables are those of this version."""
    differences = schema.differences(context.site.database)
    for difference in differences:
        click.echo(difference)
    if differences:
        sys.exit(NEGATIVE)
    click.echo("the tables are those of this version")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def stats(context: Context, *, as_json: bool) -> None:
    """Count the rows of every table."""
    with context.site.database.reading() as session:
        counts = {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in sorted(Base.metadata.tables.items())
        }
    if as_json:
        click.echo(json.dumps(counts))
        return
    for name, number in counts.items():
        click.echo(f"{number:>12}  {name}")
