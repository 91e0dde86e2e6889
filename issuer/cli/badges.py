# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades badges``: what there is to earn."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from issuer.adapters.pictures import MAX_BYTES, accept
from issuer.addresses import Addresses
from issuer.cli.main import Context, pass_context
from issuer.errors import InvalidInputError
from issuer.models import Badge
from issuer.services import badge_editing, issuers
from issuer.services import badges as services
from issuer.services.permissions import Actor, Role
from issuer.services.slugs import slug_of
from rules.dialects.values import MAX_POINTS, badge_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from issuer.adapters.pictures import Picture

OPERATOR = Actor(username="cli", roles=frozenset({Role.ADMIN}), origin="accolades badges")


@click.group()
def badges() -> None:
    """Make, list, show and retire badges."""


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


@badges.command()
@click.argument("name")
@click.option("--description", required=True, help="One or two sentences.")
@click.option("--picture", type=click.Path(path_type=Path), help="A PNG or SVG.")
@click.option("--criteria", default="", help="How to earn it (Markdown).")
@click.option("--tag", "tags", multiple=True, help="A tag; may be given several times.")
@click.option(
    "--points",
    type=click.IntRange(0, MAX_POINTS),
    default=1,
    show_default=True,
    help="What it counts for on leaderboards.",
)
@click.option("--slug", help="The end of its web address (default: made from the name).")
@click.option("--issuer", help="The slug of its issuer (default: that of the settings).")
@pass_context
def create(context: Context, /, name: str, picture: Path | None, **given: Any) -> None:
    """Make the badge NAME; nobody can get it before it has a picture."""
    site, slug = context.site, given["slug"] or slug_of(name)
    facts = services.Facts(
        name=name,
        slug=slug,
        legacy_id=badge_id(name),
        description=given["description"],
        criteria_text=given["criteria"],
        tags=given["tags"],
        points=given["points"],
    )
    drawing = _read(picture) if picture else None
    with site.database.writing() as session:
        issuer = issuers.find(session, given["issuer"] or context.settings.issuer_slug)
        made = badge_editing.create(
            session, OPERATOR, issuer, facts, drawing, site.objects, now=datetime.now(UTC)
        )
        address = Addresses(issuer.base_url).badge(made.slug)
    click.echo(f"{slug}: made: {address}")


@badges.command()
@click.argument("name", metavar="BADGE")
@pass_context
def retire(context: Context, name: str) -> None:
    """Let nobody get BADGE any more; who has it keeps it."""
    _change(context, name, badge_editing.retire, "retired", "was retired before")


@badges.command()
@click.argument("name", metavar="BADGE")
@pass_context
def unretire(context: Context, name: str) -> None:
    """Let BADGE be earned again."""
    _change(context, name, badge_editing.unretire, "can be earned again", "was not retired")


def _change(
    context: Context, name: str, change: Callable[..., bool], done: str, before: str
) -> None:
    with context.site.database.writing() as session:
        badge = services.find(session, name)
        changed = change(session, OPERATOR, badge, now=datetime.now(UTC))
        slug = badge.slug
    click.echo(f"{slug}: {done if changed else f'{before}, nothing changed'}")


def _read(path: Path) -> Picture:
    try:
        with path.open("rb") as file:
            return accept(file.read(MAX_BYTES + 1), path.name)
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be read: {error.strerror}") from error


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
