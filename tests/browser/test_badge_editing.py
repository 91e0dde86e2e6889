# SPDX-License-Identifier: AGPL-3.0-or-later
"""An admin makes and changes a badge in Chromium; its pages are for everybody and any screen."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from issuer.models import Source
from issuer.services import awards, badges, persons
from tests.browser.test_pages import AUDIT, AXE, OVERFLOW, PICTURES
from tests.issuing import BLUE, RED

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

OWN = "/admin/badges/painted-here"
PATHS = {
    "badges": "/admin/badges/?q=tester&sort=-holders",
    "badge": "/admin/badges/update-tester-3",
    "badge-form": "/admin/badges/update-tester-3/edit",
    "badge-new": "/admin/badges/-/new",
    "series": "/admin/series/update-tester?find=night",
    "all-series": "/admin/series/",
    "tags": "/admin/tags/",
    "tag": "/admin/tags/rename?tag=quality",
    "teams": "/admin/teams/",
    "team": "/admin/teams/-/new",
    "issuers": "/admin/issuers/",
    "issuer": "/admin/issuers/accolades",
}


def sign_in(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.base_url}/login")
    page.click("button:has-text('ines')")
    page.wait_for_url(f"{demo.base_url}/**")


def test_a_badge_is_made_seen_before_it_is_saved_and_given_a_second_edition(
    demo: Demo, chromium: Browser, tmp_path: Path
) -> None:
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    sign_in(page, demo)
    page.goto(f"{demo.base_url}/admin/badges/-/new")
    _make(page, _file(tmp_path / "red.svg", RED))
    assert page.url == f"{demo.base_url}{OWN}"
    assert "The badge Painted Here is made." in page.inner_text(".told")

    document_id, document = _award(demo, "kwame")
    page.goto(f"{demo.base_url}{OWN}/edit")
    page.fill("#name", "Painted There")
    page.set_input_files("#picture", _file(tmp_path / "blue.svg", BLUE))
    page.click(".form-buttons button:has-text('Save')")
    assert "Edition 2 is issued from now on" in page.inner_text(".told")
    rows = page.locator("section:has(#history) tbody tr").all_inner_texts()
    assert ["issued now" in row for row in rows] == [True, False]
    assert "name" in rows[0] and "picture" in rows[0]
    assertion = context.request.get(f"{document_id}.json").json()
    assert assertion == json.loads(document)
    assert assertion["badge"] == f"{demo.base_url}/badges/painted-here"
    assert context.request.get(f"{assertion['badge']}.json").json()["name"] == "Painted Here"
    page.click("button:has-text('Retire')")  # so that it stands in no list of other tests
    assert "nobody gets it any more" in page.inner_text(".told")
    assert troubles == []
    context.close()


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _make(page: Page, picture: Path) -> None:
    """Make a badge with looks at it on the way: live, and by the button that needs no script."""
    page.fill("#name", "Painted Here")
    page.fill("#description", "Made in a browser.")
    page.set_input_files("#picture", picture)
    page.wait_for_selector(".ground-dark img[src^='data:image/svg']")
    page.fill("#criteria_text", "Paint **something**.")
    page.wait_for_selector("[data-words] strong:has-text('something')")
    page.click("button[value=add-alignments]")
    page.fill("#alignments-0-targetName", "Painting")
    page.fill("#alignments-0-targetUrl", "https://example.org/painting")
    page.click("button[name=preview]")
    shown = page.locator("#preview .ground-light img").first
    assert "/admin/badges/-/uploads/" in (shown.get_attribute("src") or "")
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.press("#name", "Enter")  # saves: the picture was chosen two pages ago
    page.wait_for_url("**/admin/badges/painted-here")


def _award(demo: Demo, username: str) -> tuple[str, str]:
    site, now = demo.site(), datetime.now(UTC)
    with site.database.writing() as session:
        outcome = awards.award(
            session,
            badges.find(session, "painted-here"),
            persons.find(session, username),
            cause=awards.Cause(source=Source.ADMIN),
            email_domain=site.settings.email_domain,
            now=now,
        )
        made = outcome.award.assertions[0]
        found = made.document_id, made.document
    site.database.dispose()
    return found


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
            page.goto(demo.base_url + path)
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/admin-{name}-{width}.png", full_page=True)
            troubles += [(path, width, *one) for one in page.evaluate(AUDIT)]
            if (pixels := page.evaluate(OVERFLOW)) > 0:
                troubles.append((path, width, f"{pixels} pixels too wide"))
        context.close()
    assert troubles == []
