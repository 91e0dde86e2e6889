# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades grant``: who may hand out a badge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from sqlalchemy import select

from issuer.cli.main import Context, pass_context
from issuer.errors import NotFoundError
from issuer.models import Grant
from issuer.services import badges, grants, persons
from issuer.services.permissions import Actor, Role

#: Whoever may run commands may do everything.
OPERATOR = Actor(username="cli", roles=frozenset({Role.ADMIN}), origin="accolades grant")


@click.command()
@click.argument("badge")
@click.argument("user", required=False, default="")
@click.option("--group", default="", help="A group of the login service, in place of a person.")
@click.option("--quota", type=click.IntRange(1), help="How often each may give it.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day.")
@click.option("--end", "ends", is_flag=True, help="End the grant now.")
@pass_context
def grant(
    context: Context,
    badge: str,
    user: str,
    group: str,
    quota: int | None,
    until: datetime | None,
    *,
    ends: bool,
) -> None:
    """Let USER hand out BADGE; for what they hold already, change how often and until when."""
    now = datetime.now(UTC)
    last = until.replace(tzinfo=UTC) + timedelta(days=1) if until else None
    terms = grants.Terms(username=user, group=group, quota=quota, expires_at=last)
    with context.site.database.writing() as session:
        found = badges.find(session, badge)
        if ends:
            statement = select(Grant.id).filter_by(badge_id=found.id)
            if group:
                statement = statement.filter_by(group_name=group)
            else:
                statement = statement.filter_by(person_id=persons.find(session, user).id)
            number = session.scalars(statement).one_or_none()
            if number is None:
                raise NotFoundError(f"grant of {group or user!r} for {found.slug!r}: there is none")
            grants.end(session, OPERATOR, number, now=now)
            state = "ended"
        else:
            is_new = grants.put(session, OPERATOR, found, terms, now=now)[1]
            state = "granted" if is_new else "changed"
        slug = found.slug
    click.echo(f"{slug}: {group or user}: {state}")
