# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page that asks a person: nobody else is asked, and nothing leaves before they decide."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import html5lib
import pytest
from sqlalchemy import select

from issuer.limits import limiter
from issuer.models import AppAccess
from issuer.services import app_tokens, emails, persons
from issuer.web.apps import consenting
from tests.browsing import Browser
from tests.issuing import NOW
from tests.unit.issuer.web.html import Page
from tests.wallet import BACK, READ_BADGES, WRITE_PROFILE, Wallet

if TYPE_CHECKING:
    from flask import Flask

    from issuer.site import Site


def test_the_page_says_who_asks_for_what_and_where_the_answer_goes(
    wallet: Wallet, asha: Browser
) -> None:
    answer = wallet.ask(asha)
    text = Page(answer.text).text
    assert answer.status_code == 200
    html5lib.HTMLParser(strict=True).parse(answer.text)
    for words in ("My Wallet", "asha", "read your badges", "change your name", "wallet.example"):
        assert words in text
    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self' https:;" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "change your name" not in Page(wallet.ask(asha, scope=READ_BADGES).text).text


@pytest.mark.parametrize(
    ("uri", "source", "words"),
    [
        ("http://127.0.0.1:4711/back", "http://127.0.0.1:4711", "program on this device"),
        ("com.example.wallet:/back", "com.example.wallet:", "program on this device"),
    ],
)
def test_a_program_on_the_device_is_told_as_such(
    app: Flask, asha: Browser, uri: str, source: str, words: str
) -> None:
    answer = Wallet(app, redirect_uri=uri, auth="none").ask(asha)
    assert f"form-action 'self' {source};" in answer.headers["Content-Security-Policy"]
    assert words in Page(answer.text).text


def test_words_of_an_app_are_words_only(app: Flask, asha: Browser) -> None:
    name = "<script>alert(1)</script>“&'"
    page = Wallet(app, about={"client_name": name}).ask(asha).text
    assert "<script>alert" not in page
    assert name in Page(page).text


def test_the_page_speaks_the_language_of_whoever_reads(app: Flask, wallet: Wallet) -> None:
    browser = Browser(app, "asha")
    path = f"/oauth/authorize?{urlencode(wallet.request())}"
    answer = browser.client.get(path, headers={"Accept": "text/html", "Accept-Language": "de"})
    assert 'lang="de"' in answer.text


def test_allowing_leads_back_with_a_code_and_the_name_of_this_site(
    wallet: Wallet, asha: Browser
) -> None:
    asked = wallet.request()
    answer = asha.post("/oauth/authorize", **asked, decision="allow")
    target = urlsplit(answer.headers["Location"])
    query = parse_qs(target.query)
    assert answer.headers["Location"].startswith(f"{BACK}?")
    assert query["state"] == ["of this login"]
    assert query["iss"] == ["http://127.0.0.1:8000"]
    assert set(query) == {"code", "state", "iss"}


@pytest.mark.parametrize("decision", ["deny", "", "ALLOW"])
def test_anything_else_leads_back_without_one(
    site: Site, wallet: Wallet, asha: Browser, decision: str
) -> None:
    answer = asha.post("/oauth/authorize", **wallet.request(), decision=decision)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["error"] == ["access_denied"]
    assert "code" not in query
    with site.database.reading() as session:
        access = select(AppAccess).where(AppAccess.app.has(client_id=wallet.known["client_id"]))
        assert session.scalars(access).all() == []


