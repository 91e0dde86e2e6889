# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import event

from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser


def test_the_first_page_is_for_whoever_is_logged_in(nobody: Browser, root: Browser) -> None:
    answer = nobody.get("/admin/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=%2Fadmin%2F")
    answer = root.get("/admin/")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert Page(answer.text).headings().count(1) == 1


def test_a_member_is_told_that_there_is_nothing_to_do(asha: Browser) -> None:
    assert "You have no right to issue anything" in asha.get("/admin/").text
    assert 'href="/admin/"' not in asha.get("/").text


def test_the_menu_of_the_account_leads_there(root: Browser, rita: Browser) -> None:
    for browser in (root, rita):
        assert 'href="/admin/"' in browser.get("/").text


BOXES = ("box-awards", "box-traffic", "box-jobs", "box-rules", "box-keys", "box-audit")


def test_each_box_is_for_those_with_the_right(
    root: Browser, boris: Browser, rita: Browser, dora: Browser
) -> None:
    for browser, seen in (
        (root, set(BOXES)),
        (boris, {"box-awards", "box-rules"}),
        (rita, set()),
        (dora, set()),
    ):
        page = browser.get("/admin/").text
        assert {box for box in BOXES if f'id="{box}"' in page} == seen


def test_the_dashboard_asks_few_questions(root: Browser, site: Site) -> None:
    asked: list[str] = []
    root.get("/admin/")
    event.listen(site.database.engine, "before_cursor_execute", lambda *all_: asked.append(all_[2]))
    root.get("/admin/")
    assert len(asked) <= 20, asked
