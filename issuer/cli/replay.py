# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades replay``: messages from a file, through the very code that the consumer uses."""

from __future__ import annotations

import gc
import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from issuer.adapters.accounts import ListedAccounts
from issuer.adapters.messages import from_record
from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.cli.progress import bar
from issuer.errors import InvalidInputError
from issuer.intake import MAX_GROUP, Intake, policy_of
from issuer.scratch import scratch_site
from issuer.services import replaying, setup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from issuer.adapters.messages import Incoming
    from issuer.services.processing import Processed
    from issuer.site import Site

    _Read = tuple[int, dict[str, Any], Incoming]


@dataclass
class Summary:
    """What a replay did."""

    messages: int = 0
    repeated: int = 0
    refused: int = 0
    awards: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    misfits: set[str] = field(default_factory=set)
    by_message: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def add(self, processed: Processed) -> None:
        """Count what became of one message."""
        self.repeated += processed.duplicate
        self.awards += len(processed.given)
        self.failures.update(dict(processed.failures))
        self.misfits.update(rule for rule, _ in processed.misfits)
        pairs = {(given.badge.legacy_id, given.person.username) for given in processed.given}
        self.by_message.setdefault(processed.message_id, set()).update(pairs)


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--rules",
    "folders",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR",
    help="Rules to apply, on an empty scratch database. May be given several times.",
)
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Who exists, name maps, skipped users (JSON).",
)
@click.option(
    "--compare",
    "compare_file",
    type=click.File("rb"),
    metavar="FILE",
    help="Awards that another system made of the same messages (JSON lines).",
)
@click.option(
    "--batch",
    type=click.IntRange(1, MAX_GROUP),
    default=MAX_GROUP,
    show_default=True,
    metavar="N",
    help="Messages that share a transaction.",
)
@click.option("--keep", is_flag=True, help="Work on the site's database all the same.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a message.")
@pass_context
def replay(
    context: Context,
    file: IO[bytes],
    folders: tuple[Path, ...],
    settings_file: Path | None,
    compare_file: IO[bytes] | None,
    *,
    batch: int,
    keep: bool,
    as_json: bool,
) -> None:
    """Feed the messages in FILE (JSON lines, - for standard input) to the rules."""
    accounts = ListedAccounts.read(settings_file) if settings_file else None
    expected = replaying.expected_awards(compare_file, compare_file.name) if compare_file else None
    scratch = bool(folders or settings_file or compare_file) and not keep
    with ExitStack() as stack:
        site = stack.enter_context(scratch_site(context.settings)) if scratch else context.site
        if scratch or folders:
            _load_rules(site, folders)
        intake = Intake(site, policy_of(site.settings, accounts))
        gc.freeze()  # rules and code stay: looking at them time and again took a third of the time
        summary = _feed(file, intake, batch, as_json=as_json)
    if as_json:
        _report_failures(summary)
    else:
        _report(summary)
    if expected is not None:
        _report_comparison(replaying.compare(expected, summary.by_message))
    sys.exit(NEGATIVE if summary.refused else 0)


def _load_rules(site: Site, folders: Sequence[Path]) -> None:
    loaded = setup.load_collections(site.settings, folders)
    if not loaded.rules:
        raise InvalidInputError(f"{folders[0] if folders else 'settings'}: no rule could be loaded")
    stores = setup.Stores(site.keys, site.objects)
    with site.database.writing() as session:
        report = setup.sync_rules(session, loaded, site.settings, stores, now=datetime.now(UTC))
    for problem in (*map(str, loaded.problems), *report.problems):
        click.echo(problem, err=True)


def _feed(file: IO[bytes], intake: Intake, batch: int, *, as_json: bool) -> Summary:
    summary, name = Summary(), getattr(file, "name", "-")
    with bar("Messages", None) as advance:

        def refuse(error: InvalidInputError) -> None:
            summary.refused += 1
            click.echo(str(error), err=True)

        def read() -> Iterator[_Read]:
            for number, record in replaying.records(file, name, refuse):
                advance()
                try:
                    yield number, record, from_record(record)
                except InvalidInputError as error:
                    refuse(InvalidInputError(f"{name}:{number}: {error}"))

        for group in replaying.groups(read(), batch):
            incoming = [each[2] for each in group]
            all_processed = intake.handle_group(incoming, now=datetime.now(UTC))
            for (number, record, _), processed in zip(group, all_processed, strict=True):
                summary.messages += 1
                summary.add(processed)
                if as_json:
                    click.echo(json.dumps(_line(number, record, processed)))
    return summary


def _line(number: int, record: dict[str, Any], processed: Processed) -> dict[str, Any]:
    awards = [[given.badge.legacy_id, given.person.username] for given in processed.given]
    return {
        "n": given if isinstance(given := record.get("n"), int) else number - 1,
        "id": processed.message_id,
        "topic": record["topic"],
        "awards": awards,
    }


def _report(summary: Summary) -> None:
    new = summary.messages - summary.repeated
    click.echo(f"messages: {summary.messages}, {new} new, {summary.repeated} archived before")
    click.echo(f"new awards: {summary.awards or 'none'}")
    if summary.refused:
        click.echo(f"messages that could not be read: {summary.refused}")
    _report_failures(summary)


def _report_failures(summary: Summary) -> None:
    for rule, reason in sorted(summary.failures.items()):
        click.echo(f"rule {rule}: fails: {reason}", err=True)
    if summary.misfits:
        number = len(summary.misfits)
        click.echo(f"{number} rules met messages without a key that they read", err=True)


def _report_comparison(comparison: replaying.Comparison) -> None:
    for what, triples in (("missing", comparison.missing), ("more", comparison.superfluous)):
        for message_id, badge, user in triples:
            click.echo(f"{what}: {message_id} {badge} {user}", err=True)
    click.echo(
        f"{comparison.agreed} awards agree, {len(comparison.missing)} are missing, "
        f"{len(comparison.superfluous)} are more",
        err=True,
    )
