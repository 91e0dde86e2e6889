# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import session

from issuer.access import MEMBER, needs
from issuer.admin.parts import done, failed
from issuer.sessions import MAX_GROUPS, keep_login, new_mark
from tests.browsing import Browser

if TYPE_CHECKING:
    from flask import Flask


def _words(seed: int, length: int, first: int = 0x4E00, last: int = 0x9FFF) -> str:
    chance = random.Random(seed)  # noqa: S311 (no secret)
    return "".join(chr(chance.randint(first, last)) for _ in range(length))


def test_what_waits_to_be_told_fits_into_the_cookie(app: Flask) -> None:
    """Attacks W5: with all groups that count, and texts of people in what was told."""

    def tell() -> str:
        groups = [_words(number, 20, 0x61, 0x7A) for number in range(MAX_GROUPS)]
        keep_login(
            "asha", {"sub": "s" * 36, "groups": groups}, groups=groups, mark=new_mark(), now=now
        )
        failed(_words(99, 5000, 0x21, 0x7E), "/")
        for number in range(9):
            failed(_words(number, 5000), "/")
            done(_words(number + 50, 5000), "/", link="/badges/" + "x" * 60, link_text="See it")
        return str(session["_flashes"][-1][1]["link_text"])

    now = datetime.now(UTC)
    app.add_url_rule("/tell", "tell", needs(MEMBER)(tell))
    browser = Browser(app, "asha")
    assert browser.get("/tell").text == "See it"
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    assert len(cookie.value) < 4000


def test_what_is_told_is_text(app: Flask) -> None:
    """Attacks W4: a name in what was done is no markup on the next page."""

    def tell() -> str:
        done("<b>bold</b>", "/", link="/badges/x", link_text="<i>see</i>")
        return ""

    app.add_url_rule("/tell", "tell", needs(MEMBER)(tell))
    browser = Browser(app, "asha")
    browser.get("/tell")
    page = browser.get("/").text
    assert "&lt;b&gt;bold" in page
    assert "<b>bold" not in page
    assert "<i>see" not in page


def test_a_refused_form_says_so_before_anything_else(root: Browser) -> None:
    """In the title, which is read first, and where the focus is, also without a script."""
    assert "<title>Error: " not in root.get("/admin/teams/-/new").text
    answer = root.post("/admin/teams/-/new", name="!?")
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert 'id="trouble" tabindex="-1" autofocus>' in answer.text
