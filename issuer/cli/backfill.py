# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades backfill`` and ``accolades rules dry-run``: a rule over all messages there are.

The database counts for everybody at one go where the rule allows that. Else the messages go
through the very code that the consumer uses, on a database of their own, so that a rule decides as
it would have decided then.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from issuer.adapters.messages import Incoming
from issuer.cli.main import Context, pass_context
from issuer.cli.outside import opened_past
from issuer.cli.progress import bar
from issuer.cli.scratch import scratch_site
from issuer.errors import InvalidInputError
from issuer.intake import MAX_GROUP, Intake, policy_of
from issuer.services import archive, backfilling, explaining, histories, qualifying, setup
from issuer.services.backfilling import Hit
from issuer.services.grouping import OwnArchive
from issuer.services.replaying import groups
from openbadges.errors import MalformedError
from openbadges.times import parse_time
from rules.loader import Loaded, load
from rules.pushing import concerned, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from issuer.adapters.history.asking import Archive
    from issuer.services.histories import Past
    from issuer.services.processing import Policy
    from issuer.site import Site
    from rules.model import Rule
    from rules.pushing import Grouped

#: Messages that both the history and the archive may have while the history counts for everybody.
MOST_TWICE = 100_000

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
    for some in groups(_hits(context, compiled, since), MAX_GROUP):
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
    for some in groups(_hits(context, compiled, since), MAX_GROUP):
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


def _hits(context: Context, rule: Rule, since: datetime | None) -> Iterator[Hit]:
    """Yield who earned the badge since a moment."""
    site, policy = context.site, policy_of(context.site.settings)
    with opened_past(site) as past, site.database.reading() as session:
        asked = grouped(rule)
        archives = _archives(session, past, asked) if asked is not None else None
        found = (
            _replayed(context, session, past, rule)
            if asked is None or archives is None
            else _grouped(asked, archives, policy)
        )
        yield from (hit for hit in found if since is None or hit.earned_at >= since)


def _grouped(asked: Grouped, archives: list[Archive], policy: Policy) -> Iterator[Hit]:
    with bar("People and messages", None) as advance:
        yield from qualifying.qualified(asked, archives, policy, note=advance)


def _archives(session: Session, past: Past | None, asked: Grouped) -> list[Archive] | None:
    """Return all that is counted, None where one of it cannot count for everybody at one go."""
    own = OwnArchive(session)
    if past is None:
        return [own]
    ids = archive.ids_of(session, asked.counts, until=past.until)
    before = past.history.archive(until=past.until, without=ids)
    return None if before is None or len(ids) > MOST_TWICE else [before, own]


def _replayed(context: Context, session: Session, past: Past | None, rule: Rule) -> Iterator[Hit]:
    """Yield who earned the badge, while the archive goes through a site of its own."""
    now, policy, relevant = datetime.now(UTC), policy_of(context.site.settings), concerned(rule)
    with scratch_site(context) as scratch:
        stores = setup.Stores(scratch.keys, scratch.objects)
        with scratch.database.writing() as making:
            alone = Loaded((rule,), ())
            report = setup.sync_rules(making, alone, scratch.settings, stores, now=now)
        if report.problems:
            raise InvalidInputError(report.problems[0])
        intake = Intake(scratch, policy)
        with bar("Messages", histories.size(session, past, relevant)) as advance:
            for group in groups(histories.messages(session, past, relevant), MAX_GROUP):
                sent = {message.id: message.sent_at for message in group}
                incoming = [Incoming(message, message.usernames) for message in group]
                for processed in intake.handle_group(incoming, now=now):
                    advance()
                    occurrence = processed.message_id if rule.repeatable else ""
                    for given in processed.given:
                        if given.badge.slug == rule.slug:  # badges in Python hear messages too
                            moment = sent[processed.message_id]
                            name = given.person.username
                            yield Hit(name, processed.message_id, moment, occurrence)


def _show(rule: Rule, hits: list[Hit], *, as_json: bool) -> None:
    for hit in hits:
        moment = hit.earned_at.isoformat()
        if as_json:
            facts = {"badge": rule.badge_id, "user": hit.username}
            click.echo(json.dumps({**facts, "message": hit.message_id, "earned_at": moment}))
        else:
            click.echo(f"{hit.username}  {moment}  {hit.message_id}")
