# SPDX-License-Identifier: AGPL-3.0-or-later
"""People, leaderboards and reports in Chromium: without scripts, and on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]


def test_without_scripts_people_are_found_ordered_and_compared(
    demo: Demo, chromium: Browser
) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{demo.base_url}/leaderboard")
    page.click("details.choose summary")
    page.fill("#find", "ASHA")
    page.select_option("#by", "points")
    page.click(".board-form button")
    expect(page.locator(".found-row")).to_have_count(1)
    assert page.input_value("#by") == "points"
    page.click(".found-row .board-person a")
    page.wait_for_url("**/people/asha")
    page.click(".views a:has-text('By series')")
    page.wait_for_selector(".steps .missing")
    page.click(".views a:has-text('History')")
    expect(page.locator(".history li").nth(5)).to_be_visible()
    page.click(".others a:has-text('Compare')")
    page.fill("#b", "ines")
    page.click(".pair button")
    expect(page.locator("h1")).to_have_text("Side by side")
    assert context.cookies() == []
    context.close()


def test_the_calendar_is_seen_whole_and_begins_with_today_on_a_phone(
    demo: Demo, chromium: Browser
) -> None:
    for width in (1280, 360):
        context = chromium.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(f"{demo.base_url}/people/asha")
        right, edge = page.evaluate(
            "[document.querySelector('.calendar').getBoundingClientRect().right,"
            " document.querySelector('.calendar-scroll').getBoundingClientRect().right]"
        )
        assert abs(right - edge) < 2
        # The contribution of the demo is real: a title tells each day that had a badge.
        assert page.locator(".calendar title").count() > 0
        context.close()
