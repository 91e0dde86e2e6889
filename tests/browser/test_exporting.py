# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges taken along in Chromium: two clicks, without a script, on a phone."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from openbadges.baking import CREDENTIAL_KEYWORD, unbake
from tests.browser.test_pages import AUDIT, AXE, OVERFLOW, PICTURES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]


def troubles_of(page: Page, name: str) -> list[Any]:
    found = [(name, *one) for one in page.evaluate(AUDIT)]
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        if (pixels := page.evaluate(OVERFLOW)) > 0:
            found.append((name, f"{pixels} pixels too wide at {width}"))
        if PICTURES:
            path = Path(PICTURES) / f"taking-{name}-{width}.png"
            page.screenshot(path=os.fspath(path), full_page=True)
    return found


def open_at_home(page: Page, bundle: Path, folder: Path) -> None:
    """Open the page of a ZIP without any server: all its pictures are there."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.goto((folder / "index.html").as_uri())
    page.evaluate("for (const each of document.images) each.loading = 'eager'")
    # Not by waiting for an expression: the page lets nothing evaluate a text.
    drawn = "Promise.all([...document.images].map(each => each.decode()))"
    page.evaluate(drawn)
    assert errors == []
    assert troubles_of(page, "index") == []


def test_a_badge_is_taken_in_two_clicks_and_everything_in_two(
    demo: Demo, chromium: Browser, tmp_path: Path
) -> None:
    context = chromium.new_context(locale="en-GB", color_scheme="dark")
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.goto(f"{demo.base_url}/login")
    page.click("button:has-text('asha')")
    page.wait_for_url(f"{demo.base_url}/**")
    page.goto(f"{demo.base_url}/my/badges")
    assert troubles_of(page, "badges") == []
    with page.expect_download() as taken:
        page.click(".take-badge button >> nth=0")
    picture = tmp_path / "badge.png"
    taken.value.save_as(picture)
    assert taken.value.suggested_filename.endswith(".png")
    assert unbake(picture.read_bytes()).startswith("eyJ")
    credential = json.loads(unbake(picture.read_bytes(), CREDENTIAL_KEYWORD))
    assert "OpenBadgeCredential" in credential["type"]
    with page.expect_download() as taken:
        page.click("button:has-text('Everything as ZIP')")
    taken.value.save_as(tmp_path / "all.zip")
    open_at_home(page, tmp_path / "all.zip", tmp_path / "home")
    page.goto(page.locator("h2 a, .files a").last.get_attribute("href") or "")
    page.click(".take-more summary")
    assert troubles_of(page, "award") == []
    context.close()
