# SPDX-License-Identifier: AGPL-3.0-or-later
"""A manager endorses a badge in Chromium, with and without scripts, and takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_badge_editing import sign_in
from tests.browser.test_pages import AUDIT, AXE, OVERFLOW, PICTURES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

BADGE = "/badges/update-tester-1"
WORDS = "Whoever tests ten updates **knows** how to report what is wrong."
SCREENS = [(1280, "light", True), (360, "dark", False)]


class Visit:
    """A manager at the site, and what was wrong with the pages."""

    def __init__(self, chromium: Browser, width: int, scheme: Any, *, scripts: bool) -> None:
        self.width, self.scripts = width, scripts
        self.troubles: list[Any] = []
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=scripts,
            locale="en-GB",
        )
        if scripts:
            context.add_init_script(path=AXE)
        self.page = context.new_page()

    def look(self, name: str) -> None:
        """Look at the page as everybody sees it."""
        if PICTURES:
            path = f"{PICTURES}/endorsements-{name}-{self.width}.png"
            self.page.screenshot(path=path, full_page=True)
        if self.scripts:
            self.troubles += [(name, *one) for one in self.page.evaluate(AUDIT)]
        if (pixels := self.page.evaluate(OVERFLOW)) > 0:
            self.troubles.append((name, f"{pixels} pixels too wide"))

    def endorse(self, demo: Demo) -> str:
        """Endorse the badge; return the address of the endorsement."""
        page = self.page
        page.goto(f"{demo.base_url}/admin/endorsements/new")
        self.look("form")
        page.fill("#about", f"{demo.base_url}{BADGE}")
        page.fill("#comment", WORDS)
        page.click("button:has-text('Endorse')")
        page.wait_for_url("**/admin/endorsements/")
        self.look("list")
        page.click("text=See it")
        page.wait_for_url("**/endorsements/*-*")
        self.look("own")
        return page.url

    def take_back(self, demo: Demo) -> None:
        """Revoke the endorsement."""
        page = self.page
        page.goto(f"{demo.base_url}/admin/endorsements/")
        page.click("a:has-text('Revoke:')")
        page.fill("#reason", "It was a test.")
        self.look("revoke")
        page.click("button:has-text('Revoke for good')")
        page.wait_for_url("**/admin/endorsements/")


@pytest.mark.parametrize(("width", "scheme", "scripts"), SCREENS, ids=["desktop", "phone"])
def test_a_badge_is_endorsed_seen_and_taken_back(
    demo: Demo, chromium: Browser, width: int, scheme: Any, *, scripts: bool
) -> None:
    visit = Visit(chromium, width, scheme, scripts=scripts)
    page = visit.page
    sign_in(page, demo)
    address = visit.endorse(demo)
    page.goto(f"{demo.base_url}{BADGE}")
    assert page.inner_text(".said strong >> nth=1") == "knows"
    visit.look("badge")
    page.goto(f"{demo.base_url}/verify?url={address}")
    assert "This endorsement is valid" in page.inner_text("h1")
    visit.take_back(demo)
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 410
    assert "It was a test." in page.inner_text("main")
    visit.look("gone")
    page.context.close()
    assert visit.troubles == []
