# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades db``: the tables."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from sqlalchemy import func, select

from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.cli.progress import bar
from issuer.db import Base
from issuer.services import filling, schema, setup
from issuer.services.filling import Size
from issuer.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable


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


@db.command()
@click.option("--people", type=click.IntRange(1), default=2_000, show_default=True)
@click.option("--badges", type=click.IntRange(1), default=300, show_default=True)
@click.option("--awards", type=click.IntRange(0), default=60_000, show_default=True)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed makes the same site."
)
@pass_context
def fill(context: Context, *, people: int, badges: int, awards: int, seed: int) -> None:
    """Fill an empty site with an invented community; its badges verify."""
    site, now = context.site, datetime.now(UTC)
    stores = setup.Stores(site.keys, site.objects)
    size = Size(people=people, badges=badges, awards=awards, seed=seed)
    size.check()
    with site.database.writing() as session, ExitStack() as bars:

        def stage(title: str, steps: int) -> Callable[[], None]:
            bars.close()  # that of the stage before
            return bars.enter_context(bar(title, steps))

        issuer = setup.ensure_issuer(session, site.settings, stores, now=now)
        filling.fill(
            session,
            issuer,
            site.objects,
            size,
            email_domain=site.settings.email_domain,
            now=now,
            stage=stage,
        )
    click.echo(f"filled with {people:,} people, {badges:,} badges and {awards:,} awards")
