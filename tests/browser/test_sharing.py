# SPDX-License-Identifier: AGPL-3.0-or-later
"""The share page in frames of other sites, and the settings of a person, in Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import AUDIT, AXE, OVERFLOW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

ELSEWHERE = """
<iframe id="card" src="{0}/embed" width="480" height="200"></iframe>
<iframe id="page" src="{0}" width="480" height="200"></iframe>
<img id="drawing" src="{0}/embed.svg">
"""


@pytest.mark.parametrize(
    ("width", "scheme", "with_script"),
    [(360, "dark", False), (360, "light", True), (1280, "dark", True), (1280, "light", False)],
)
def test_a_person_sees_to_their_settings_with_and_without_a_script(
    demo: Demo, chromium: Browser, width: int, scheme: str, *, with_script: bool
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=with_script,
    )
    context.add_init_script(path=AXE)
    page = context.new_page()
    troubles = watch(page)
    page.goto(f"{demo.base_url}/settings")
    page.click("button:has-text('ines')")
    page.wait_for_url(f"{demo.base_url}/settings")
    page.fill("#bio", f"I mend *things* {width}.")
    page.click("text=Save profile")
    assert "Your profile is saved." in page.inner_text("[role=status]")
    address = f"ines-{width}-{scheme}@example.net"
    page.fill("#address", address)
    page.click("text=Add address")
    page.click("text=Confirm the address")
    page.click("text=Yes, confirm it")
    row = page.locator(".addresses li", has_text=address)
    assert "confirmed" in row.inner_text()
    row.get_by_role("button", name="Remove").click()
    expect(page.locator(".addresses li", has_text=address)).to_have_count(0)
    page.click("button:has-text('Opt out')")
    gone = context.request.get(f"{demo.base_url}/people/ines")
    assert gone.status == 404
    page.click("text=Show me again")
    page.goto(f"{demo.base_url}/people/ines")
    assert f"I mend things {width}." in page.inner_text("main")
    for path in ("/settings", "/settings/trophies", "/settings/erase"):
        page.goto(demo.base_url + path)
        assert page.evaluate(OVERFLOW) <= 0, path
        assert not with_script or page.evaluate(AUDIT) == [], path
    assert troubles == []
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_a_person_makes_uses_and_revokes_a_token(
    demo: Demo, chromium: Browser, width: int, scheme: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.add_init_script(path=AXE)
    page = context.new_page()
    troubles = watch(page)
    page.goto(f"{demo.base_url}/settings/tokens")
    page.click("button:has-text('ines')")
    page.wait_for_url(f"{demo.base_url}/settings/tokens")
    name = f"laptop {width}"
    page.fill("#name", name)
    page.check("text=Award badges, and undo that")
    page.click("button:has-text('Make a token')")
    assert page.evaluate(AUDIT) == []
    headers = {"Authorization": f"Bearer {page.inner_text('#new-token')}"}
    me = f"{demo.base_url}/api/v1/me"
    assert context.request.get(me, headers=headers).json()["username"] == "ines"
    assert context.request.get(me).status == 401  # with the cookie alone
    page.locator(".addresses li", has_text=name).get_by_role("button", name="Revoke").click()
    assert "nothing can be done by it" in page.inner_text("[role=status]")
    assert context.request.get(me, headers=headers).status == 401
    for path in ("/settings/tokens", "/api/docs"):
        page.goto(demo.base_url + path)
        assert page.evaluate(OVERFLOW) <= 0, path
        assert page.evaluate(AUDIT) == [], path
    assert troubles == []
    context.close()


def until(page: Page, expression: str) -> None:
    """Wait for what a page says of itself; it lets nothing inside of it evaluate a text."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"it never came true: {expression}")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_share_page_offers_what_works_elsewhere(
    demo: Demo, chromium: Browser, width: int
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, permissions=["clipboard-write", "clipboard-read"]
    )
    context.add_init_script(path=AXE)
    page = context.new_page()
    troubles = watch(page)
    page.goto(demo.assertion, wait_until="networkidle")
    assert "Checked now." in page.inner_text(".state-good")
    page.click("summary:has-text('Show it on your own page')")
    page.click("button:has-text('Copy') >> nth=0")
    until(page, f"navigator.clipboard.readText().then(text => text === '{demo.assertion}')")
    until(page, "document.querySelector('.embed-preview').naturalWidth > 0")
    assert page.evaluate(OVERFLOW) <= 0
    assert page.evaluate(AUDIT) == []
    assert troubles == []

    page.set_content(ELSEWHERE.format(demo.assertion), wait_until="networkidle")
    card = page.frame_locator("#card")
    assert card.locator("h1").inner_text()
    assert card.locator("img").first.evaluate("image => image.decode().then(() => true)")
    assert page.frame_locator("#page").locator(".certificate").count() == 0
    until(page, "document.getElementById('drawing').naturalWidth === 480")
    assert context.cookies() == []
    context.close()


def watch(page: Page) -> list[str]:
    """Return where errors of a page are noted."""
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda message: troubles.append(message.text) if message.type == "error" else None,
    )
    return troubles
