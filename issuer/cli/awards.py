# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades award`` and ``accolades revoke``."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from issuer.cli.main import Context, pass_context
from issuer.models import Source
from issuer.services import awards, badges, persons, wishes


@click.command()
@click.argument("badge")
@click.argument("users", nargs=-1, required=True)
@click.option("--narrative", default="", help="Why, in words for people (Markdown).")
@click.option("--evidence", multiple=True, metavar="URL", help="A page that shows what was done.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_context
def award(
    context: Context,
    badge: str,
    users: tuple[str, ...],
    narrative: str,
    evidence: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Give BADGE to USERS; somebody who has it keeps it, and nothing changes.

    Somebody from whom it was taken back gets it anew.
    """
    now = datetime.now(UTC)
    wishes.check_reasons(narrative, evidence)
    cause = awards.Cause(
        source=Source.ADMIN, narrative=narrative, evidence=[{"id": url} for url in evidence]
    )
    lines = []
    with context.site.database.writing() as session:
        found = badges.find(session, badge)
        for username in users:
            person = persons.ensure(session, username, now=now)
            outcome = awards.award_again(
                session,
                found,
                person,
                cause=cause,
                email_domain=context.settings.email_domain,
                now=now,
            )
            address = outcome.award.assertions[0].document_id
            lines.append((person.username, outcome.created, address))
    for username, created, address in lines:
        if as_json:
            click.echo(json.dumps({"user": username, "created": created, "assertion": address}))
        else:
            click.echo(f"{username}: {'awarded' if created else 'has it already'}: {address}")


@click.command()
@click.argument("award_name", metavar="AWARD")
@click.option("--reason", required=True, help="Why; it is published.")
@pass_context
def revoke(context: Context, award_name: str, reason: str) -> None:
    """Take AWARD back: the address or id of its assertion, or its own id."""
    with context.site.database.writing() as session:
        found = awards.find(session, award_name)
        changed = awards.revoke(session, found, reason, now=datetime.now(UTC))
        badge, username = found.badge.slug, found.person.username
    state = "revoked" if changed else "was revoked before, nothing changed"
    click.echo(f"{badge} of {username}: {state}")
