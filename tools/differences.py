# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes the reference page about the differences from fedbadges, from the tables of the tests.

``python -m tools.differences`` writes it, ``--check`` tells whether it is current.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conformance.differences import (
    CURRENT,
    DEFECTS,
    MISSING_OF_2014,
    MORE_OF_2014,
    OF_2014,
    Awards,
    Cases,
    Defect,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs" / "reference" / "differences-from-fedbadges.md"
INTRODUCTION = """\
<!-- Made by python -m tools.differences: change the tables of the tests, not this. -->
# Differences from fedbadges

Rules of fedbadges work here as they are, in three dialects: that of 2.2 and later, that of 2014
(0.2.2 to 2.1.1) and the oldest one. Ours decides as fedbadges does, except for the points below:
what fedbadges does there cannot be what an author of a rule meant.

The tests run measured cases of both rule languages, and the messages of a real stream. Every case
and every award that differs is listed under its point; all others are the same. Cases of 2014 were
measured with fedbadges 1.0.3, those of the current dialect with 2.3.0.
"""
DIALECTS: tuple[tuple[str, Cases], ...] = (("2014", OF_2014), ("current", CURRENT))
AWARDS: tuple[tuple[str, Awards], ...] = (
    ("ours only", MORE_OF_2014),
    ("theirs only", MISSING_OF_2014),
)


def page() -> str:
    """Return the page."""
    return "\n".join([INTRODUCTION, *(line for defect in DEFECTS for line in _point(defect))])


def _point(defect: Defect) -> Iterator[str]:
    yield f"## {defect.title}\n"
    yield f"fedbadges: {defect.theirs}\n"
    yield f"Accolades: {defect.ours}\n"
    found = [
        f"| {_cell(name)} | {dialect} | {_outcome(outcome)} |"
        for dialect, cases in DIALECTS
        for name, (reason, outcome) in sorted(cases.items())
        if reason is defect
    ]
    if found:
        yield "\n".join(["| case | dialect | ours |", "|---|---|---|", *found, ""])
    awards = [
        f"| {number} | `{badge}` | {person} | {whose} |"
        for whose, differing in AWARDS
        for (number, badge, person), reason in sorted(differing.items())
        if reason is defect
    ]
    if awards:
        head = ["| message of the stream | badge | person | awarded by |", "|---|---|---|---|"]
        yield "\n".join([*head, *awards, ""])


def _outcome(outcome: list[list[str]] | str) -> str:
    """Return what ours makes of a case: why it is refused, or who gets the badge when."""
    if isinstance(outcome, str):
        return f"refused: {_cell(outcome)}"
    given = [
        f"{', '.join(names)} at message {number}"
        for number, names in enumerate(outcome, 1)
        if names
    ]
    return "; ".join(given) or "nobody"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or check it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.differences", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if not current")
    options = parser.parse_args(arguments)
    if not options.check:
        PAGE.write_text(page(), "utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text("utf-8") == page():
        return 0
    print(f"{PAGE}: is not current: run python -m tools.differences", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
