# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes the page of the requirements of Open Badges 2.0 from the tests that prove them.

A test says which requirements it proves by the marker ``requirement``; this collects the tests
without running them. A requirement that no test proves needs a reason in the list of those unmet.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.open_badges_2 import PARTS, REMARKS, REQUIREMENTS, UNMET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

CHECKOUT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = CHECKOUT / "docs" / "reference" / "open-badges-2.md"
MARKER: Final = "requirement"
OPTION: Final = "--requirements-to"
MAX_SHOWN: Final = 12

INTRODUCTION: Final = """\
<!-- Made by `python -m tools.requirements`; change tools/open_badges_2.py or the tests instead. -->

# Open Badges 2.0: what is met, and by which tests

Every requirement of the standard has a number here. The tests that prove it name the number; this
page is made from them. A name in brackets is a case of the table in
`tests/unit/openbadges/requirements`: each is judged as it is given and, where the same can be said
in other forms, also as JSON, baked into PNG and SVG, signed, in expanded JSON-LD, with every value
in an array, and with what is linked embedded."""


class IncompleteError(Exception):
    """A requirement is neither proven nor excused, or one is named that there is not."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file for what was collected."""
    parser.addoption(OPTION, help="write the tests of each requirement to this file, as JSON")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write which test names which requirement."""
    found = [
        [number, item.nodeid]
        for item in session.items
        for marker in item.iter_markers(MARKER)
        for number in marker.args
    ]
    target = session.config.getoption(OPTION)
    Path(target).write_text(json.dumps(found), "utf-8")


def collect() -> dict[str, list[str]]:
    """Return the tests of each requirement by its number; raise `IncompleteError`."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "found.json"
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "tools.requirements", OPTION, str(target), *_files()]
        run = subprocess.run(  # noqa: S603 -- our own interpreter with fixed arguments
            command, cwd=CHECKOUT, capture_output=True, text=True, check=False
        )
        if run.returncode:
            raise IncompleteError(f"the tests cannot be collected:\n{run.stdout[-2000:]}")
        tests: dict[str, list[str]] = defaultdict(list)
        for number, test in json.loads(target.read_text("utf-8")):
            if test not in tests[number]:
                tests[number].append(test)
    return dict(tests)


def _files() -> list[str]:
    """Return the test files that name requirements; to read the others would take longer."""
    found = sorted((CHECKOUT / "tests").rglob("test_*.py"))
    return [
        path.relative_to(CHECKOUT).as_posix() for path in found if MARKER in path.read_text("utf-8")
    ]


def page(tests: Mapping[str, Sequence[str]]) -> str:
    """Return the text of the page; raise `IncompleteError` where something is left open."""
    _ensure_complete(tests)
    parts = [INTRODUCTION, _summary()]
    for letter, title in PARTS.items():
        rows = [
            f"| {number} | {required.level} | {required.who} | {required.text} "
            f"| {_met(number, tests)} |"
            for number, required in REQUIREMENTS.items()
            if number.rstrip("0123456789") == letter
        ]
        head = "| # | level | who | requirement | met by |\n|---|---|---|---|---|"
        parts.append(f"## {letter}. {title}\n\n{head}\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _summary() -> str:
    met = len(REQUIREMENTS) - len(UNMET)
    return (
        f"{met} of {len(REQUIREMENTS)} requirements are met and proven by tests; "
        f"{', '.join(UNMET)} are not, each with its reason below."
    )


def _ensure_complete(tests: Mapping[str, Sequence[str]]) -> None:
    faults = {
        "named by a test, and there is no such requirement": tests.keys() - REQUIREMENTS.keys(),
        "neither proven by a test nor listed as unmet": REQUIREMENTS.keys()
        - tests.keys()
        - UNMET.keys(),
        "listed as unmet, and proven by a test": UNMET.keys() & tests.keys(),
        "explained, and no requirement": (UNMET.keys() | REMARKS.keys()) - REQUIREMENTS.keys(),
    }
    lines = [f"{what}: {', '.join(sorted(names))}" for what, names in faults.items() if names]
    if lines:
        raise IncompleteError("; ".join(lines))


def _met(number: str, tests: Mapping[str, Sequence[str]]) -> str:
    if number in UNMET:
        return f"not met: {UNMET[number]}"
    by_function: dict[str, list[str]] = {}
    for test in tests[number]:
        path, _, name = test.partition("::")
        function, _, case = name.partition("[")
        by_function.setdefault(f"{path}::{function}", []).append(case.removesuffix("]"))
    shown = "; ".join(_function(name, cases) for name, cases in by_function.items())
    return f"{shown}. {REMARKS[number]}" if number in REMARKS else shown


def _function(name: str, cases: list[str]) -> str:
    path, _, function = name.partition("::")
    link = f"[{function}](../../{path})"
    named = [case for case in cases if re.fullmatch(r"[A-N]\d+[A-Za-z0-9+-]*", case)]
    if not named:
        return link
    more = f" and {len(named) - MAX_SHOWN} more" if len(named) > MAX_SHOWN else ""
    return f"{link} [{', '.join(named[:MAX_SHOWN])}{more}]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or check it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.requirements", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if not current")
    options = parser.parse_args(arguments)
    try:
        wanted = page(collect())
    except IncompleteError as error:
        print(f"tools.requirements: {error}", file=sys.stderr)
        return 1
    if not options.check:
        PAGE.write_text(wanted, "utf-8")
    elif not PAGE.is_file() or PAGE.read_text("utf-8") != wanted:
        print(f"{PAGE}: is not current: run python -m tools.requirements", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
