# SPDX-License-Identifier: AGPL-3.0-or-later
"""Chromium works, and each test has a session of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


def test_chromium_shows_a_page_and_runs_its_script(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "a page.html"
    file.write_text("<title>before</title><script>document.title = 'after'</script><h1>Badges</h1>")
    page.goto(file.as_uri())
    assert page.title() == "after"
    assert page.get_by_role("heading").inner_text() == "Badges"


def test_a_session_does_not_see_the_cookies_of_another(page: Page) -> None:
    context = page.context
    context.add_cookies([{"name": "seen", "value": "1", "url": "http://accolades.test"}])
    other = context.browser.new_context() if context.browser else None
    assert other is not None
    assert [cookie.get("name") for cookie in context.cookies()] == ["seen"]
    assert other.cookies() == []
    other.close()
