# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards by hand in Chromium: given, told line by line, taken back; with a script and without."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import AUDIT, AXE, OVERFLOW, PICTURES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

BADGE = "first-login"


def _signed_in(demo: Demo, chromium: Browser, name: str, **options: Any) -> Page:
    context = chromium.new_context(locale="en-GB", **options)
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.goto(f"{demo.base_url}/login")
    page.click(f"button:has-text('{name}')")
    page.wait_for_url(f"{demo.base_url}/**")
    return page


def _name_three(page: Page) -> None:
    """Name somebody who has the badge, by what is suggested, and three who have it not."""
    page.locator("#find").press_sequentially("asha")
    page.wait_for_selector("datalist option[value='asha']", state="attached")
    page.press("#find", "Enter")
    assert page.input_value("#people") == "asha\n"
    page.fill("#people", "asha\nnewcomer-1\nnewcomer-2\nnewcomer-3\n")
    page.fill("#narrative", "Carried the chairs.")
    page.check("#make_accounts")


def _is_for_everybody(page: Page, name: str) -> list[Any]:
    troubles = [(name, *one) for one in page.evaluate(AUDIT)]
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        if (pixels := page.evaluate(OVERFLOW)) > 0:
            troubles.append((name, f"{pixels} pixels too wide at {width}"))
        if PICTURES:
            path = Path(PICTURES) / f"award-{name}-{width}.png"
            page.screenshot(path=os.fspath(path), full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    return troubles


def test_three_people_get_a_badge_and_one_reads_why_it_was_taken_back(
    demo: Demo, chromium: Browser
) -> None:
    page = _signed_in(demo, chromium, "ines", color_scheme="dark")
    troubles: list[Any] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{demo.base_url}/admin/award/?badge={BADGE}")
    _name_three(page)
    troubles += _is_for_everybody(page, "form")
    page.click("button[value=preview]")
    assert "3 badges will be awarded" in page.inner_text("main")
    troubles += _is_for_everybody(page, "preview")
    page.click("button:has-text('Award 3 badges')")
    assert "3 badges were awarded." in page.inner_text("[role=status]")
    troubles += _is_for_everybody(page, "result")
    share = page.get_attribute("a:has-text('newcomer-2')", "href")
    assert share
    page.goto(f"{demo.base_url}/admin/awards/?q=newcomer-2")
    troubles += _is_for_everybody(page, "awards")
    page.click("a:has-text('Open')")
    troubles += _is_for_everybody(page, "award")
    page.fill("#reason", "Somebody else carried them.")
    page.click("button:has-text('Revoke this award')")
    assert "The award is revoked." in page.inner_text("[role=status]")
    for path in ("/admin/awards/revoke/", "/admin/grants/", "/award"):
        page.goto(demo.base_url + path)
        troubles += _is_for_everybody(page, path.strip("/").replace("/", "-"))
    page.context.close()
    assert troubles == []
    _read_why(chromium, demo.base_url + share)


def _read_why(chromium: Browser, address: str) -> None:
    page = chromium.new_context(locale="en-GB").new_page()
    page.goto(address)
    text = page.inner_text("main")
    assert "Revoked" in text
    assert "Somebody else carried them." in text
    page.context.close()


def test_a_file_with_mistakes_is_told_line_by_line_without_scripts_on_a_phone(
    demo: Demo, chromium: Browser
) -> None:
    page = _signed_in(
        demo,
        chromium,
        "ines",
        java_script_enabled=False,
        viewport={"width": 360, "height": 740},
    )
    page.goto(f"{demo.base_url}/admin/award/")
    lines = [
        "user;badge;date;evidence",
        f"newcomer-5;{BADGE};;https://example.org/x",
        "newcomer-6;no-such-badge;;",
        f"newcomer-7;{BADGE};tomorrow;",
        f"newcomer-8;{BADGE};;nowhere",
        f"newcomer-5;{BADGE};;",
    ]
    content = "\n".join(lines).encode("latin-1")
    page.set_input_files("#file", {"name": "list.csv", "mimeType": "text/csv", "buffer": content})
    page.check("#file-make_accounts")
    page.click("button:has-text('Read the file')")
    assert "6 rows, separated by semicolons" in page.inner_text("main")
    assert page.input_value("#badge") == "1"
    page.click("button:has-text('Show what will happen')")
    text = page.inner_text("main")
    for words in (
        "1 badge will be awarded. 4 lines cannot",
        "There is no such badge",
        "Not a date; write it like 2026-03-01: tomorrow",
        "The evidence needs web addresses: nowhere",
        "Stands in the list already, in line: 2",
    ):
        assert words in text
    page.click("button:has-text('Award 1 badge')")
    assert "1 badge was awarded. 4 lines were not awarded" in page.inner_text("main")
    page.click("a:has-text('See the award')")
    assert "newcomer-5" in page.inner_text("main")
    page.context.close()
