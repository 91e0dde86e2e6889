# SPDX-License-Identifier: AGPL-3.0-or-later
"""The record of libraries is the list of libraries."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement

from tests.shared import CHECKOUT


def test_every_library_has_its_line_and_no_other() -> None:
    record = (CHECKOUT / "docs" / "adr" / "0002-libraries.md").read_text()
    heading, *told = re.findall(r"^\| ([a-z0-9-]+) \|", record, re.MULTILINE)
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert heading == "library"
    assert told == sorted(Requirement(wanted).name for wanted in project["dependencies"])


def test_decisions_are_numbered_without_gap_and_titled_by_their_number() -> None:
    files = sorted((CHECKOUT / "docs" / "adr").glob("*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    assert all(
        file.read_text().startswith(f"# {number}. ") for number, file in enumerate(files, start=1)
    )
