# SPDX-License-Identifier: AGPL-3.0-or-later
"""A wallet on the device is let in, fetches and is shut out, in Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask, redirect, request
from playwright.sync_api import expect

from tests.browser.test_pages import AUDIT, AXE
from tests.browsing import Browser as Visitor
from tests.login_site import serving
from tests.simulators.site import sending_site
from tests.wallet import Wallet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page
    from werkzeug.wrappers import Response

    from tests.simulators.site import Sender

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    with sending_site(tmp_path) as made:
        made.award("asha", "First Steps", "Second Steps")
        yield made


@pytest.fixture
def asha(sender: Sender, page: Page) -> Page:
    """The telephone of somebody who is signed in."""
    cookie = Visitor(sender.app, "asha").client.get_cookie("session")
    assert cookie is not None
    base_url = sender.site.settings.base_url
    page.context.add_cookies([{"name": "session", "value": cookie.value, "url": base_url}])
    page.set_viewport_size({"width": 360, "height": 800})
    return page


def back() -> Response:
    return redirect(f"/done?{request.query_string.decode()}")


@pytest.fixture
def address() -> Iterator[str]:
    """Where the wallet is answered; it leads on to a page of its own."""
    app = Flask("wallet")
    app.add_url_rule("/back", "back", back)
    app.add_url_rule("/done", "done", lambda: "<h1>Thank you</h1>")
    with serving(app) as url:
        yield f"{url}/back"


def check(page: Page) -> None:
    """See that the page is for everybody, and fits."""
    page.evaluate(AXE.read_text())  # the policy forbids a script tag
    assert page.evaluate(AUDIT) == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_a_wallet_is_let_in_fetches_and_is_shut_out(
    sender: Sender, asha: Page, address: str
) -> None:
    base_url = sender.site.settings.base_url
    wallet = Wallet(sender.app, redirect_uri=address, auth="none")
    asha.goto(f"{base_url}/oauth/authorize?{urlencode(wallet.request())}")
    expect(asha.locator("main")).to_contain_text("“My Wallet” wants to reach your account asha.")
    asha.click("button:text-is('Let it in')")
    expect(asha.locator("h1")).to_have_text("Thank you")
    code = parse_qs(urlsplit(asha.url).query)["code"][0]
    wallet.tokens = wallet.redeem(code).get_json()
    listed = wallet.get("/credentials").get_json()["credential"]
    assert [each["name"] for each in listed] == ["First Steps", "Second Steps"]
    asha.goto(f"{base_url}/my/backpacks")
    asha.click("main >> text=Apps that may read my badges")
    expect(asha.locator("main")).to_contain_text("My Wallet")
    asha.click("button:has-text('Shut out')")
    expect(asha.locator("main")).to_contain_text("No app yet")
    assert wallet.get("/credentials").status_code == 401


def test_the_pages_are_for_everybody(sender: Sender, asha: Page, address: str) -> None:
    base_url = sender.site.settings.base_url
    wallet = Wallet(sender.app, redirect_uri=address).enter(Visitor(sender.app, "asha"))
    for path in (
        f"/oauth/authorize?{urlencode(wallet.request())}",
        f"/oauth/authorize?{urlencode(wallet.request(scope='none'))}",
        "/my/apps",
    ):
        asha.goto(base_url + path)
        check(asha)
