# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades jobs``: which jobs there are, what they did, and running one."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from consumer.jobs import registry
from consumer.jobs.running import run
from consumer.jobs.work import Watcher
from issuer.cli.main import COULD_NOT, NEGATIVE, Context, pass_context
from issuer.cli.progress import growing_bar
from issuer.services import runs
from issuer.services.findings import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consumer.jobs.running import Ended
    from issuer.models import JobRun

MAX_LINE = 600


@click.group()
def jobs() -> None:
    """Award badges by the clock: run a job, see which there are and what they did."""


@jobs.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_context
def list_jobs(context: Context, *, as_json: bool) -> None:
    """Show all jobs, and how the last run of each ended."""
    found = registry.all_jobs()
    killed = _killed(context)
    with context.site.database.reading() as session:
        latest = runs.latest(session)
        for name, job in found.by_name.items():
            last = latest.get(name)
            if as_json:
                facts = _facts(last, killed) if last is not None else None
                click.echo(json.dumps({"name": name, "summary": job.summary, "last_run": facts}))
            else:
                click.echo(f"{name}  ({_when(last, killed)})  {job.summary}")
    _complain(found.problems)
    sys.exit(NEGATIVE if found.problems else 0)


@jobs.command("runs")
@click.argument("name", default="")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_context
def list_runs(context: Context, name: str, *, limit: int, as_json: bool) -> None:
    """Show the runs of the job NAME, or of all, the newest first."""
    if name:
        registry.all_jobs().find(name)
    killed = _killed(context)
    with context.site.database.reading() as session:
        for each in runs.listed(session, name, limit=limit):
            click.echo(json.dumps(_facts(each, killed)) if as_json else _line(each, killed))


@jobs.command("run")
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Look at everything and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def run_job(context: Context, name: str, *, dry_run: bool, as_json: bool) -> None:
    """Run the job NAME once; a run that was interrupted is gone on with.

    What is wrong with one person is one line, and the others get their badges. Two runs of a job
    never overlap: the second says who holds the lock.
    """
    job = registry.all_jobs().find(name)
    with _stoppable(), growing_bar(name) as (advance, expect):
        ended = run(context.site, job, dry_run=dry_run, watcher=Watcher(advance, expect))
    if as_json:
        click.echo(json.dumps(_outcome(ended)))
    else:
        _tell(ended)
    if ended.trouble:
        said = f"interrupted: {ended.trouble}: the next run goes on from there"
        _complain([f"job {name}: {ended.trouble if ended.is_refused else said}"])
        sys.exit(COULD_NOT)
    sys.exit(NEGATIVE if ended.tally.errors else 0)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let what stops services and containers end a run as Ctrl-C does: it writes how far it is."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _tell(ended: Ended) -> None:
    tally = ended.tally
    if ended.is_dry_run:
        for badge, username in ended.given:
            click.echo(f"{username}: would get {badge}")
    verb = "to be awarded" if ended.is_dry_run else "awarded"
    parts = [f"{tally.looked_at} looked at", f"{tally.awarded} {verb}"]
    parts += [f"{number} {reason}" for reason, number in tally.skipped.items()]
    parts += [f"{tally.errors} errors"] if tally.errors else []
    click.echo(f"{ended.name}: {', '.join(parts)}")
    more = tally.errors - len(tally.lines)
    _complain([*tally.lines, *([f"and {more} more"] if more > 0 else [])])


def _complain(lines: Sequence[str]) -> None:
    for line in lines:
        # What other sites call their people may hold what moves a cursor.
        click.echo(f"accolades: {clean(line, MAX_LINE)}", err=True)


def _outcome(ended: Ended) -> dict[str, Any]:
    tally = ended.tally
    return {
        "job": ended.name,
        "dry_run": ended.is_dry_run,
        "started_at": ended.started_at.isoformat(),
        "finished_at": ended.finished_at.isoformat(),
        "resumed_from": ended.resumed_from,
        "looked_at": tally.looked_at,
        "awarded": tally.awarded,
        "awards": [[badge, username] for badge, username in ended.given],
        "skipped": tally.skipped,
        "errors": tally.errors,
        "lines": tally.lines,
        "trouble": ended.trouble,
    }


def _killed(context: Context) -> set[int]:
    with context.site.database.reading() as session:
        return runs.dead(session, context.settings.home)


def _when(last: JobRun | None, killed: set[int]) -> str:
    return f"{runs.state(last, killed)}, {last.started_at:%Y-%m-%d %H:%M}" if last else "never"


def _facts(run: JobRun, killed: set[int]) -> dict[str, Any]:
    return {
        "id": run.id,
        "job": run.name,
        "state": runs.state(run, killed),
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "looked_at": run.looked_at,
        "awarded": run.awarded,
        "errors": run.errors,
        "position": run.position,
        "report": run.report,
    }


def _line(run: JobRun, killed: set[int]) -> str:
    trouble = run.report.get("trouble", "")
    text = (
        f"{run.id}  {run.started_at:%Y-%m-%d %H:%M}  {run.name}  {runs.state(run, killed)}  "
        f"{run.looked_at} looked at, {run.awarded} awarded, {run.errors} errors  {trouble}"
    )
    return clean(text.rstrip(), MAX_LINE)
