# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of apps that somebody let in: theirs alone, and what is shut out stays out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import html5lib

from issuer.services import disclosing, persons
from tests.browsing import Browser
from tests.issuing import NOW
from tests.unit.issuer.web.html import Page
from tests.wallet import READ_BADGES, Wallet

if TYPE_CHECKING:
    from flask import Flask

    from issuer.site import Site


def number(page: str) -> str:
    found = re.search(r"/my/apps/(\d+)/remove", page)
    assert found
    return found[1]


def test_an_app_is_listed_with_what_it_may_and_can_be_shut_out(
    site: Site, app: Flask, wallet: Wallet
) -> None:
    with site.database.writing() as session:
        persons.ensure(session, "chen", now=NOW)
    chen = Browser(app, "chen")
    assert "No app yet" in chen.get("/my/apps").text
    wallet.enter(chen, scope=READ_BADGES)
    page = chen.get("/my/apps")
    assert page.headers["Cache-Control"] == "no-store"
    html5lib.HTMLParser(strict=True).parse(page.text)
    shown = Page(page.text).text
    for words in ("My Wallet", "read your badges", "Last used:", "http://127.0.0.1:8000"):
        assert words in shown
    assert "change your name" not in shown
    address = f"/my/apps/{number(page.text)}/remove"
    assert Browser(app, "boris").post(address).status_code == 404
    assert wallet.get("/credentials").status_code == 200
    assert "My Wallet is shut out." in chen.follow(chen.post(address))
    assert wallet.get("/credentials").status_code == 401
    assert wallet.renew().status_code == 400
    assert chen.post(address).status_code == 404


def test_the_pages_of_settings_and_backpacks_lead_there(asha: Browser) -> None:
    for path in ("/settings", "/my/backpacks"):
        assert 'href="/my/apps"' in asha.get(path).text, path


def test_a_copy_of_all_that_is_kept_names_apps_and_no_secrets(
    site: Site, wallet: Wallet, asha: Browser
) -> None:
    wallet.enter(asha)
    with site.database.reading() as session:
        person = persons.find(session, "asha")
        copy = "".join(disclosing.everything(session, person, now=NOW))
    assert "My Wallet" in copy
    assert not re.search(
        r"_hash|code_challenge", copy.replace("identity_hash", "").replace("avatar_hash", "")
    )
