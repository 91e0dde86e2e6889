# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public pages in Chromium: for everybody, on any screen, by keyboard and without scripts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
#: Where pictures of the pages go, if somebody wants to look at them.
PICTURES = os.environ.get("ACCOLADES_TEST_PICTURES", "")
PATHS = {
    "home": "/",
    "explore": "/explore",
    "found": "/explore?q=as&sort=rare&rarity=uncommon",
    "nothing-found": "/explore?q=zebra",
    "badge": "/badges/update-tester-3",
    "badge-alone": "/badges/first-login",
    "all-series": "/series",
    "series": "/series/update-tester",
    "tags": "/tags",
    "tag": "/tags/quality",
    "about": "/about",
    "privacy": "/about/privacy",
    "issuer": "/issuers/accolades",
    "error": "/no/such/page",
}
AUDIT = """async () => {
  const found = await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
    "wcag22aa", "best-practice"], resultTypes: ["violations"]});
  return found.violations.map(one => [one.impact, one.id, one.nodes.map(node => node.html)]);
}"""
OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"
UNSIZED = "[...document.images].filter(one => !one.width || !one.height).map(one => one.src)"
OUTLINE = "getComputedStyle(document.activeElement).outlineStyle"
SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => { for (const one of list.getEntries()) sum += one.value; })
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""
WEIGHT = 150_000


@pytest.fixture(params=[(1280, "light"), (360, "dark")], ids=["desktop-light", "phone-dark"])
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    width, scheme = request.param
    made = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    made.add_init_script(path=AXE)
    yield made
    made.close()


@pytest.fixture
def plain(chromium: Browser) -> Iterator[Page]:
    """A page of a browser without scripts."""
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.fixture
def own(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """A page of somebody who is signed in."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{demo.base_url}/login")
    page.click("button:has-text('asha')")
    page.wait_for_url(f"{demo.base_url}/**")
    yield page
    context.close()


def test_every_page_is_for_everybody(demo: Demo, context: BrowserContext) -> None:
    page = context.new_page()
    troubles: list[Any] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda message: (
            troubles.append(message.text)
            if message.type == "error" and "404" not in message.text
            else None
        ),
    )
    for name, path in PATHS.items():
        page.goto(demo.base_url + path)
        troubles += [(name, *one) for one in page.evaluate(AUDIT)]
        troubles += [(name, "without a size", one) for one in page.evaluate(UNSIZED)]
        for width in (360, 2000):
            page.set_viewport_size({"width": width, "height": 800})
            if (pixels := page.evaluate(OVERFLOW)) > 0:
                troubles.append((name, f"{pixels} pixels too wide at {width}"))
        if PICTURES:
            scheme = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
            for width in (360, 768, 1280, 2000):
                page.set_viewport_size({"width": width, "height": 900})
                file = f"{name}-{width}-{'dark' if scheme else 'light'}.png"
                page.screenshot(path=Path(PICTURES) / file, full_page=True)
    assert troubles == []


def test_what_is_ones_own_is_for_everybody_too(demo: Demo, own: Page) -> None:
    own.context.add_init_script(path=AXE)
    for path in ("/", "/badges/update-tester-3", "/series/update-tester", "/explore?mine=lack"):
        own.goto(demo.base_url + path)
        own.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert own.evaluate(AUDIT) == [], path
    own.goto(demo.base_url)
    assert own.is_visible("h2:has-text('Your latest badges')")
    assert own.is_visible("h2:has-text('Almost yours')")
    assert own.locator(".way-bar").count() == 3


def test_the_front_page_is_light_and_stands_still(demo: Demo, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session, sizes = context.new_cdp_session(page), []
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
    page.goto(demo.base_url, wait_until="networkidle")
    page.mouse.wheel(0, 5000)
    page.wait_for_load_state("networkidle")
    assert len(sizes) > 20
    assert sum(sizes) < WEIGHT
    assert page.evaluate(SHIFT) == 0
    context.close()


def test_the_main_tasks_are_done_by_keyboard(demo: Demo, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.goto(demo.base_url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    for _ in range(12):
        assert page.evaluate(OUTLINE) != "none" or page.evaluate(
            "document.activeElement.matches('.whole')"
        )
        page.keyboard.press("Tab")

    page.focus("#hero-q")
    with page.expect_response("**/explore/suggestions?q=steady*"):
        page.keyboard.type("steady")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#hero-q", "aria-activedescendant")
    page.keyboard.press("Enter")
    page.wait_for_url("**/badges/update-tester-3")

    page.focus("details.menu summary")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Dark").focus()
    page.keyboard.press("Enter")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    page.keyboard.press("Escape")
    assert page.get_attribute("details.menu", "open") is None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.reload()
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == "rgb(13, 21, 38)"
    context.close()


def test_a_list_goes_on_by_itself(demo: Demo, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{demo.base_url}/explore", wait_until="networkidle")
    first = page.locator("#list > li").count()
    page.mouse.wheel(0, 20_000)
    page.locator("#list > li").nth(first).wait_for(state="attached")
    names = page.locator("#list .card-name").all_inner_texts()
    assert len(names) == len(set(names))
    context.close()


def test_without_scripts_everything_works(demo: Demo, plain: Page) -> None:
    plain.goto(demo.base_url)
    plain.fill("#hero-q", "HAND steady")
    plain.click(".hero button")
    assert plain.locator("#list > li").count() == 1

    plain.goto(f"{demo.base_url}/explore")
    plain.click(".filters summary")
    plain.select_option("#series", "update-tester")
    plain.select_option("#sort", "held")
    plain.click(".filters-go button")
    assert plain.locator("#list > li").count() == 7
    assert plain.input_value("#series") == "update-tester"

    plain.goto(f"{demo.base_url}/explore")
    first = plain.inner_text("#list .card-name")
    plain.click("[rel=next]")
    assert plain.inner_text("#list .card-name") != first

    plain.click("details.menu summary")
    plain.click("button[value=dark]")
    assert "after=" in plain.url  # the same page again
    assert plain.get_attribute("html", "data-bs-theme") == "dark"
    plain.click("details.menu summary")
    plain.click("button[value=de]")
    assert plain.get_attribute("html", "lang") == "de"
    assert plain.inner_text("h1") == "Stöbern"
