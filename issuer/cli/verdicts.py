# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a verification looks on a terminal: the verdict first, then what was found and checked."""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import TYPE_CHECKING

import click

from issuer.services.findings import clean, findings_of
from openbadges.verification import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from issuer.services.findings import Findings
    from issuer.services.unbundling import BundleReport
    from openbadges.verification import Check, Report

NARROWEST, WIDEST = 40, 100
COLOURS = {"good": "green", "warn": "yellow", "bad": "red", "note": "cyan"}
SIGNS = {
    Outcome.PASSED: ("ok", "green"),
    Outcome.FAILED: ("FAILED", "red"),
    Outcome.SKIPPED: ("skipped", "bright_black"),
    Outcome.ERROR: ("ERROR", "yellow"),
}
LONGEST = 1000
#: How a check begins that had nothing to look at; one line for all of them is enough.
NOT_REACHED = "not reached"


def show(report: Report) -> None:
    """Print a report for people; colours on a terminal only, and never against NO_COLOR."""
    _print(lines(report, _width()))


def show_bundle(report: BundleReport) -> None:
    """Print what a ZIP of badges is, and each badge in it."""
    _print(bundle_lines(report, _width()))


def _print(lines: Iterable[str]) -> None:
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    for line in lines:
        click.echo(line, color=False if plain else None)


def _width() -> int:
    return min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)


def bundle_lines(report: BundleReport, width: int) -> Iterator[str]:
    """Return the lines of a report on a ZIP."""
    colour = COLOURS["good" if report.valid else "bad"]
    yield click.style(report.verdict.value.upper(), fg=colour, bold=True)
    yield from _wrapped(report.sentence, width)
    if report.badges:
        yield ""
    for badge in report.badges:
        sign, colour = SIGNS[Outcome.PASSED if badge.verdict is Verdict.VALID else Outcome.FAILED]
        first, *rest = _wrapped(f"{badge.name}: {badge.sentence}", width, " " * 10, " " * 10)
        yield f"  {click.style(f'{sign:7}', fg=colour)} {first.lstrip()}"
        yield from rest


def lines(report: Report, width: int) -> Iterator[str]:
    """Return the lines of a report; nothing in it moves a cursor or colours but we."""
    found = findings_of(report)
    verdict = "SOUND, BUT NO AWARD" if found.tone == "note" else report.verdict.value.upper()
    yield click.style(verdict, fg=COLOURS[found.tone], bold=True)
    yield from _wrapped(report.sentence, width)
    yield from _wrapped(report.remedy, width)
    yield from _facts(found, width)
    yield ""
    yield click.style("Checked", bold=True)
    for check in (*found.done, *found.skipped):
        if not check.message.startswith(NOT_REACHED):
            yield from _check(check, width)
    if away := [check for check in found.skipped if check.message.startswith(NOT_REACHED)]:
        names = ", ".join(check.id for check in away)
        yield from _wrapped(f"not reached: {names}", width, " " * 6, " " * 14)
    if report.notes:
        yield ""
        yield click.style("Worth knowing", bold=True)
        for note in report.notes:
            yield from _wrapped(note, width, "  * ", "    ")


def _facts(found: Findings, width: int) -> Iterator[str]:
    rows = [(fact.label, _with_link(fact.text, fact.link)) for fact in found.facts if fact.text]
    rows += [("Evidence", _with_link(proof.name, proof.link)) for proof in found.evidence]
    rows += [("Narrative", found.narrative)] if found.narrative else []
    if not rows:
        return
    yield ""
    yield click.style("It claims" if found.tone == "bad" else "It says", bold=True)
    margin = max(len(label) for label, _ in rows) + 4
    for label, text in rows:
        yield from _wrapped(text, width, f"  {label}".ljust(margin), " " * margin)


def _with_link(text: str, link: str) -> str:
    return text if not link or link in text else f"{text} <{link}>".strip()


def _check(check: Check, width: int) -> Iterator[str]:
    sign, colour = SIGNS[check.outcome]
    first, *rest = _wrapped(f"{check.id}: {check.message}", width, " " * 14, " " * 14)
    number = f"  {check.number:>2}  "
    yield f"{number}{click.style(f'{sign:7}', fg=colour)} {first.lstrip()}"
    yield from rest


def _wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return a text in lines; words that are longer than a line, such as addresses, stay whole."""
    return textwrap.wrap(
        clean(" ".join(text.split()), LONGEST),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
