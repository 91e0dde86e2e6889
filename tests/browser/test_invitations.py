# SPDX-License-Identifier: AGPL-3.0-or-later
"""A badge is handed out on paper and claimed with a phone; another is claimed and reviewed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdf
import pytest
import zxingcpp
from sqlalchemy import select

from issuer.models import Award, Badge, Person
from tests.browser.test_pages import AUDIT, AXE, OVERFLOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

PHONE: dict[str, Any] = {"width": 360, "height": 740}
DESK: dict[str, Any] = {"width": 1280, "height": 900}


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a browser of somebody's own; each page they see can be read by everybody."""
    contexts = []

    def opened(viewport: dict[str, Any], scheme: str = "light") -> Page:
        context = chromium.new_context(viewport=viewport, color_scheme=scheme, locale="en-GB")  # type: ignore[arg-type]  # both are as it wants them
        context.add_init_script(path=AXE)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


def check(page: Page) -> None:
    assert page.evaluate(AUDIT) == [], page.url
    assert page.evaluate(OVERFLOW) <= 0, page.url


def sign_in(page: Page, demo: Demo, username: str, path: str) -> None:
    page.goto(f"{demo.base_url}/login?next={path}")
    page.click(f"button:has-text('{username}')")
    page.wait_for_url(f"{demo.base_url}{path}")


def missing(demo: Demo, username: str) -> list[str]:
    """Return badges that somebody does not have."""
    site = demo.site()
    with site.database.reading() as session:
        held = select(Award.badge_id).join(Person, Person.id == Award.person_id)
        statement = select(Badge.slug).where(
            Badge.id.not_in(held.where(Person.key == username)), Badge.retired_at.is_(None)
        )
        found = list(session.scalars(statement.order_by(Badge.slug)))
    site.database.dispose()
    return found


def test_an_invitation_is_printed_and_claimed_on_a_phone_by_somebody_who_signs_in(
    demo: Demo, open_browser: Callable[..., Page]
) -> None:
    slug = missing(demo, "asha")[0]
    desk = open_browser(DESK)
    sign_in(desk, demo, "ines", "/admin/invitations/new")
    check(desk)
    desk.fill("#badge", slug)
    desk.fill("#maximum_uses", "1")
    desk.fill("#note", "The meeting")
    desk.click("main button:has-text('Make it')")
    desk.wait_for_url("**/admin/invitations/*")
    check(desk)
    with desk.expect_download() as download:
        desk.click("a:has-text('Print sheet (A4)')")
    (sheet,) = pypdf.PdfReader(io.BytesIO(Path(download.value.path()).read_bytes())).pages
    codes = [
        each.text
        for one in sheet.images
        for each in zxingcpp.read_barcodes(one.image.convert("RGB"))
    ]
    assert codes == [desk.input_value("#link")]  # W7
    assert codes[0] in "".join(sheet.extract_text().split())

    phone = open_browser(PHONE, "dark")
    phone.goto(codes[0])
    check(phone)
    phone.click("a:has-text('Sign in to claim it')")
    phone.click("button:has-text('asha')")
    phone.wait_for_url(codes[0])
    check(phone)
    phone.click("main button:has-text('Claim this badge')")
    phone.wait_for_url("**/assertions/*")
    assert "Congratulations! This badge is yours now." in phone.inner_text("main")
    check(phone)
    phone.click("a:has-text('Take it with you')")
    phone.wait_for_selector("#take")

    see_afterwards(demo, desk, open_browser(PHONE), codes[0])


def see_afterwards(demo: Demo, desk: Page, late: Page, link: str) -> None:
    """Whoever comes late is told, and the maker sees who was there, on any screen."""
    answer = late.goto(link)
    assert answer is not None
    assert (answer.status, late.inner_text("h1")) == (410, "This invitation is used up")
    check(late)
    desk.reload()
    assert "asha" in desk.inner_text("#uses ~ .table-frame").lower()
    own = desk.url.removeprefix(demo.base_url)
    for viewport in (PHONE, DESK):
        desk.set_viewport_size(viewport)  # type: ignore[arg-type]  # a size
        for path in ("/admin/invitations/", "/admin/invitations/new", own):
            desk.goto(demo.base_url + path)
            check(desk)


def hand_in(phone: Page, demo: Demo, slug: str) -> None:
    """Claim a badge from its page."""
    sign_in(phone, demo, "asha", f"/badges/{slug}")
    check(phone)
    phone.click("main a:has-text('Claim this badge')")
    phone.wait_for_url(f"**/badges/{slug}/claim")
    phone.fill("#text", "I was there.")
    phone.fill("#links", "https://evidence.example.org/photo")
    check(phone)
    phone.click("main button:has-text('Hand it in')")
    phone.wait_for_url("**/claims")
    check(phone)


def test_a_claim_is_handed_in_asked_back_and_accepted(
    demo: Demo, open_browser: Callable[..., Page]
) -> None:
    slug = missing(demo, "asha")[1]
    desk = open_browser(DESK)
    sign_in(desk, demo, "ines", f"/admin/bounties/{slug}")
    desk.check("#claimable")
    desk.fill("#instructions", "Tell where you *were*.")
    desk.fill("#maximum_awards", "1")
    check(desk)
    desk.click("main button:has-text('Save')")
    desk.wait_for_url("**/admin/bounties/")
    check(desk)

    phone = open_browser(PHONE)
    hand_in(phone, demo, slug)
    for decision, words, claim in (
        ("Ask back", "Where was it?", "I was at the meeting in Brno."),
        ("Accept and award", "Thank you!", ""),
    ):
        desk.goto(f"{demo.base_url}/admin/claims/")
        check(desk)
        desk.click(".table-admin td a")
        desk.fill("#text", words)
        check(desk)
        desk.click(f"main button:has-text('{decision}')")
        desk.wait_for_url("**/admin/claims/")
        phone.goto(f"{demo.base_url}/claims")
        assert words in phone.inner_text("main")
        check(phone)
        if claim:
            phone.click("a:has-text('Answer and hand it in again')")
            phone.fill("#text", claim)
            phone.click("main button:has-text('Hand it in again')")
            phone.wait_for_url("**/claims")
    phone.click("a:has-text('Look at your badge')")
    assert "I was at the meeting in Brno." in phone.inner_text(".certificate ~ .columns")
    assert phone.locator("a[href='https://evidence.example.org/photo']").count() == 1
