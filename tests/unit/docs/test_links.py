# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every link inside the project leads somewhere, and the README begins with the two commands."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

CHECKOUT = Path(__file__).resolve().parents[3]
README = CHECKOUT / "README.md"
PAGES = sorted(
    {README, *(CHECKOUT / "docs").rglob("*.md"), *(CHECKOUT / "rules").rglob("README.md")}
)
MARKDOWN = MarkdownIt("commonmark").enable("table")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    assert [link for link in links(page.read_text("utf-8")) if is_broken(page, link)] == []


def test_the_pages_have_links_at_all() -> None:
    assert README in PAGES
    assert len(PAGES) > 10
    assert len(links(README.read_text("utf-8"))) > 5


def test_the_readme_begins_with_the_two_commands() -> None:
    tokens = MARKDOWN.parse(README.read_text("utf-8"))
    blocks = [token.content for token in tokens if token.type in {"fence", "code_block"}]
    assert blocks[:2] == ["make demo\n", "make test\n"]


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ("there.md", False),
        ("there.md#a-heading-of-its-own", False),
        ("#here-too", False),
        ("folder/", False),
        ("https://example.org/nowhere", False),
        ("mailto:somebody@example.org", False),
        ("not-there.md", True),
        ("there.md#another-heading", True),
        ("#not-here", True),
        ("../page/../../outside.md", True),
    ],
)
def test_a_link_is_broken_when_nothing_is_at_its_end(
    tmp_path: Path, link: str, broken: bool
) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here, too\n")
    (tmp_path / "there.md").write_text("# There\n\n## A heading of its `own`\n")
    (tmp_path / "folder").mkdir()
    assert is_broken(page, link) is broken


def test_links_and_pictures_are_found_and_code_is_not() -> None:
    text = "[a](a.md) ![b](b.png) `[c](c.md)`\n\n| [d](d.md) |\n|---|\n\n```\n[e](e.md)\n```\n"
    assert links(text) == ["a.md", "b.png", "d.md"]


def links(text: str) -> list[str]:
    """Return the addresses of all links and pictures of a Markdown text."""
    inside = [child for token in MARKDOWN.parse(text) for child in token.children or ()]
    found = [token.attrGet("href") or token.attrGet("src") for token in inside]
    return [str(address) for address in found if address]


def is_broken(page: Path, link: str) -> bool:
    """Whether a link of a page leads to no file, or to no heading of a page."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.exists():
        return True
    return bool(parts.fragment) and parts.fragment not in _headings(target)


def _headings(page: Path) -> set[str]:
    tokens = MARKDOWN.parse(page.read_text("utf-8"))
    titles = [
        "".join(child.content for child in title.children or ())
        for before, title in pairwise(tokens)
        if before.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
