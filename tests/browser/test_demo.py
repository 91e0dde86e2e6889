# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of the demo in Chromium: no error, and no request to anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.mark.parametrize("size", SIZES)
def test_the_four_pages_open_without_an_error_or_a_foreign_request(
    demo: Demo, chromium: Browser, size: str
) -> None:
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    requested: list[str] = []
    troubles: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda message: troubles.append(message.text) if message.type == "error" else None,
    )
    page.on(
        "response",
        lambda answer: (
            troubles.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
        ),
    )

    page.goto(demo.base_url, wait_until="networkidle")
    assert page.title()
    page.goto(demo.person, wait_until="networkidle")
    assert demo.person.rpartition("/")[2] in page.inner_text("main")
    page.click("main a[href^='/assertions/'], main a[href^='/badges/']")
    page.wait_for_load_state("networkidle")
    page.goto(demo.assertion, wait_until="networkidle")
    badge = page.get_attribute("main a[href^='/badges/']", "href")
    assert badge
    page.goto(demo.base_url + badge, wait_until="networkidle")
    assert page.locator("h1").count() == 1

    assert troubles == []
    assert len(requested) > 10
    assert [url for url in requested if not url.startswith((f"{demo.base_url}/", "data:"))] == []
    pictures = page.evaluate("[...document.images].filter(image => !image.naturalWidth).length")
    assert pictures == 0
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    context.close()


def test_a_contributor_logs_in_through_the_provider_of_the_demo(
    demo: Demo, chromium: Browser
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(demo.base_url, wait_until="networkidle")
    assert context.cookies() == []
    page.click("a[href^='/login']")
    page.wait_for_load_state("networkidle")
    page.click("button:has-text('asha')")
    page.wait_for_url(f"{demo.base_url}/**")
    assert "asha" in page.inner_text("header").lower()
    foreign = [url for url in requested if not url.startswith("http://127.0.0.1:")]
    assert foreign == []
    context.close()
