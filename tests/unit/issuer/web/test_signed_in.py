# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where somebody is signed in: shown to them, ended from anywhere, and over when nobody uses it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from issuer.app import create_app
from issuer.models import Login
from issuer.services import browsers, persons
from issuer.services.browsers import Agent
from tests.browsing import ADMINS, Browser, sign_in
from tests.issuing import NOW, make_site
from tests.unit.issuer.web.community import statements_of
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from issuer.site import Site

PAGE = "/settings"
LOGIN = "/login?next=%2Fsettings"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(
        tmp_path, "", oidc_issuer="https://id.example.org", oidc_client_id="x", idle_minutes=90
    )
    with made.database.writing() as session:
        for name in ("asha", "boris"):
            persons.ensure(session, name, now=NOW)
    yield made
    made.database.dispose()


@pytest.fixture
def app(site: Site) -> Flask:
    return create_app(site=site)


def rows(site: Site) -> list[Login]:
    with site.database.session() as session:
        return list(session.scalars(select(Login).order_by(Login.id)))


def leave_alone(site: Site, minutes: float) -> None:
    """Let all logins be as if nobody had used them for so long."""
    passed = timedelta(minutes=minutes)
    with site.database.writing() as session:
        for row in session.scalars(select(Login)):
            row.last_used_at -= passed
            row.ends_at -= passed


def is_in(browser: Browser) -> bool:
    return browser.get(PAGE).status_code == 200


@pytest.mark.parametrize(
    ("groups", "minutes", "stays"), [((), 85, True), ((), 91, False), ((ADMINS,), 61, False)]
)
def test_a_login_that_nobody_uses_ends_and_one_with_rights_sooner(
    app: Flask, site: Site, groups: tuple[str, ...], minutes: int, *, stays: bool
) -> None:
    browser = Browser(app, "asha", *groups)
    leave_alone(site, minutes)
    front = browser.get("/").text
    assert ("/people/asha" in front) is stays  # public pages do not believe the cookie either
    assert browser.get(PAGE).location == (None if stays else LOGIN)


def test_a_login_that_is_used_goes_on_and_costs_few_writes(app: Flask, site: Site) -> None:
    browser = Browser(app, "asha")
    for passed, writes in ((0, 0), (4, 0), (2, 1), (60, 1), (60, 1)):
        leave_alone(site, passed)
        with statements_of(site.database.engine) as seen:
            assert is_in(browser)
        assert len([each for each in seen if each.startswith("UPDATE logins")]) == writes
        assert not [each for each in seen if not each.startswith(("SELECT", "UPDATE logins"))]
        assert len([each for each in seen if "FROM logins" in each]) == 2  # whether, and the list
    (row,) = rows(site)
    assert datetime.now(UTC) - row.last_used_at < timedelta(minutes=1)


def test_a_login_ends_after_eight_hours_however_much_it_is_used(app: Flask, site: Site) -> None:
    browser = Browser(app, "asha", age=timedelta(hours=7, minutes=30))
    leave_alone(site, 6)
    assert is_in(browser)
    (row,) = rows(site)
    assert timedelta(hours=7, minutes=59) < row.ends_at - row.began_at <= timedelta(hours=8)


def test_pictures_and_documents_ask_for_no_login(app: Flask, site: Site) -> None:
    browser = Browser(app, "asha")
    for path in ("/static/site.css", "/issuers/accolades.json", "/healthz/live", "/logo.png"):
        with statements_of(site.database.engine) as seen:
            browser.client.get(path).close()
        assert not [each for each in seen if "logins" in each], path


def test_a_public_page_asks_once_and_nobody_is_not_asked_for(app: Flask, site: Site) -> None:
    for browser, asked in ((Browser(app, "asha"), 1), (Browser(app), 0)):
        with statements_of(site.database.engine) as seen:
            assert browser.get("/explore").status_code == 200
        assert len([each for each in seen if "logins" in each]) == asked


