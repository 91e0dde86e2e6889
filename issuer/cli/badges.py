# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades badges``: what there is to earn."""

from __future__ import annotations

import json
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from issuer.addresses import Addresses
from issuer.cli.main import Context, pass_context
from issuer.models import Badge
from issuer.services import badges as services


@click.group()
def badges() -> None:
    """List and show badges."""


@badges.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_context
def list_badges(context: Context, *, as_json: bool) -> None:
    """List all badges by slug."""
    with context.site.database.reading() as session:
        statement = select(Badge).order_by(Badge.slug).options(selectinload(Badge.tags))
        for badge in session.scalars(statement):
            if as_json:
                click.echo(json.dumps(_facts(badge)))
            else:
                retired = " (retired)" if badge.retired_at else ""
                click.echo(f"{badge.slug:32} {badge.name}{retired}")


@badges.command()
@click.argument("name", metavar="BADGE")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def show(context: Context, name: str, *, as_json: bool) -> None:
    """Show one badge, by its slug or by its id of the old systems."""
    with context.site.database.reading() as session:
        facts = _facts(services.find(session, name))
    if as_json:
        click.echo(json.dumps(facts))
        return
    for key, value in facts.items():
        click.echo(f"{key:12} {', '.join(value) if isinstance(value, list) else value}")


def _facts(badge: Badge) -> dict[str, Any]:
    return {
        "slug": badge.slug,
        "id": badge.legacy_id,
        "name": badge.name,
        "description": badge.description,
        "tags": [tag.name for tag in badge.tags],
        "points": badge.points,
        "retired": badge.retired_at is not None,
        "url": Addresses(badge.issuer.base_url).badge(badge.slug),
    }
