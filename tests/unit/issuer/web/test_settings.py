# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of a person, in the browser of that person and of others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select

from issuer.app import create_app
from issuer.limits import limiter
from issuer.models import Assertion, EmailIdentity, OutboxMessage, Person
from issuer.services import emails, persons
from issuer.web.login.provider import Provider
from tests.browsing import sign_in
from tests.issuing import NOW, give, make_badge, make_site
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from issuer.site import Site

HTML = {"Accept": "text/html"}
FORMS = {
    "/settings/profile": {"display_name": "New"},
    "/settings/avatar": {"address": "1"},
    "/settings/trophies": {"place-first-steps": "1"},
    "/settings/visibility": {"shown": "no"},
    "/settings/emails": {"address": "new@example.net"},
    "/settings/emails/1/link": {},
    "/settings/emails/1/remove": {},
    "/settings/emails/default": {"address": "1"},
    "/settings/emails/confirm": {"token": "x"},
    "/settings/erase": {"name": "asha"},
    "/settings/tokens": {"name": "laptop", "scope": "awards:read", "day": "2099-01-01"},
    "/settings/tokens/1/revoke": {},
    "/settings/logins/1/end": {},
    "/settings/logins/others": {},
}
PAGES = [
    "/settings",
    "/settings/tokens",
    "/settings/trophies",
    "/settings/data.json",
    "/settings/erase",
]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    limiter.enabled = True
    made = make_site(
        tmp_path,
        "",
        oidc_issuer="https://id.example.org",
        oidc_client_id="accolades",
        avatar_url="",
        demo=True,
    )
    with made.database.writing() as session:
        give(session, make_badge(session, made), "asha")
        person = persons.find(session, "asha")
        person.display_name = "Asha Raman"
        emails.add(session, person, "asha@example.net", now=NOW).verified_at = NOW
        persons.ensure(session, "boris", now=NOW)
    yield made
    made.database.dispose()


@pytest.fixture
def app(site: Site) -> Flask:
    return create_app(site=site)


def browser(app: Flask, username: str = "asha") -> FlaskClient:
    """Return a browser in which somebody is logged in."""
    client = app.test_client()
    kept = sign_in(app, username)
    with client.session_transaction() as session:
        session.update(kept)
    return client


def post(client: FlaskClient, path: str, /, **values: str) -> TestResponse:
    """Send a form as the page of settings holds it."""
    page = Page(client.get("/settings", headers=HTML).text)
    tokens = {item["value"] for item in page.all("input") if item.get("name") == "csrf_token"}
    return client.post(path, data={**values, "csrf_token": tokens.pop()}, headers=HTML)


def person(site: Site, key: str = "asha") -> Person:
    with site.database.reading() as session:
        found = session.scalars(select(Person).filter_by(key=key)).one()
        session.expunge(found)
        return found


def test_the_page_shows_what_is_kept_and_all_its_forms_are_sealed(app: Flask) -> None:
    answer = browser(app).get("/settings", headers=HTML)
    page = Page(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"Asha Raman", "asha@example.net"} <= {
        item.get("value", "") for item in page.all("input")
    } | {"asha@example.net"}
    posts = [form for form in page.all("form") if form.get("method") == "post"]
    actions = {form["action"] for form in posts}
    assert {"/settings/profile", "/settings/avatar", "/settings/emails"} <= actions
    # The choice of looks changes nothing that is kept and needs none.
    sealed = [item for item in page.all("input") if item.get("name") == "csrf_token"]
    assert len(sealed) == len(posts) - len([a for a in actions if a == "/preferences"])
    labels = {item.get("for") for item in page.all("label")}
    fields = [*page.all("input"), *page.all("select"), *page.all("textarea")]
    unnamed = [
        field
        for field in fields
        if field.get("type") not in {"hidden", "radio"} and field.get("id") not in labels
    ]
    assert unnamed == []


def test_nobody_else_gets_there(app: Flask, site: Site) -> None:
    client = app.test_client()
    app.config["WTF_CSRF_ENABLED"] = False  # the login is asked for in any case
    for address in PAGES:
        answer = client.get(address)
        assert answer.location == f"/login?{urlencode({'next': address})}"
    for address, values in FORMS.items():
        asked = client.post(address, data=values).location
        assert asked.startswith("/login?next=%2Fsettings"), address
    assert person(site).display_name == "Asha Raman"


