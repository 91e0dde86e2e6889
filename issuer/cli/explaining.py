# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades rules explain``: step by step what a rule makes of one message."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from issuer.adapters.accounts import ListedAccounts
from issuer.adapters.messages import from_record
from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.errors import DatabaseNotReadyError, InvalidInputError
from issuer.intake import policy_of
from issuer.outside import opened_past
from issuer.services import archive, explaining, histories
from issuer.services.replaying import MAX_LINE, json_value
from rules.explaining import explain as explained
from rules.loader import load

if TYPE_CHECKING:
    from issuer.services.histories import Past
    from issuer.services.processing import Policy
    from issuer.site import Site
    from rules.explaining import Explanation
    from rules.model import Message, Rule

ALONE = "no database is at hand: only this message was counted"


@click.command()
@click.argument("rule")
@click.argument("message")
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Who exists, name maps, skipped users (JSON).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def explain(
    context: Context, rule: str, message: str, settings_file: Path | None, *, as_json: bool
) -> None:
    """Say step by step why a rule awards for a message, or why not; nothing is changed.

    Exit 0 when it would award somebody, 1 when not.
    """
    accounts = ListedAccounts.read(settings_file) if settings_file else None
    policy = policy_of(context.settings, accounts)
    compiled = _rule(Path(rule)) if Path(rule).exists() else None
    said = _message(message) if message == "-" or Path(message).exists() else None
    parts = _Parts(rule, compiled, message, said)
    try:
        with opened_past(context.site) as past:
            compiled, result = histories.answered(
                past, lambda asked: _follow(context.site, parts, policy, asked)
            )
        note = ""
    except DatabaseNotReadyError:
        if compiled is None or said is None:
            raise
        around = explaining.Lone(policy.accounts, policy.skip_users, *said)
        result = explained(compiled, said[0], around)
        note = ALONE if compiled.previous or compiled.criteria else ""
    _show(compiled, result, note, as_json=as_json)
    sys.exit(0 if result.winners else NEGATIVE)


@dataclass(frozen=True, slots=True)
class _Parts:
    """A rule and a message, as they are named; without a value they are those of the site."""

    rule: str
    compiled: Rule | None
    message: str
    said: tuple[Message, tuple[str, ...]] | None


def _follow(
    site: Site, parts: _Parts, policy: Policy, past: Past | None
) -> tuple[Rule, Explanation]:
    """Follow a message through a rule on a site; nothing of it is kept."""
    with site.database.reading() as session:
        # The message is archived for the count, and thrown away with the session.
        session.connection(execution_options={"writing": True})
        session.info[histories.KEY] = past
        compiled = parts.compiled or explaining.find_rule(session, parts.rule)
        said, users = parts.said or explaining.find_message(session, parts.message)
        repeated = explaining.is_archived(session, said)
        archive.store(session, said, users, now=datetime.now(UTC))
        around = explaining.Here(policy.accounts, policy.skip_users, session, repeated, compiled)
        return compiled, explained(compiled, said, around)


def _rule(path: Path) -> Rule:
    """Return the rule of a file; raises `InvalidInputError` with all that is wrong with it."""
    loaded = load([path])
    if loaded.problems:
        raise InvalidInputError("; ".join(map(str, loaded.problems)))
    if len(loaded.rules) != 1:
        raise InvalidInputError(f"{path}: holds {len(loaded.rules)} rules: give the file of one")
    return loaded.rules[0]


def _message(name: str) -> tuple[Message, tuple[str, ...]]:
    """Return the message of a file, or of standard input, and the people archived with it."""
    with click.open_file(name, "rb") as stream:
        record: Any = json_value(stream.read(MAX_LINE + 1), name)
    incoming = from_record(record)
    return incoming.message, tuple(incoming.users)


def _show(rule: Rule, result: Explanation, note: str, *, as_json: bool) -> None:
    if as_json:
        report = {"rule": rule.slug, **result.to_dict(), "note": note}
        click.echo(json.dumps(report))
        return
    click.echo(
        f"{rule.slug}: {'would award' if result.winners else 'would not award'}: {result.verdict}"
    )
    part = ""
    for step in result.steps:
        if step.depth == 0 and step.part != part:
            part = step.part
            click.echo(f"{part}:")
        click.echo(f"  {step}")
    if note:
        click.echo(f"note: {note}")
