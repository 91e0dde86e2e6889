# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody who is signed in twice ends the other login, in Chromium and without a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import AUDIT, AXE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"


def sign_in(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.base_url}/login?next=/settings")
    page.click("button:has-text('asha')")
    page.wait_for_url(f"{demo.base_url}/settings")


def test_somebody_signs_another_browser_out(demo: Demo, chromium: Browser) -> None:
    here = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    there = chromium.new_context(user_agent=PHONE)
    left, phone = here.new_page(), there.new_page()
    sign_in(phone, demo)
    sign_in(left, demo)
    section = left.locator("#logins")
    expect(section.locator("li").first).to_contain_text("this browser")
    other = section.locator("li", has_text="Firefox on Android")
    expect(other).to_have_count(1)
    assert left.locator("html").evaluate("page => page.scrollWidth") <= 360

    other.get_by_role("button", name=re.compile("Sign out")).click()
    expect(left.get_by_role("status")).to_have_text("You are signed out there.")
    expect(section.locator("li", has_text="Firefox on Android")).to_have_count(0)

    phone.goto(demo.base_url)  # the very next page, a public one
    expect(phone.locator("a[href^='/login']")).to_be_visible()
    expect(phone.locator(".menu-person")).to_have_count(0)
    phone.goto(f"{demo.base_url}/settings")
    expect(phone.get_by_role("button", name=re.compile("asha"))).to_be_visible()
    left.reload()
    expect(left.locator("h1")).to_have_text("Settings")
    here.close()
    there.close()


def test_the_list_of_logins_can_be_used_by_everybody(demo: Demo, chromium: Browser) -> None:
    context = chromium.new_context(color_scheme="dark", viewport={"width": 360, "height": 800})
    other = chromium.new_context()
    context.add_init_script(path=AXE)
    page = context.new_page()
    sign_in(other.new_page(), demo)
    sign_in(page, demo)
    assert page.evaluate(AUDIT) == []
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out there.")
    expect(page.locator("#logins li")).to_have_count(1)
    context.close()
    other.close()
