# SPDX-License-Identifier: AGPL-3.0-or-later
"""People, leaderboards and reports in Chromium: for everybody, on any screen, without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import AUDIT, AXE, OVERFLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

PATHS = [
    "/people/asha",
    "/people/asha?by=tag",
    "/people/asha?by=series",
    "/people/asha?by=history",
    "/leaderboard",
    "/leaderboard?find=asha&from=2024-01-02",
    "/report",
    "/report/this/year",
    "/diff?a=asha&b=ines",
    "/diff",
]


@pytest.fixture(
    params=[(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")],
    ids=["desktop-light", "desktop-dark", "phone-light", "phone-dark"],
)
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser session of each size and scheme."""
    width, scheme = request.param
    made = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    made.add_init_script(path=AXE)
    yield made
    made.close()


def test_every_page_is_for_everybody(demo: Demo, context: BrowserContext) -> None:
    page = context.new_page()
    troubles: list[Any] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda message: troubles.append(message.text) if message.type == "error" else None,
    )
    for path in PATHS:
        page.goto(demo.base_url + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        troubles += [(path, *one) for one in page.evaluate(AUDIT)]
        if (pixels := page.evaluate(OVERFLOW)) > 0:
            troubles.append((path, f"{pixels} pixels too wide"))
    assert troubles == []


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
    assert page.locator(".found-row").count() == 1
    assert page.input_value("#by") == "points"
    page.click(".found-row .board-person a")
    assert page.url.endswith("/people/asha")
    page.click(".views a:has-text('By series')")
    assert page.locator(".steps .missing").count() > 0
    page.click(".views a:has-text('History')")
    assert page.locator(".history li").count() > 5
    page.click(".others a:has-text('Compare')")
    page.fill("#b", "ines")
    page.click(".pair button")
    assert page.inner_text("h1") == "Side by side"
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
