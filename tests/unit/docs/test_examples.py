# SPDX-License-Identifier: AGPL-3.0-or-later
"""The examples of the reference run as they stand."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "```pycon" in page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_example_gives_what_the_page_says(page: Path) -> None:
    results = doctest.testfile(str(page), module_relative=False)
    assert results.attempted > 0
    assert results.failed == 0


def test_the_library_has_examples() -> None:
    assert DOCS / "reference" / "openbadges.md" in PAGES