def test_a_form_without_its_seal_changes_nothing(app: Flask, site: Site) -> None:
    client = browser(app)
    before = person(site).__dict__
    for address, values in FORMS.items():
        for headers in (HTML, {**HTML, "Origin": "https://evil.example"}):
            answer = client.post(address, data=values, headers=headers)
            assert answer.status_code == 400, address
    after = person(site).__dict__
    assert [name for name in before if name[0] != "_" and before[name] != after[name]] == []
    with site.database.reading() as session:
        assert len(session.scalars(select(EmailIdentity)).all()) == 1


def test_every_address_that_changes_something_is_in_the_table(app: Flask) -> None:
    changing = {
        re.sub(r"<int[^>]*>", "1", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/settings") and "POST" in (rule.methods or ())
    }
    assert changing == set(FORMS)


def test_reading_changes_nothing(app: Flask, site: Site) -> None:
    client = browser(app)
    before = person(site).__dict__
    for address, values in FORMS.items():
        answer = client.get(address, query_string=values)
        pages = {"/settings/trophies": 200, "/settings/erase": 200, "/settings/tokens": 200}
        pages["/settings/emails/confirm"] = 400
        assert answer.status_code == pages.get(address, 405), address
    after = person(site).__dict__
    assert [name for name in before if name[0] != "_" and before[name] != after[name]] == []


def test_nobody_changes_what_is_of_another(app: Flask, site: Site) -> None:
    client = browser(app, "boris")
    for address in ("/settings/emails/1/link", "/settings/emails/1/remove"):
        assert post(client, address).status_code == 404
    for address in ("/settings/avatar", "/settings/emails/default"):
        assert post(client, address, address="1").status_code == 404
    assert post(client, "/settings/erase", name="asha").status_code == 400
    data = client.get("/settings/data.json").get_json()
    assert data["person"]["username"] == "boris"
    assert "asha" not in str(data)
    assert person(site).erased_at is None


def test_a_profile_is_changed_and_its_look_goes_into_the_browser(app: Flask, site: Site) -> None:
    client = browser(app)
    answer = post(
        client, "/settings/profile", display_name="A. R.", bio="Hi", theme="dark", locale="de"
    )
    assert (answer.status_code, answer.location) == (303, "/settings?done=profile#profile")
    cookies = "\n".join(answer.headers.getlist("Set-Cookie"))
    assert "theme=dark" in cookies
    assert "language=de" in cookies
    kept = person(site)
    assert (kept.display_name, kept.bio, kept.theme, kept.locale) == ("A. R.", "Hi", "dark", "de")
    assert 'lang="de"' in client.get("/settings", headers=HTML).text


def test_what_was_wrong_is_said_and_what_was_typed_is_kept(app: Flask, site: Site) -> None:
    answer = post(browser(app), "/settings/profile", display_name="Kept", website="javascript:x")
    page = Page(answer.text)
    assert answer.status_code == 400
    assert "website: must be an address" in page.text
    assert "Kept" in {item.get("value") for item in page.all("input")}
    assert person(site).display_name == "Asha Raman"


def test_an_address_is_proven_by_its_link(app: Flask, site: Site) -> None:
    client = browser(app)
    answer = post(client, "/settings/emails", address="new@example.net")
    assert answer.status_code == 200  # the demo shows what the letter would have said
    link = next(link for link in Page(answer.text).links() if "token=" in link)
    path = link.removeprefix(site.settings.base_url)
    assert "new" not in path
    asked = client.get(path, headers=HTML)
    assert "new@example.net" in asked.text
    with site.database.reading() as session:
        assert session.scalars(select(EmailIdentity).filter_by(verified_at=None)).one()
    other = browser(app, "boris")
    assert other.get(path, headers=HTML).status_code == 400
    token = path.partition("token=")[2]
    assert post(other, "/settings/emails/confirm", token=token).status_code == 400
    assert post(client, "/settings/emails/confirm", token=token).status_code == 303
    with site.database.reading() as session:
        assert not session.scalars(select(EmailIdentity).filter_by(verified_at=None)).all()


def test_where_mail_is_sent_the_link_goes_there_and_nowhere_else(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[object] = []
    monkeypatch.setattr("issuer.posting.post_soon", told.append)
    settings = site.settings.model_copy(update={"mail_host": "mail.example", "demo": False})
    client = browser(create_app(settings))
    answer = post(client, "/settings/emails", address="new@example.net")
    assert (answer.status_code, len(told)) == (303, 1)
    with site.database.reading() as session:
        letter = session.scalars(select(OutboxMessage.body).filter_by(kind="e-mail")).one()
    link = re.search(r"http\S+", letter["text"])
    assert link
    assert urlsplit(link[0]).path == "/settings/emails/confirm"
    assert "token" not in answer.text + caplog.text
    assert "new@example.net" not in caplog.text


@pytest.mark.slow
def test_letters_are_limited_by_person_and_by_address(site: Site) -> None:
    settings = site.settings.model_copy(update={"mail_host": "127.0.0.1", "mail_port": 9})
    app = create_app(settings)
    client = browser(app)
    codes = [
        post(client, "/settings/emails", address=f"a{number % 2}@example.net").status_code
        for number in range(7)
    ]
    assert codes == [303] * 6 + [429]
    other = browser(app, "boris")
    assert post(other, "/settings/emails", address="a0@example.net").status_code == 429
    assert post(other, "/settings/emails", address="b@example.net").status_code == 303


def test_opting_out_hides_everywhere_and_back_in_shows_again(app: Flask, site: Site) -> None:
    with site.database.reading() as session:
        path = f"/assertions/{session.scalars(select(Assertion.uuid)).one()}"
    client, visitor = browser(app), app.test_client()
    assert post(client, "/settings/visibility", shown="no").location.endswith("#visibility")
    gone = ["/people/asha", "/people/asha/avatar", "/people/asha/badges.json"]
    assert [visitor.get(each).status_code for each in gone] == [404] * 3
    for address in ("/", "/leaderboard", "/badges/first-steps", path, f"{path}/embed"):
        assert "Asha" not in visitor.get(address, headers=HTML).text, address
    for address in (f"{path}/embed.svg", f"/oembed?url={site.settings.base_url}{path}"):
        assert "Asha" not in visitor.get(address).text, address
    assert visitor.get(f"{path}.json").status_code == 200
    assert "Show me again" in client.get("/settings", headers=HTML).text
    post(client, "/settings/visibility", shown="yes")
    assert [visitor.get(each).status_code for each in gone] == [200] * 3
    assert "Asha" in visitor.get("/leaderboard", headers=HTML).text


def test_erasing_ends_everything(app: Flask, site: Site) -> None:
    client, elsewhere, visitor = browser(app), browser(app), app.test_client()
    with site.database.reading() as session:
        path = f"/assertions/{session.scalars(select(Assertion.uuid)).one()}"
    visitor.get(f"{path}/card.png")
    assert len(list((site.settings.objects / "cards").rglob("*"))) == 2
    assert post(client, "/settings/erase", name="wrong").status_code == 400
    answer = post(client, "/settings/erase", name="asha")
    assert "You are erased" in answer.text
    assert client.get("/settings").status_code == 302
    assert elsewhere.get("/settings").location == "/login?next=%2Fsettings"
    for address in ("/people/asha", "/people/asha/avatar"):
        assert visitor.get(address).status_code == 410
    assert visitor.get(f"{path}.json").status_code == 200
    assert "Checked now." in visitor.get(path, headers=HTML).text
    assert not [item for item in (site.settings.objects / "cards").rglob("*") if item.is_file()]


def test_badges_are_pinned(app: Flask, site: Site) -> None:
    client = browser(app)
    shown = Page(client.get("/settings/trophies", headers=HTML).text)
    assert [item["name"] for item in shown.all("select")] == ["place-first-steps"]
    values = {"place-first-steps": "1"}
    assert (
        post(client, "/settings/trophies", **values).location == "/settings?done=trophies#trophies"
    )
    assert len(person(site).pinned) == 1
    assert post(client, "/settings/trophies", **{"place-x": "1"}).status_code == 400
    assert post(client, "/settings/trophies", **{"place-x": "-1"}).status_code == 400


def test_without_a_login_there_are_no_settings(tmp_path: Path) -> None:
    client = create_app(site=make_site(tmp_path, "")).test_client()
    assert client.get("/settings").status_code == 404


def test_a_login_brings_the_chosen_look_and_leaves_the_chosen_name(
    app: Flask, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = {"iss": "https://id.example.org", "sub": "s-1", "nickname": "asha", "name": "Other"}
    monkeypatch.setattr(Provider, "claims", lambda _self: claims)
    with site.database.writing() as session:
        asha = persons.find(session, "asha")
        asha.theme, asha.locale, asha.last_login_at = "dark", "de", NOW
    client = app.test_client()
    answer = client.get("/login/callback")
    cookies = "\n".join(answer.headers.getlist("Set-Cookie"))
    assert answer.status_code == 302
    assert "theme=dark" in cookies
    assert "language=de" in cookies
    assert 'data-bs-theme="dark"' in client.get("/settings", headers=HTML).text
    assert person(site).display_name == "Asha Raman"
