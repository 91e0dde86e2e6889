# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages about the site itself in Chromium: for everybody, on any screen; a key is rotated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_badge_editing import sign_in
from tests.browser.test_pages import AUDIT, AXE, OVERFLOW, PICTURES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

PATHS = {
    "start": "/admin/",
    "people": "/admin/people/?q=asha",
    "person": "/admin/people/asha",
    "keys": "/admin/keys/",
    "rotate": "/admin/keys/new/accolades",
    "settings": "/admin/settings/",
    "text": "/admin/settings/texts/about/de",
    "audit": "/admin/audit/",
    "outbox": "/admin/outbox/",
    "quarantine": "/admin/quarantine/",
    "jobs": "/admin/jobs/",
    "invitation": "/admin/invitations/new",
    "claims": "/admin/claims/",
    "endorsements": "/admin/endorsements/",
    "endorse": "/admin/endorsements/new",
    "take-in": "/admin/endorsements/take",
}


def test_these_pages_are_for_everybody_on_any_screen(demo: Demo, chromium: Browser) -> None:
    troubles: list[Any] = []
    for width, scheme in ((1280, "light"), (360, "dark")):
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale="en-GB"
        )
        context.add_init_script(path=AXE)
        page = context.new_page()
        sign_in(page, demo)
        for name, path in PATHS.items():
            answer = page.goto(demo.base_url + path)
            assert answer is not None
            assert answer.status == 200, path
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/admin-{name}-{width}.png", full_page=True)
            troubles += [(path, width, *one) for one in page.evaluate(AUDIT)]
            if (pixels := page.evaluate(OVERFLOW)) > 0:
                troubles.append((path, width, f"{pixels} pixels too wide"))
        context.close()
    assert troubles == []


def test_a_key_is_rotated_and_badges_of_the_old_one_still_verify(
    demo: Demo, chromium: Browser
) -> None:
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    signed = context.request.get(f"{demo.assertion}.jws").text()
    sign_in(page, demo)
    page.goto(f"{demo.base_url}/admin/keys/")
    before = page.locator("tbody tr").count()
    page.click("a:has-text('Rotate')")
    page.fill("#name", "wrong")
    page.click("main button[type=submit]:has-text('key')")
    assert "Nothing was changed." in page.inner_text("#trouble")
    page.fill("#name", "accolades")
    page.click("main button[type=submit]:has-text('key')")
    page.wait_for_url("**/admin/keys/")
    assert page.locator("tbody tr").count() == before + 1
    page.goto(f"{demo.base_url}/verify")
    page.fill("textarea", signed)
    page.keyboard.press("Tab")
    page.click("main form button[type=submit]")
    assert "This badge is valid" in page.inner_text("main")
    context.close()
