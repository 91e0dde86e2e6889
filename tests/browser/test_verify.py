# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verify page in Chromium: by address, by a dropped picture, and without JavaScript."""

from __future__ import annotations

import base64
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

DROP = """([content, name]) => {
  const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, {type: "image/png"}));
  document.body.dispatchEvent(
    new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""
OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"
CONTRAST = """() => {
  const light = colour => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
      .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const box = document.querySelector(".verdict");
  const ground = light(getComputedStyle(box).backgroundColor);
  return Math.min(...[...box.querySelectorAll("h1, p, .verdict-sign")].map(element => {
    const ink = light(getComputedStyle(element).color);
    return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
  }));
}"""


@pytest.fixture
def picture(demo: Demo) -> bytes:
    """Return the baked picture of the demo's assertion."""
    with urllib.request.urlopen(f"{demo.assertion}/image", timeout=30) as answer:  # noqa: S310 (the demo)
        return bytes(answer.read())


@pytest.fixture
def troubles() -> list[str]:
    """Return where errors of pages are noted."""
    return []


@pytest.fixture(
    params=[(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")],
    ids=["phone-light", "phone-dark", "desktop-light", "desktop-dark"],
)
def context(
    chromium: Browser, request: pytest.FixtureRequest, troubles: list[str]
) -> Iterator[BrowserContext]:
    """Return a browser session of each size and scheme."""
    width, scheme = request.param
    made = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    yield watched(made, troubles)
    made.close()


def watched(context: BrowserContext, troubles: list[str]) -> BrowserContext:
    """Note every error of the pages of a session."""

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console",
            lambda message: troubles.append(message.text) if message.type == "error" else None,
        )

    context.on("page", watch)
    return context


def test_a_share_page_leads_to_its_verdict(
    demo: Demo, context: BrowserContext, troubles: list[str]
) -> None:
    page = context.new_page()
    page.goto(demo.assertion, wait_until="networkidle")
    page.click("a[href^='/verify?url=']")
    page.wait_for_load_state("networkidle")
    assert page.inner_text("h1") == "This badge is valid"
    assert page.evaluate(OVERFLOW) <= 0
    assert page.evaluate(CONTRAST) >= 4.5
    assert page.evaluate("document.querySelector('.claims .art').naturalWidth") > 0
    assert not page.is_visible(".check-skipped")
    page.click("summary:has-text('skipped')")
    assert page.is_visible(".check-skipped")
    page.click("summary:has-text('Assertion as it was read')")
    assert page.is_visible("pre:has-text('recipient')")
    assert page.evaluate(OVERFLOW) <= 0
    assert troubles == []


def test_a_dropped_picture_is_verified(
    demo: Demo, context: BrowserContext, picture: bytes, troubles: list[str]
) -> None:
    page = context.new_page()
    page.goto(f"{demo.base_url}/verify", wait_until="networkidle")
    assert page.evaluate(OVERFLOW) <= 0
    with page.expect_navigation():
        page.evaluate(DROP, [base64.b64encode(picture).decode(), "badge.png"])
    assert page.inner_text("h1") == "This badge is valid"
    assert "RS256" in page.inner_text(".claims-list")
    assert troubles == []


def test_without_javascript_the_form_does_the_same(
    demo: Demo, chromium: Browser, picture: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "badge.png"
    file.write_bytes(picture)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo.base_url}/verify")
    page.set_input_files("#file", file)
    page.fill("#recipient", "nobody@example.org")
    page.click("main button[type=submit]")
    assert page.inner_text("h1") == "This badge is not valid"
    assert "Failed" in page.inner_text(".checks li:first-child")
    page.fill("#text", demo.assertion)
    page.fill("#recipient", "")
    page.click("main button[type=submit]")
    assert page.inner_text("h1") == "This badge is valid"
    assert context.cookies() == []
    context.close()