def test_without_the_token_of_the_form_nothing_is_allowed(wallet: Wallet, asha: Browser) -> None:
    """Attacks W2: a foreign page cannot let an app in."""
    form = {**wallet.request(), "decision": "allow"}
    answer = asha.client.post("/oauth/authorize", data=form, headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_whoever_is_not_signed_in_comes_back_here_after_the_login(
    app: Flask, wallet: Wallet
) -> None:
    asked = urlencode(wallet.request())
    answer = Browser(app).get(f"/oauth/authorize?{asked}")
    assert answer.status_code == 302
    target = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    assert answer.headers["Location"].startswith("/login?next=")
    page = Browser(app, "asha").get(target)
    assert page.status_code == 200
    assert "My Wallet" in page.text


@pytest.mark.parametrize(
    ("changes", "goes_back"),
    [
        ({"client_id": "nobody"}, False),
        ({"client_id": None}, False),
        ({"client_id": "a\0b"}, False),
        ({"redirect_uri": None}, False),
        ({"redirect_uri": "https://evil.example/"}, False),
        ({"redirect_uri": f"{BACK}/more"}, False),
        ({"redirect_uri": f"{BACK}?x=1"}, False),
        ({"redirect_uri": "https://wallet.example/böse\u202e\"'"}, False),
        ({"response_type": None}, True),
        ({"response_type": "token"}, True),
        ({"response_type": 'x"\\\nü'}, False),
        ({"scope": None}, True),
        ({"scope": "openid"}, True),
        ({"scope": f"{READ_BADGES} admin"}, True),
        ({"code_challenge": None}, True),
        ({"code_challenge_method": None}, True),
        ({"code_challenge_method": "plain"}, True),
        ({"code_challenge": "short"}, True),
    ],
)
def test_what_is_wrong_is_shown_and_sent_nowhere_by_itself(
    wallet: Wallet, asha: Browser, changes: dict[str, str | None], goes_back: bool
) -> None:
    """No redirect before a decision, and never a link to what nobody registered."""
    answers = [
        wallet.ask(asha, **changes),
        asha.post("/oauth/authorize", **wallet.request(**changes), decision="allow"),
    ]
    for answer in answers:
        assert answer.status_code == 400
        assert "Location" not in answer.headers
        html5lib.HTMLParser(strict=True).parse(answer.text)
        page = Page(answer.text)
        assert "This app cannot be let in" in page.text
        links = [str(each.get("href")) for each in page.all("a")]
        back = [link for link in links if "wallet.example" in link or "evil.example" in link]
        assert bool(back) == goes_back
        assert all(link.startswith(f"{BACK}?error=") for link in back)


def test_more_than_was_registered_is_not_asked_for(app: Flask, asha: Browser) -> None:
    wallet = Wallet(app, scopes=(READ_BADGES,))
    answer = wallet.ask(asha, scope=f"{READ_BADGES} {WRITE_PROFILE}")
    assert answer.status_code == 400
    assert "did not register for" in Page(answer.text).text


def test_nothing_may_come_twice(wallet: Wallet, asha: Browser) -> None:
    asked = urlencode(wallet.request())
    for name in ("redirect_uri", "scope", "state", "code_challenge", "client_id"):
        answer = asha.get(f"/oauth/authorize?{asked}&{name}=x")
        assert answer.status_code == 400, name


def test_badges_are_made_out_to_a_proven_address_of_ones_own_alone(
    site: Site, app: Flask, wallet: Wallet, asha: Browser
) -> None:
    with site.database.writing() as session:
        numbers = []
        for name, proven in (("asha", True), ("asha", False), ("boris", True)):
            person = persons.find(session, name)
            identity = emails.add(session, person, f"{name}-{proven}@home.example", now=NOW)
            identity.verified_at = NOW if proven else None
            session.flush()
            numbers.append(identity.id)
    page = Page(wallet.ask(asha).text).text
    assert "asha-true@home.example" in page
    assert "asha-false@home.example" not in page
    assert "boris" not in page
    wallet.enter(asha, address=str(numbers[0]))
    assert wallet.get("/profile").get_json()["email"] == "asha-true@home.example"
    for number in (*numbers[1:], "x", "9" * 12):
        form = {**wallet.request(), "decision": "allow", "address": str(number)}
        assert asha.post("/oauth/authorize", **form).status_code == 400, number


def test_deciding_is_slowed_down(
    app: Flask, wallet: Wallet, asha: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "enabled", True)
    monkeypatch.setattr(consenting, "DECISIONS", "2 per hour")
    answers = [asha.post("/oauth/authorize", client_id="nobody") for _ in range(3)]
    assert [each.status_code for each in answers] == [400, 400, 429]
    # Others go on.
    assert Browser(app, "boris").post("/oauth/authorize", client_id="no").status_code == 400


def test_one_app_is_let_in_so_often_and_what_is_older_ends(
    site: Site, wallet: Wallet, asha: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_tokens, "MAX_ACCESSES", 2)
    first = wallet.enter(asha).tokens["access_token"]
    for _ in range(2):
        wallet.enter(asha)
    assert wallet.get("/profile").status_code == 200
    wallet.tokens["access_token"] = first
    assert wallet.get("/profile").status_code == 401
