# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public pages in Chromium: for everybody, on any screen, by keyboard and without scripts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
#: Where pictures of the pages go, for people to look at: in CI, or if somebody asks for them.
PICTURES = os.environ.get("ACCOLADES_TEST_PICTURES") or (
    "test-results/pages" if os.environ.get("CI") else ""
)
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
    "gone-astray": "/leaderboard?by=height",
    "person": "/people/asha",
    "person-by-tag": "/people/asha?by=tag",
    "person-by-series": "/people/asha?by=series",
    "person-history": "/people/asha?by=history",
    "leaderboard": "/leaderboard",
    "leaderboard-of-days": "/leaderboard?find=asha&from=2024-01-02",
    "report-of-a-week": "/report",
    "report": "/report/this/year",
    "diff": "/diff?a=asha&b=ines",
    "diff-of-nobody": "/diff",
    "verify": "/verify",
    "verify-nothing": "/verify?url=nonsense",
}
AUDIT = """async () => {
  const found = await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
    "wcag22aa", "best-practice"], resultTypes: ["violations"]});
  return found.violations.map(one => [one.impact, one.id, one.nodes.map(node => node.html)]);
}"""
OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"
UNSIZED = "[...document.images].filter(one => !one.width || !one.height).map(one => one.src)"
OUTLINE = "getComputedStyle(document.activeElement).outlineStyle"
CONTRAST = """async () => {
  const found = await axe.run(document, {runOnly: ["color-contrast"], resultTypes: ["violations"]});
  return found.violations.map(one => [one.impact, one.id, one.nodes.map(node => node.html)]);
}"""
NAMED = """word => {
  const found = document.querySelectorAll(`main :is(h1, .lead, .card-text, .card-name > a, .tag,
    .board-person a, .versus-who a, .people a, .leaders a, .step-name,
    .card-person a, .standing dd a)`);
  found.forEach(one => { one.textContent = word; });
  return found.length;
}"""
SPILLED = """() => [...document.querySelectorAll("main :is(.steps a, .card, .tag, .board-person)")]
  .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML.slice(0, 120))"""
OPENED = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


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
            if message.type == "error" and "the server responded" not in message.text
            else None
        ),
    )
    size = page.viewport_size or {"width": 0}
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    own = demo.assertion.removeprefix(demo.base_url)
    paths = {**PATHS, "award": own, "verdict": f"/verify?url={demo.assertion}"}
    for name, path in paths.items():
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.goto(demo.base_url + path)
        if PICTURES:
            file = f"{name}-{size['width']}-{'dark' if dark else 'light'}.png"
            page.screenshot(path=Path(PICTURES) / file, full_page=True)
        page.evaluate(OPENED)
        troubles += [(name, *one) for one in page.evaluate(AUDIT)]
        troubles += [(name, "without a size", one) for one in page.evaluate(UNSIZED)]
        for width in (360, 2000):
            page.set_viewport_size({"width": width, "height": 800})
            if (pixels := page.evaluate(OVERFLOW)) > 0:
                troubles.append((name, f"{pixels} pixels too wide at {width}"))
        # The other scheme has the same elements: its colours are what is left to look at.
        page.emulate_media(color_scheme="light" if dark else "dark")
        troubles += [(name, "in the other scheme", *one) for one in page.evaluate(CONTRAST)]
    assert troubles == []


def test_no_name_is_too_long_for_any_screen(demo: Demo, context: BrowserContext) -> None:
    """Names of people, badges, tags and series may be one word without an end, of any script."""
    page, troubles = context.new_page(), []
    for name in ("explore", "badge", "series", "tags", "person", "leaderboard", "diff", "home"):
        page.goto(demo.base_url + PATHS[name])
        assert page.evaluate(NAMED, "W" * 100) > 0
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            if (pixels := page.evaluate(OVERFLOW)) > 0:
                troubles.append((name, f"{pixels} pixels too wide at {width}"))
            troubles += [(name, width, "spills over", one) for one in page.evaluate(SPILLED)]
    assert troubles == []
    page.goto(demo.base_url + PATHS["leaderboard"])
    link = page.locator(".board-person a").first
    heading = page.locator("h1")
    for name in (link, heading):  # Hebrew with a number runs from the right, yet stays at its side
        name.evaluate("one => { one.textContent = 'שלום (1)'; }")
        expect(name).to_have_css("unicode-bidi", "plaintext")
    expect(heading).to_have_css("text-align", "left")


def test_what_is_ones_own_is_for_everybody_too(demo: Demo, own: Page) -> None:
    own.context.add_init_script(path=AXE)
    for path in ("/", "/badges/update-tester-3", "/series/update-tester", "/explore?mine=lack"):
        own.goto(demo.base_url + path)
        own.evaluate(OPENED)
        assert own.evaluate(AUDIT) == [], path
    own.goto(demo.base_url)
    assert own.is_visible("h2:has-text('Your latest badges')")
    assert own.is_visible("h2:has-text('Almost yours')")
    assert own.locator(".way-bar").count() == 3


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


def test_a_badge_is_verified_and_people_are_compared_by_keyboard(
    demo: Demo, chromium: Browser
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.goto(f"{demo.base_url}/verify")
    page.focus("#text")
    page.keyboard.type(demo.assertion)
    for _ in range(3):  # the file, the recipient, the button
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict-good")
    page.goto(f"{demo.base_url}/leaderboard")
    page.focus("details.choose summary")
    page.keyboard.press("Enter")
    page.focus("#find")
    page.keyboard.type("ines")
    page.keyboard.press("Enter")
    page.wait_for_selector(".found-row")
    page.focus(".found-row .versus-link")
    page.keyboard.press("Enter")
    page.wait_for_url("**/diff?**")
    context.close()


def test_what_is_chosen_and_focused_is_seen_in_the_colours_of_the_system(
    demo: Demo, chromium: Browser
) -> None:
    """There, grounds and shadows are gone, which tell it otherwise."""
    context = chromium.new_context(forced_colors="active")
    page = context.new_page()
    page.goto(f"{demo.base_url}/explore")
    page.locator("summary").first.click()
    chosen = page.get_by_role("button", name="English")
    other = page.get_by_role("button", name="Deutsch")
    expect(chosen).to_have_css("forced-color-adjust", "none")
    expect(other).to_have_css("forced-color-adjust", "auto")
    page.goto(f"{demo.base_url}/explore?sort=name")
    page.keyboard.press("Tab")
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == "tag":
            break
        page.keyboard.press("Tab")
    expect(page.locator("#tag")).to_be_focused()
    expect(page.locator("#tag")).to_have_css("outline-style", "solid")
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
    expect(plain.locator("#list > li")).to_have_count(1)

    plain.goto(f"{demo.base_url}/explore")
    plain.click(".filters summary")
    plain.select_option("#series", "update-tester")
    plain.select_option("#sort", "held")
    plain.click(".filters-go button")
    expect(plain.locator("#list > li")).to_have_count(7)
    assert plain.input_value("#series") == "update-tester"

    plain.goto(f"{demo.base_url}/explore")
    first = plain.inner_text("#list .card-name")
    plain.click("[rel=next]")
    expect(plain.locator("#list .card-name").first).not_to_have_text(first)

    plain.click("details.menu summary")
    plain.click("button[value=dark]")
    expect(plain.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert "after=" in plain.url  # the same page again
    plain.click("details.menu summary")
    plain.click("button[value=de]")
    expect(plain.locator("html")).to_have_attribute("lang", "de")
    expect(plain.locator("h1")).to_have_text("Stöbern")
