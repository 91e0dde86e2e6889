# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades quarantine``: messages that were put aside, looked at and tried again."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.cli.progress import bar
from issuer.errors import InvalidInputError
from issuer.intake import Intake, policy_of
from issuer.retrying import content_of, try_again
from issuer.services import quarantine as aside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from issuer.models import QuarantinedMessage

PAGE = 500
SHOWN = 80


@click.group()
def quarantine() -> None:
    """See messages that could not be handled, try them again, or give them up."""


@quarantine.command("list")
@click.option("--all", "with_resolved", is_flag=True, help="Also those that were resolved.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_context
def list_kept(context: Context, *, with_resolved: bool, limit: int, as_json: bool) -> None:
    """Show the messages that wait for somebody, the oldest first."""
    with context.site.database.reading() as session:
        rows = aside.kept(session, with_resolved=with_resolved, limit=limit)
        found = [_facts(row) for row in rows]
    for facts in found:
        if as_json:
            click.echo(json.dumps(facts))
        else:
            state = facts["resolution"] or facts["reason"]
            click.echo(f"{facts['id']}  {facts['topic']:.{SHOWN}}  {state:.{SHOWN * 2}}")
    if not found and not as_json:
        click.echo("nothing was put aside")


@quarantine.command()
@click.argument("number", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def show(context: Context, number: int, *, as_json: bool) -> None:
    """Show one message with all that is kept of it."""
    with context.site.database.reading() as session:
        row = aside.find(session, number)
        facts = {**_facts(row), "content": content_of(row)}
    if as_json:
        click.echo(json.dumps(facts))
        return
    content = facts.pop("content")
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name.replace('_', ' ')}: {value}")
    click.echo(json.dumps(content, indent=2))


@quarantine.command()
@click.argument("numbers", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that wait.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_context
def replay(context: Context, numbers: tuple[int, ...], *, everything: bool, as_json: bool) -> None:
    """Try messages again, as if they came now; exit 1 if one still cannot be handled."""
    wanted = _chosen(context, numbers, everything=everything)
    intake = Intake(context.site, policy_of(context.settings))
    results = []
    with bar("Messages", len(wanted)) as advance:
        for number in wanted:
            tried = try_again(context.site, intake, number, now=datetime.now(UTC))
            results.append({"id": number, "awards": tried.awards, "error": tried.error})
            advance()
    for result in results:
        if as_json:
            click.echo(json.dumps(result))
        elif result["error"]:
            click.echo(f"{result['id']}: still cannot be handled: {result['error']}")
        else:
            click.echo(f"{result['id']}: handled, awards: {result['awards']}")
    if not results and not as_json:
        click.echo("nothing was put aside")
    sys.exit(NEGATIVE if any(result["error"] for result in results) else 0)


@quarantine.command()
@click.argument("numbers", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that wait.")
@pass_context
def drop(context: Context, numbers: tuple[int, ...], *, everything: bool) -> None:
    """Give messages up: what they said is forgotten, that they were there is kept."""
    wanted = _chosen(context, numbers, everything=everything)
    with context.site.database.writing() as session:
        for number in wanted:
            aside.drop(aside.find(session, number), now=datetime.now(UTC))
    click.echo(f"{len(wanted)} dropped")


def _chosen(context: Context, numbers: tuple[int, ...], *, everything: bool) -> Sequence[int]:
    if bool(numbers) == everything:
        raise InvalidInputError(
            "quarantine: name messages by their numbers, or all of them with --all"
        )
    if numbers:
        with context.site.database.reading() as session:
            return [aside.find(session, number).id for number in dict.fromkeys(numbers)]
    found: list[int] = []
    while True:
        with context.site.database.reading() as session:
            after = found[-1] if found else 0
            page = aside.kept(session, after=after, limit=PAGE)
            if not page:
                return found
            found += [row.id for row in page]


def _facts(row: QuarantinedMessage) -> dict[str, Any]:
    return {
        "id": row.id,
        "message_id": row.message_id,
        "topic": row.topic,
        "reason": row.reason,
        "times": row.times,
        "received_at": row.received_at.isoformat(),
        "resolved_at": row.resolved_at.isoformat() if row.resolved_at else None,
        "resolution": row.resolution,
    }
