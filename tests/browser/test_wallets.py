# SPDX-License-Identifier: AGPL-3.0-or-later
"""From "my badges" to the code for a wallet in Chromium, and a wallet that is a web page itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
import zxingcpp
from flask import Flask
from PIL import Image

from issuer.services import wallets
from tests.browser.test_pages import AUDIT, AXE, OVERFLOW
from tests.browsing import Browser as Visitor
from tests.login_site import serving
from tests.simulators.site import sending_site
from tests.simulators.wallets import LearnerCredentialWallet, Wallet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.simulators.site import Sender

pytestmark = pytest.mark.timeout(300)

FETCH = """async ([url, body]) => {
  const answer = await fetch(url, {method: "POST", body: JSON.stringify(body),
    headers: {"Content-Type": "application/json"}});
  return answer.json();
}"""


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    with sending_site(tmp_path) as made:
        made.award("asha", "First Steps")
        yield made


@pytest.fixture
def telephone(sender: Sender, chromium: Browser) -> Iterator[BrowserContext]:
    """A telephone without scripts, on which somebody is signed in."""
    context = chromium.new_context(
        viewport={"width": 360, "height": 800}, java_script_enabled=False, color_scheme="dark"
    )
    cookie = Visitor(sender.app, "asha").client.get_cookie("session")
    assert cookie is not None
    base_url = sender.site.settings.base_url
    context.add_cookies([{"name": "session", "value": cookie.value, "url": base_url}])
    yield context
    context.close()


@pytest.fixture
def other() -> Iterator[str]:
    """The address of a wallet that is a web page; of this machine, or no browser lets it ask."""
    app = Flask("wallet")
    app.add_url_rule("/request", "request", lambda: "<p>A wallet.</p>")
    with serving(app) as url:
        yield url


@pytest.fixture
def elsewhere(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    yield context
    context.close()


def scanned(page: Page, number: int, path: Path) -> str:
    """Return what a telephone reads off the screen."""
    page.locator("img.qr").nth(number).screenshot(path=path)
    with Image.open(path) as picture:
        (found,) = zxingcpp.read_barcodes(picture.convert("RGB"))
    return found.text


def post(url: str, body: dict[str, Any]) -> Any:
    answer = requests.post(url, json=body, timeout=30)
    return type("Answer", (), {"status_code": answer.status_code, "text": answer.text})


def test_two_clicks_lead_from_my_badges_to_a_wallet(
    sender: Sender, telephone: BrowserContext, tmp_path: Path
) -> None:
    page, base_url = telephone.new_page(), sender.site.settings.base_url
    page.goto(f"{base_url}/my/badges")
    page.click("button:has-text('Put into a wallet')")
    links = [each.get_attribute("href") for each in page.locator("main a.button").all()]
    assert [scanned(page, number, tmp_path / "code.png") for number in (0, 1)] == links
    wallet = LearnerCredentialWallet(post)
    wallet.open(links[0] or "")
    (held,) = wallet.held
    assert requests.get(held["id"], timeout=30).json() == held
    # From the page of the badge it is the same, and tells what was fetched.
    page.goto(held["id"].removesuffix("/ob3"))
    page.click("button:has-text('Put into a wallet')")
    assert wallet.did in page.inner_text("main")


def test_the_page_of_a_wallet_can_be_read_by_everybody(
    sender: Sender, telephone: BrowserContext, chromium: Browser
) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 800}, color_scheme="dark")
    context.add_init_script(path=AXE)
    context.add_cookies(telephone.cookies())  # type: ignore[arg-type]  # what it gives, it takes
    page = context.new_page()
    page.goto(f"{sender.site.settings.base_url}/my/badges")
    page.click("button:has-text('Put into a wallet')")
    assert page.evaluate(AUDIT) == []
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(OVERFLOW) <= 0
    context.close()


def test_a_wallet_that_is_a_web_page_elsewhere_is_let_in(
    sender: Sender, telephone: BrowserContext, elsewhere: BrowserContext, other: str
) -> None:
    mine, base_url = telephone.new_page(), sender.site.settings.base_url
    mine.goto(f"{base_url}/my/badges")
    mine.click("button:has-text('Put into a wallet')")
    link = mine.locator("main a.button").nth(1).get_attribute("href") or ""
    token = link.rpartition("%2F")[2]
    page = elsewhere.new_page()
    page.goto(f"{other}/request?{link.partition('?')[2]}")
    url = f"{base_url}/wallets/{token}"
    asked = page.evaluate(FETCH, [url, {}])["verifiablePresentationRequest"]
    assert asked["challenge"] == wallets.challenge(token)
    proof = Wallet(post).presentation(asked["challenge"], asked["domain"])
    answer = page.evaluate(FETCH, [url, {"verifiablePresentation": proof}])
    (held,) = answer["verifiablePresentation"]["verifiableCredential"]
    assert held["credentialSubject"]["achievement"]["name"] == "First Steps"
