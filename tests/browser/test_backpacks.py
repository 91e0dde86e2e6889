# SPDX-License-Identifier: AGPL-3.0-or-later
"""From "my badges" to "sent, already there, refused" in Chromium, with a Badgr and a host."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from issuer.models import Assertion
from tests.browsing import Browser as Visitor
from tests.simulators import BadgrSimulator, ConnectSimulator
from tests.simulators.site import sending_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.simulators.site import Sender

pytestmark = pytest.mark.timeout(300)

EMAIL = "asha@example.org"


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    """A site that sends by itself, as the embedded default does."""
    with sending_site(tmp_path, by_itself=True) as made:
        yield made


@pytest.fixture
def asha(sender: Sender, page: Page) -> Page:
    """The telephone of somebody who is signed in and has four badges, one of them expired."""
    sender.award("asha", "First Steps", "Second Steps", "Third Steps")
    sender.award("asha", "Short", expires_after=timedelta(days=1))
    cookie = Visitor(sender.app, "asha").client.get_cookie("session")
    assert cookie is not None
    base_url = sender.site.settings.base_url
    page.context.add_cookies([{"name": "session", "value": cookie.value, "url": base_url}])
    page.set_viewport_size({"width": 360, "height": 800})
    return page


def first(sender: Sender) -> Assertion:
    with sender.site.database.reading() as session:
        found = session.scalars(select(Assertion).order_by(Assertion.id).limit(1)).one()
        session.expunge_all()
        return found


def wait(page: Page) -> None:
    """Look again until nothing waits."""
    for _ in range(60):
        if "wait" not in page.inner_text("main"):
            return
        page.wait_for_timeout(500)
        page.reload()


def test_from_my_badges_all_are_sent_to_a_badgr(sender: Sender, asha: Page) -> None:
    badgr = BadgrSimulator()
    with badgr.running():
        badgr.account(EMAIL).badges[first(sender).document_id] = {}
        asha.goto(f"{sender.site.settings.base_url}/my/badges")
        asha.click("text=Send them to a backpack")
        asha.click("main >> text=Connect a backpack")
        asha.fill("#api", badgr.url)
        asha.fill("#username", EMAIL)
        asha.fill("#password", "pass")
        asha.click("button:text-is('Connect')")
        expect(asha.locator("main")).to_contain_text("The backpack is connected.")
        asha.click("text=Send all 4 badges")
        expect(asha.locator("main")).to_contain_text("4 badges are on their way.")
        wait(asha)
        expect(asha.locator(".lead")).to_have_text("2 sent, 1 already there, 1 refused")
        expect(asha.locator(".pushes")).to_contain_text("this backpack takes no badge that has")
        overflow = asha.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0


def test_one_badge_is_sent_to_a_host_where_its_holder_signs_in(sender: Sender, asha: Page) -> None:
    host, badge = ConnectSimulator(as_badgr=True), first(sender)
    with host.running():
        host.account(EMAIL)
        asha.goto(badge.document_id)
        asha.click("text=Send to a backpack")
        asha.click("main >> text=Connect a backpack")
        asha.fill("#host", host.url)
        asha.click("button:text-is('Go on')")
        asha.click("main a:has-text('Go to')")
        asha.click("button:text-is('Allow')")
        expect(asha.locator("main")).to_contain_text("The backpack is connected.")
        expect(asha.locator("main")).to_contain_text(EMAIL)
        asha.goto(badge.document_id)
        asha.click("text=Send to a backpack")
        asha.click(f"button:has-text('{host.url.removeprefix('http://')}')")
        wait(asha)
        expect(asha.locator(".lead")).to_have_text("1 sent")
        assert list(host.accounts[EMAIL].badges) == [badge.document_id]
