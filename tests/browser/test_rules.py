# SPDX-License-Identifier: AGPL-3.0-or-later
"""A rule is written in Chromium, tried on the archive and put in force; a message then awards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from issuer.adapters.messages import Incoming
from issuer.adapters.pictures import read_picture
from issuer.intake import Intake, policy_of
from issuer.services import badges, setup
from issuer.services.badges import Facts
from issuer.services.setup import Stores
from rules.model import Message
from tests.browser.test_pages import AUDIT, AXE, OVERFLOW
from tests.browser.test_sharing import watch
from tests.issuing import RED

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from issuer.site import Site
    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

NOW = datetime.now(UTC)
BROKEN = 'recipient: "message."'


@pytest.mark.parametrize(
    ("width", "scheme", "with_script"),
    [(1280, "light", True), (360, "dark", False)],
    ids=["desktop", "phone-without-script"],
)
def test_a_rule_is_written_tried_and_activated_and_then_awards(
    demo: Demo, chromium: Browser, width: int, scheme: str, *, with_script: bool
) -> None:
    slug = f"tea-maker-{width}"
    site = demo.site()
    make_badge(site, slug)
    say(site, slug, "chen", 1)
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=with_script,
    )
    context.add_init_script(path=AXE)
    page = context.new_page()
    troubles = watch(page)
    page.goto(f"{demo.base_url}/admin/rules/new?q={slug}")
    page.click("button:has-text('ines')")
    page.wait_for_url("**/admin/rules/new**")
    page.click(f"a:has-text('{slug}')")

    written_and_tried(page, slug, with_script=with_script)
    page.click("text=Save as draft")
    assert "Saved as revision 1" in page.inner_text("[role=status].told")
    page.click("text=Activate revision 1")
    assert "Revision 1 is in force now" in page.inner_text("[role=status].told")
    say(site, slug, "dan", 2)
    page.goto(f"{demo.base_url}/badges/{slug}")
    assert page.locator("main a:has-text('dan')").count() > 0
    for path in (f"of/{slug}", f"of/{slug}/history", f"of/{slug}/revisions/1", f"?q={slug}"):
        page.goto(f"{demo.base_url}/admin/rules/{path}")
        assert "in force" in page.inner_text("main") or "revisions" in path
        seen_well(page, with_script=with_script)
    awarded_from_the_archive(
        page, f"{demo.base_url}/admin/rules/of/{slug}", with_script=with_script
    )
    page.goto(f"{demo.base_url}/badges/{slug}")
    assert page.locator("main a:has-text('chen')").count() > 0
    assert troubles == []
    context.close()


def awarded_from_the_archive(page: Page, editor: str, *, with_script: bool) -> None:
    """Let those have the badge who earned it before the rule was there."""
    page.goto(editor)
    page.click("text=Award those who earned it before")
    seen_well(page, with_script=with_script)
    page.click("button:has-text('Award them')")
    for _ in range(60):
        if page.locator("text=It is done.").count():
            break
        if not with_script and page.locator("text=Look again").count():
            page.click("text=Look again")
        page.wait_for_timeout(500)
    assert "1 award," in page.inner_text("#progress")
    seen_well(page, with_script=with_script)


def written_and_tried(page: Page, slug: str, *, with_script: bool) -> None:
    page.fill("#lines-0-text", f"tea.{slug}")
    page.click("text=Write YAML from fields")
    page.wait_for_selector("text=The rule loads")
    seen_well(page, with_script=with_script)
    if with_script:
        mistakes_are_shown_while_one_types(page)

    page.click("section#trial button:has-text('Try it')")
    assert "1 award since" in page.inner_text("#trial")
    assert "chen" in page.inner_text("#trial table")
    page.click("#trial table button:has-text('Why?')")
    assert "Would award: it earns the badge for chen" in page.inner_text("#explanation")
    seen_well(page, with_script=with_script)


def mistakes_are_shown_while_one_types(page: Page) -> None:
    """Type something wrong by keyboard alone, go to it from the list, and mend it."""
    right = page.input_value("#text")
    page.focus("#text")
    page.keyboard.press("Control+End")
    page.keyboard.type(BROKEN)
    page.wait_for_selector(".marks-list .mark-error")
    assert "1 error" in page.inner_text(".marks-said")
    line = right.count("\n") + 1
    assert page.inner_text(".code-lines .mark-error") == str(line)
    page.focus(".marks-list a")
    page.keyboard.press("Enter")
    assert page.evaluate("getSelection().toString()") == BROKEN
    page.keyboard.press("Delete")
    page.wait_for_selector(".marks-list .mark-error", state="detached")
    assert page.input_value("#text") == right


def seen_well(page: Page, *, with_script: bool) -> None:
    assert page.evaluate(OVERFLOW) <= 0, page.url
    assert not with_script or page.evaluate(AUDIT) == [], page.url


def make_badge(site: Site, slug: str) -> None:
    facts = Facts(name=slug, slug=slug, legacy_id=slug, description="Tea for everybody.")
    with site.database.writing() as session:
        stores = Stores(site.keys, site.objects)
        issuer = setup.ensure_issuer(session, site.settings, stores, now=NOW)
        picture = read_picture(RED, "drawing.svg")
        badges.put(session, issuer, facts, picture, site.objects, now=NOW)


def say(site: Site, slug: str, name: str, number: int) -> None:
    """Let a message come as it comes to the consumer."""
    message = Message(
        id=f"{slug}-{number}",
        topic=f"org.example.prod.tea.{slug}",
        body={},
        sent_at=NOW - timedelta(minutes=10 - number),
        agent_name=name,
        usernames=(name,),
    )
    Intake(site, policy_of(site.settings)).handle(Incoming(message, (name,)), now=NOW)