def test_what_cannot_be_noted_keeps_nobody_from_reading(
    app: Flask, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*_arguments: object, **_options: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    browser = Browser(app, "asha")
    leave_alone(site, 30)
    monkeypatch.setattr(browsers, "note_use", locked)
    assert is_in(browser)
    assert "the use of a login could not be noted" in caplog.text


def test_while_the_database_is_away_a_page_says_so(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def away(*_arguments: object, **_options: object) -> None:
        asked.append(1)
        raise OperationalError("SELECT", {}, Exception("connection refused"))

    browser = Browser(app, "asha")
    monkeypatch.setattr(browsers, "find", away)
    for path in ("/", PAGE):
        answer = browser.get(path)
        assert (answer.status_code, "Back in a moment" in answer.text) == (503, True), path
    assert len(asked) == 2  # each waits for seconds
    monkeypatch.undo()
    assert is_in(browser)


def test_people_see_where_they_are_signed_in_and_sign_out_there(app: Flask, site: Site) -> None:
    here, there = Browser(app, "asha"), Browser(app, "asha")
    stranger = Browser(app, "boris")
    page = Page(here.get(PAGE).text)
    assert page.text.count("Unknown browser") == 4  # and what its button says to those who hear
    assert page.text.count("this browser") == 1
    mine, other, foreign = (row.id for row in rows(site))
    forms = [form["action"] for form in page.all("form")]
    assert f"{PAGE}/logins/{other}/end" in forms
    assert f"{PAGE}/logins/{mine}/end" not in forms  # a plain sign-out does that
    assert f"{PAGE}/logins/{foreign}/end" not in forms

    assert here.client.post(f"{PAGE}/logins/{other}/end").status_code == 400
    assert here.post(f"{PAGE}/logins/{foreign}/end").status_code == 404
    assert is_in(there)
    assert is_in(stranger)
    assert "You are signed out there." in here.follow(here.post(f"{PAGE}/logins/{other}/end"))
    assert here.post(f"{PAGE}/logins/{other}/end").status_code == 404
    assert [is_in(each) for each in (here, there, stranger)] == [True, False, True]
    assert f"{PAGE}/logins/others" not in here.get(PAGE).text


def test_one_press_signs_out_everywhere_else(app: Flask) -> None:
    here, *others = [Browser(app, "asha") for _ in range(3)]
    stranger = Browser(app, "boris")
    assert here.client.post(f"{PAGE}/logins/others").status_code == 400
    assert all(map(is_in, others))
    here.follow(here.post(f"{PAGE}/logins/others"))
    assert [is_in(each) for each in (here, *others, stranger)] == [True, False, False, True]


def test_a_browser_is_named_and_nothing_of_its_own_text_is_shown(app: Flask, site: Site) -> None:
    sign_in(app, "asha", agent=Agent("Firefox", "Linux"))
    sign_in(app, "asha", agent=Agent("", "Android"))
    with site.database.writing() as session:
        hostile = update(Login).where(Login.browser == "Firefox")
        session.execute(hostile.values(browser="<b>Firefox</b>"))
    text = Browser(app, "asha").get(PAGE).text
    assert "&lt;b&gt;Firefox&lt;/b&gt; on Linux" in text
    assert "<strong>Android</strong>" in text
    assert "8 hours after it began, or 90 minutes after it was last used" in text


def test_the_page_speaks_of_the_time_of_whoever_looks(app: Flask) -> None:
    text = Browser(app, "asha", ADMINS).get(PAGE).text
    assert re.search("8 hours after it began, or 1 hour after", text)


def test_a_cookie_without_a_login_of_ours_is_nobody(app: Flask, site: Site) -> None:
    """A cookie of before rows were kept, or of an account that is gone."""
    marks: list[Any] = [None, "", "unknown"]
    for mark in marks:
        browser = Browser(app, "asha")
        with browser.client.session_transaction() as current:
            token = {**current["oidc_auth_token"], "mark": mark}
            if mark is None:
                del token["mark"]
            current["oidc_auth_token"] = token
        assert browser.get(PAGE).location == LOGIN
