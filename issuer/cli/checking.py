# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades rules check``: what is wrong with rule files, and what may be."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import select

from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.errors import ConfigurationError, DatabaseNotReadyError, InvalidInputError
from issuer.models import Topic
from issuer.paths import bundled_rules
from issuer.services import collections
from rules.linting import COSTLY, NEVER, SERIES, WARNING, Known, lint
from rules.loader import Problem, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.linting import Remark
    from rules.model import Rule

PATHS = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=PATHS)
@click.option("--strict", is_flag=True, help="Exit 1 for a warning too.")
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice([NEVER, SERIES, COSTLY]),
    help="Leave out warnings of this kind. May be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def check(
    context: Context,
    paths: tuple[Path, ...],
    allow: tuple[str, ...],
    *,
    strict: bool,
    as_json: bool,
) -> None:
    """Lint rule files and folders; exit 1 if any has an error.

    Warnings name rules that load and yet cannot fire, levels of a series that are not above the one
    before, and rules that cost much for each message; notes name topics that nobody knows here.
    """
    loaded = load(paths)
    problems = [*loaded.problems, *_pictures(loaded.rules)]
    if not loaded.rules and not loaded.problems:
        raise InvalidInputError(f"{paths[0]}: holds no rule file: give *.yml files or their folder")
    remarks = [item for item in lint(loaded.rules, _known(context)) if item.kind not in allow]
    warnings = sum(item.severity == WARNING for item in remarks)
    if as_json:
        report = {
            "rules": len(loaded.rules),
            "problems": [_json(item, "error", "error") for item in problems],
            "warnings": [_json(item, item.severity, item.kind) for item in remarks],
        }
        click.echo(json.dumps(report))
    else:
        for item in (*problems, *remarks):
            click.echo(str(item))
        wrong = {problem.path for problem in problems}
        right = sum(Path(rule.source) not in wrong for rule in loaded.rules)
        counts = {"warnings": warnings, "notes": len(remarks) - warnings}
        more = "".join(f", {name}: {number}" for name, number in counts.items() if number)
        click.echo(f"right: {right}, problems: {len(problems)}{more}")
    sys.exit(NEGATIVE if problems or (strict and warnings) else 0)


def _json(item: Problem | Remark, severity: str, kind: str) -> dict[str, Any]:
    return {
        "file": str(item.path),
        "line": item.line,
        "column": item.column,
        "severity": severity,
        "kind": kind,
        "message": item.message,
        "hint": item.hint,
    }


def _pictures(found: Iterable[Rule]) -> Iterator[Problem]:
    """Yield what is wrong with the pictures of rules."""
    for rule in found:
        try:
            collections.find_picture(rule)
        except InvalidInputError as error:
            yield Problem(Path(rule.source), rule.line, 1, str(error), "")


def _known(context: Context) -> Known:
    """Return the topics of the bundled sample, and those of the site where there is one."""
    sample = bundled_rules() / "sample" / "messages.jsonl"
    with sample.open(encoding="utf-8") as lines:
        topics = {json.loads(line)["topic"] for line in lines}
    try:
        with context.site.database.reading() as session:
            topics.update(session.scalars(select(Topic.name)))
    except (ConfigurationError, DatabaseNotReadyError):
        return Known(topics, "the bundled sample")  # rules are checked where no site is, too
    return Known(topics, "the bundled sample and the archive of the site")
