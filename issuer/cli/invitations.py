# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades invite``."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import click

from issuer.cli.main import Context, pass_context
from issuer.errors import InvalidInputError
from issuer.services import badges, invitations
from issuer.services.invitations import MAX_CODES, MAX_NOTE, MAX_USES, Wanted
from issuer.services.permissions import Actor

SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
NEVER = "never"
#: Who did it, in the audit log.
OPERATOR = Actor(username="cli", origin="accolades invite")


@click.command()
@click.argument("badge")
@click.option(
    "--expires",
    required=True,
    metavar="WHEN",
    help="A span (12h, 7d, 4w), a moment (ISO 8601; a date is its first second), or never.",
)
@click.option(
    "--uses",
    type=click.IntRange(1, MAX_USES),
    metavar="N",
    help="How many people may use the link; by default any number.",
)
@click.option(
    "--number",
    type=click.IntRange(1, MAX_CODES),
    metavar="N",
    help=f"Make N codes for one use each, at most {MAX_CODES}, in place of one link.",
)
@click.option("--note", default="", help=f"What it is for, at most {MAX_NOTE} characters.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_context
def invite(
    context: Context,
    badge: str,
    expires: str,
    uses: int | None,
    number: int | None,
    note: str,
    *,
    as_json: bool,
) -> None:
    """Make a link by which people claim BADGE, or one-time codes, and print the addresses."""
    if uses and number:
        raise click.UsageError("--uses is about one link: each code of --number has one use")
    now = datetime.now(UTC)
    wanted = Wanted(
        expires_at=_until(expires, now), maximum_uses=uses, codes=number or 0, note=note
    )
    with context.site.database.writing() as session:
        found = badges.find(session, badge)
        made = invitations.make(session, found, wanted, actor=OPERATOR, now=now)
        slug = found.slug
    until = wanted.expires_at.isoformat() if wanted.expires_at else None
    for each in made:
        address = f"{context.settings.base_url}/invitations/{each.token}"
        if as_json:
            facts = {"badge": slug, "url": address, "expires": until, "uses": each.maximum_uses}
            click.echo(json.dumps(facts))
        else:
            click.echo(address)


def _until(text: str, now: datetime) -> datetime | None:
    if text == NEVER:
        return None
    if match := SPAN.fullmatch(text):
        return now + int(match[1]) * UNITS[match[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            f"expiry {text[:40]!r}: must be like 7d, 2026-12-31 or 2026-12-31T18:00Z, or never"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
