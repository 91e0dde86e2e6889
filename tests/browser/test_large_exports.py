# SPDX-License-Identifier: AGPL-3.0-or-later
"""A large ZIP in Chromium: asked for, watched while it is made, downloaded; without scripts too."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from issuer.preparing import Preparer
from issuer.services import exports
from tests.browser.test_exporting import troubles_of
from tests.browser.test_pages import AXE
from tests.browsing import Browser as Visitor
from tests.simulators.site import sending_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.simulators.site import Sender

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    """A site where two badges are many, and whose exports a worker makes: the test."""
    monkeypatch.setattr(exports, "STREAMED", 1)
    with sending_site(tmp_path) as made:
        made.award("asha", "First Steps", "Second Steps")
        yield made


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def asha(sender: Sender, chromium: Browser, *, scripts: bool) -> Iterator[Page]:
    """The telephone of somebody who is signed in."""
    context = chromium.new_context(
        locale="en-GB", java_script_enabled=scripts, viewport={"width": 360, "height": 800}
    )
    cookie = Visitor(sender.app, "asha").client.get_cookie("session")
    assert cookie is not None
    base_url = sender.site.settings.base_url
    context.add_cookies([{"name": "session", "value": cookie.value, "url": base_url}])
    context.add_init_script(path=AXE)
    yield context.new_page()
    context.close()


def test_a_large_zip_is_watched_while_it_is_made(
    sender: Sender, asha: Page, tmp_path: Path, *, scripts: bool
) -> None:
    asha.goto(f"{sender.site.settings.base_url}/my/badges")
    asha.click("text=Everything as ZIP")
    expect(asha.get_by_role("status")).to_contain_text("is about to be made")
    check(asha, "large-waiting", scripts=scripts)
    now = datetime.now(UTC)
    with sender.site.database.writing() as session:
        job = exports.take(session, now=now)
        assert job is not None
        assert exports.note(session, job, 1, 2, now=now)
    look(asha, scripts=scripts)
    expect(asha.get_by_text("1 of 2 badges")).to_be_visible()
    check(asha, "large-making", scripts=scripts)
    with sender.site.database.writing() as session:
        exports.give_back(session, job, now=now)
    assert Preparer(sender.site).prepare()
    look(asha, scripts=scripts)
    expect(asha.get_by_role("status")).to_contain_text("2 badges are in it.")
    assert asha.get_by_text("Look again").count() == 0
    check(asha, "large-ready", scripts=scripts)
    with asha.expect_download() as download:
        asha.click("text=Download the ZIP")
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
    asha.click("text=Remove it")
    expect(asha.get_by_role("heading", level=1)).to_have_text("My badges, to take along")
    assert asha.get_by_text("ZIP of").count() == 0


def look(page: Page, *, scripts: bool) -> None:
    """Look again, which a script does by itself."""
    if not scripts:
        page.click("text=Look again")


def check(page: Page, name: str, *, scripts: bool) -> None:
    if scripts:
        assert troubles_of(page, name) == []
        page.set_viewport_size({"width": 360, "height": 800})
