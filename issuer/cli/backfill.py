# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades backfill`` and ``accolades rules dry-run``: a rule over all messages there are."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from issuer import earning
from issuer.cli.main import Context, pass_context
from issuer.cli.progress import growing_bar
from issuer.earning import Watch
from issuer.errors import InvalidInputError
from issuer.intake import MAX_GROUP, policy_of
from issuer.services import backfilling, explaining
from issuer.services.replaying import groups
from openbadges.errors import MalformedError
from openbadges.times import parse_time
from rules.loader import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from issuer.services.backfilling import Hit
    from issuer.site import Site
    from rules.model import Rule

since_option = click.option(
    "--since",
    "since_text",
    metavar="TIME",
    help="Leave out what was earned before this moment (ISO 8601; a date is its first second).",
)


@click.command()
@click.argument("rule")
@since_option
@click.option("--dry-run", is_flag=True, help="Only show who would get the badge.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an award.")
@pass_context
def backfill(
    context: Context, rule: str, since_text: str | None, *, dry_run: bool, as_json: bool
) -> None:
    """Award the badge of RULE to all who earned it by messages of the archive.

    RULE is the slug of a rule of the site. Messages of datanommer or datagrepper count too, where
    they are configured. Awards carry the time of the message that earned them. It may be stopped
    and begun again at any time.
    """
    since = _moment(since_text)
    site = context.site
    with site.database.reading() as session:
        compiled = explaining.find_rule(session, rule)
    policy = policy_of(site.settings)
    number = 0
    with _hits(site, compiled, since) as hits:
        for some in groups(hits, MAX_GROUP):
            if dry_run:
                with site.database.reading() as session:
                    found = list(backfilling.without_holders(session, compiled, some))
            else:
                with site.database.writing() as session:
                    now = datetime.now(UTC)
                    found = backfilling.give(session, compiled, some, policy, now=now)
            number += len(found)
            _show(compiled, found, as_json=as_json)
    if not as_json:
        click.echo(f"{number} would be awarded" if dry_run else f"{number} awarded")


@click.command("dry-run")
@click.argument("rule")
@since_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an award.")
@pass_context
def dry_run(context: Context, rule: str, since_text: str | None, *, as_json: bool) -> None:
    """Show who would get the badge of RULE from the messages of the archive; nothing is changed.

    RULE is a file, or the slug of a rule of the site.
    """
    since = _moment(since_text)
    compiled = _rule(context.site, rule)
    number = 0
    with _hits(context.site, compiled, since) as hits:
        for some in groups(hits, MAX_GROUP):
            with context.site.database.reading() as session:
                found = list(backfilling.without_holders(session, compiled, some))
            number += len(found)
            _show(compiled, found, as_json=as_json)
    if not as_json:
        click.echo(f"{number} would be awarded")


def _rule(site: Site, name: str) -> Rule:
    path = Path(name)
    if not path.exists():
        with site.database.reading() as session:
            return explaining.find_rule(session, name)
    loaded = load([path])
    if loaded.problems or len(loaded.rules) != 1:
        reason = str(loaded.problems[0]) if loaded.problems else f"{name}: give one rule file"
        raise InvalidInputError(reason)
    return loaded.rules[0]


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    for addition in ("", "T00:00:00Z"):
        try:
            return parse_time(text + addition)
        except MalformedError:
            continue
    raise InvalidInputError(f"--since {text}: needs a time like 2026-03-01 or 2026-03-01T12:00:00Z")


@contextmanager
def _hits(site: Site, rule: Rule, since: datetime | None) -> Iterator[Iterator[Hit]]:
    """Give who earned the badge since a moment, with a bar that shows how far that is."""
    with growing_bar("Messages and people") as (advance, expect):
        yield earning.hits(site, rule, since, Watch(advance, expect))


def _show(rule: Rule, hits: list[Hit], *, as_json: bool) -> None:
    for hit in hits:
        moment = hit.earned_at.isoformat()
        if as_json:
            facts = {"badge": rule.badge_id, "user": hit.username}
            click.echo(json.dumps({**facts, "message": hit.message_id, "earned_at": moment}))
        else:
            click.echo(f"{hit.username}  {moment}  {hit.message_id}")
