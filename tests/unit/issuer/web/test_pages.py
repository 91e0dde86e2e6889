# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from sqlalchemy import event

from issuer.config import Settings
from issuer.models import OldName, Person
from issuer.web.login import init_login
from tests.browsing import ADMINS, sign_in
from tests.unit.issuer.web.conftest import HOSTILE, HTML, Shown, read
from tests.unit.issuer.web.html import Page
from tests.unit.issuer.web.seeds import BASE_URL, NOW

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from issuer.site import Site

MOST_STATEMENTS = 5
LOGIN = Settings(
    oidc_issuer="http://127.0.0.1:1/",
    oidc_client_id="accolades",
    oidc_client_secret="x",  # noqa: S106 (of a provider that is not there)
)
STILL = ["/", "/explore", "/badges", "/badges?q=tester&tag=quality", "/about", "/about/terms"]
STILL += ["/about/privacy", "/people/Asha", "/people/villain", "/badges/tester-1", "/badges/awful"]
STILL += ["/issuers/accolades", "/explore?q=as", "/explore?sort=rare&rarity=common&level=1"]
STILL += ["/tags", "/tags/quality", "/series", "/series/tester"]
AWARDS = ["good", "revoked", "expired", "ghost", "hostile"]


def _addresses(shown: Shown) -> list[str]:
    return STILL + [f"/assertions/{getattr(shown, name)}" for name in AWARDS]


def _get(client: FlaskClient, address: str) -> str:
    return client.get(address, headers=HTML).text


def test_home_shows_claim_awards_badges_and_numbers(client: FlaskClient, shown: Shown) -> None:
    page = read(client, "/")
    assert "Badges for what people do" in page.text
    assert f"/assertions/{shown.good}" in page.links()
    assert "/people/Asha" in page.links()
    assert "/badges/tester-7" in page.links()
    assert "People thanked8" in page.text
    assert "Times awarded8" in page.text
    assert "Held by few" in page.text
    assert not {"Almost yours", "Your latest badges"} & set(page.text.split("  "))


@pytest.mark.parametrize("address", ["/", "/explore", "/badges"])
def test_an_empty_site_says_that_it_is_empty(client: FlaskClient, address: str) -> None:
    page = read(client, address)
    assert any(words in page.text for words in ("still to be", "Nothing to", "Nothing found"))


@pytest.mark.requirement("M4")
def test_an_opted_out_person_is_named_nowhere(client: FlaskClient, shown: Shown) -> None:
    for address in _addresses(shown):
        html = _get(client, address)
        assert "Ghost Writer" not in html, address
        assert "/people/ghost" not in html, address
    page = read(client, f"/assertions/{shown.ghost}")
    assert "somebody who is not named here" in page.text
    assert not [link for link in page.links() if "example.org" in link and "mailto" not in link]


def test_an_opted_out_person_answers_like_an_unknown_one(client: FlaskClient, shown: Shown) -> None:
    hidden = client.get("/people/ghost", headers=HTML)
    unknown = client.get("/people/nobody", headers=HTML)
    assert (hidden.status_code, hidden.text) == (unknown.status_code, unknown.text)
    assert hidden.status_code == 404


def test_an_erased_person_is_gone(client: FlaskClient, site: Site, shown: Shown) -> None:
    """Attacks W9."""
    with site.database.writing() as session:
        session.query(Person).filter_by(key="asha").update({"erased_at": NOW})
    read(client, "/people/Asha", 410)
    assert "Asha" not in _get(client, f"/assertions/{shown.good}")


@pytest.mark.parametrize("name", ["asha", "ASHA", "former"])
def test_other_names_of_a_person_lead_to_the_page(
    client: FlaskClient, site: Site, shown: Shown, name: str
) -> None:
    with site.database.writing() as session:
        person = session.query(Person).filter_by(key="asha").one()
        session.add(OldName(key="former", person_id=person.id, changed_at=NOW))
    answer = client.get(f"/people/{name}", headers=HTML)
    assert (answer.status_code, answer.location) == (302, "/people/Asha")


def test_hostile_texts_are_shown_and_never_run(client: FlaskClient, shown: Shown) -> None:
    """Attacks W4: names and texts of people are never markup."""
    for address in _addresses(shown):
        page = read(client, address, 410 if str(shown.revoked) in address else 200)
        for script in page.all("script"):
            data = script.get("type") == "application/ld+json"
            assert data or script["src"].startswith("/static/"), address
        assert not [link for link in page.links() if link.startswith("javascript")], address
        for _, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert HOSTILE in read(client, f"/assertions/{shown.hostile}").text


def test_pages_load_nothing_from_elsewhere(client: FlaskClient, shown: Shown) -> None:
    for address in _addresses(shown):
        status = 410 if str(shown.revoked) in address else 200
        loaded = read(client, address, status).loaded()
        assert loaded, address
        assert all(item.startswith("/") and not item.startswith("//") for item in loaded), address


def test_public_pages_set_no_cookie_and_ask_at_most_five_times(
    app: Flask, site: Site, shown: Shown
) -> None:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    event.listen(site.database.engine, "before_cursor_execute", note)
    for address in _addresses(shown):
        seen.clear()
        answer = app.test_client().get(address, headers=HTML)
        assert "Set-Cookie" not in answer.headers, address
        assert len(seen) <= MOST_STATEMENTS, (address, seen)


@pytest.mark.requirement("M4")
def test_headings_are_in_order_and_pictures_are_described(
    client: FlaskClient, shown: Shown
) -> None:
    for address in _addresses(shown):
        page = read(client, address, 410 if str(shown.revoked) in address else 200)
        levels = page.headings()
        assert levels[0] == 1, address
        assert levels.count(1) == 1, address
        assert all(after <= before + 1 for before, after in pairwise(levels)), (address, levels)
        assert all("alt" in image for image in page.all("img")), address
        # Beside its name a picture needs no words; by itself it does.
        large = [image for image in page.all("img") if int(image["width"]) >= 320]
        assert all(image["alt"] for image in large), address
        assert all(int(image["height"]) for image in page.all("img")), address
        assert page.all("html")[0]["lang"] == "en"
        assert page.links()[0] == "#main"


@pytest.mark.requirement("M2")
def test_the_share_page_tells_who_what_when_and_why(client: FlaskClient, shown: Shown) -> None:
    path = f"/assertions/{shown.good}"
    page = read(client, path)
    for words in ("Tester 1", "Asha Raman", "1 March 2026", "The Issuer", "Ten tests.", "The log."):
        assert words in page.text
    assert {
        "https://bus.example.org/message/1",
        "https://evidence.example.org/1",
        f"{path}/image?download=1",
        f"{path}.json",
        f"{path}.jws",
        f"/verify?{urlencode({'url': BASE_URL + path})}",
    } <= set(page.links())
    assert f"{path}/image" in [image["src"] for image in page.all("img")]
    assert f"{BASE_URL}{path}" in [item.get("value") for item in page.all("input")]
    alternate = [link for link in page.all("link") if link.get("rel") == "alternate"]
    assert ("application/ld+json", f"{path}.json") in [
        (link["type"], link["href"]) for link in alternate
    ]


def test_open_graph_addresses_are_absolute_and_configured(
    client: FlaskClient, shown: Shown
) -> None:
    """Attacks W10: what a page says of its address is configured."""
    path = f"/assertions/{shown.good}"
    answer = client.get(path, headers={**HTML, "Host": "evil.example"})
    assert "evil.example" not in answer.text
    meta = read(client, path).meta()
    assert meta["og:url"] == BASE_URL + path
    assert meta["og:image"] == f"{BASE_URL}{path}/card.png"
    assert meta["og:title"] == "Tester 1, awarded to Asha Raman"


@pytest.mark.requirement("M2")
def test_a_revoked_award_says_so_and_why(client: FlaskClient, shown: Shown) -> None:
    page = read(client, f"/assertions/{shown.revoked}", 410)
    assert "Revoked on 1 March 2026. Counted twice." in page.text
    assert not [link for link in page.links() if "download" in link or link.endswith(".jws")]
    assert "noindex" in page.meta()["robots"]


@pytest.mark.requirement("M2")
def test_an_expired_award_says_so(client: FlaskClient, shown: Shown) -> None:
    assert "Expired on 1 March 2026" in read(client, f"/assertions/{shown.expired}").text


def test_the_header_leads_to_the_login_and_away(app: Flask, shown: Shown) -> None:
    init_login(app, LOGIN)
    client = app.test_client()
    assert "/login?next=/badges?q%3Dx%26tag%3Dy" in read(client, "/badges?q=x&tag=y").links()
    kept = sign_in(app, "asha")
    with client.session_transaction() as session:
        session.update(kept)
    page = read(client, "/about")
    assert "/people/asha" in page.links()
    assert [form["action"] for form in page.all("form")] == ["/preferences", "/logout"]
    assert [item["name"] for item in page.all("input")] == ["csrf_token"]


def test_a_badge_page_tells_how_to_earn_it_and_who_has_it(
    client: FlaskClient, shown: Shown
) -> None:
    page = read(client, "/badges/tester-1")
    for words in ("Tester 1", "Common 25%", "Tester: step by step", "Asha Raman", "1 March 2026"):
        assert words in page.text
    assert f"/assertions/{shown.good}" in page.links()
    assert "/badges/tester-2" in page.links()
    assert "/badges/tester-1.json" in [link["href"] for link in page.all("link")]


def test_a_person_page_shows_badges_with_names_and_dates(client: FlaskClient, shown: Shown) -> None:
    page = read(client, "/people/Asha")
    for words in ("Asha Raman", "@Asha", "2 badges", "30 points", "I test.", "Proud of", "2026"):
        assert words in page.text
    assert f"/assertions/{shown.good}" in page.links()
    assert f"/assertions/{shown.revoked}" not in page.links()


@pytest.mark.parametrize(
    ("address", "found", "missing"),
    [
        ("/badges?q=awful", "/badges/awful", "/badges/tester-1"),
        ("/badges?tag=quality", "/badges/tester-1", "/badges/awful"),
        ("/explore?q=awful", "/badges/awful", "/badges/tester-1"),
        ("/explore?q=quality 1", "/badges/tester-1", "/badges/tester-2"),
        ("/tags/quality", "/badges/tester-1", "/badges/awful"),
        ("/series/tester", "/badges/tester-7", "/badges/awful"),
        ("/explore?q=asha", "/people/Asha", "/people/ghost"),
    ],
)
def test_badges_are_found(
    client: FlaskClient, site: Site, shown: Shown, address: str, found: str, missing: str
) -> None:
    with site.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE badges SET name = 'Awful' WHERE slug='awful'")
    links = read(client, address).links()
    assert found in links
    assert missing not in links


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/badges/none", 404),
        ("/tags/none", 404),
        ("/tags/a%00b", 404),
        ("/series/none", 404),
        ("/explore?level=-1&rarity=x&mine=x&sort=x", 200),
        ("/explore?sort=rare&after=x", 400),
        ("/badges/a%00b", 404),
        ("/people/a%00b", 404),
        ("/people/%F0%9F%92%A9%FF", 404),
        ("/issuers/none", 404),
        ("/assertions/00000000-0000-4000-8000-000000000000", 404),
        ("/badges/tester-1?after=x", 400),
        ("/badges?after=%00&tag=%00", 200),
        ("/badges?q=%00%ff", 200),
    ],
)
def test_hostile_addresses_are_answered(
    client: FlaskClient, shown: Shown, address: str, status: int
) -> None:
    read(client, address, status)


def test_suggestions_name_badges_and_people_who_may_be_named(
    client: FlaskClient, shown: Shown
) -> None:
    items = client.get("/explore/suggestions?q=as").get_json()["items"]
    assert items == [{"kind": "person", "name": "Asha Raman", "address": "/people/Asha"}]
    items = client.get("/explore/suggestions?q=tester 7").get_json()["items"]
    assert [(item["address"], item["image"]) for item in items] == [
        ("/badges/tester-7", "/badges/tester-7/image")
    ]
    for query in ("ghost", "", "%00", "\"' OR *"):
        assert client.get("/explore/suggestions", query_string={"q": query}).get_json() == {
            "items": []
        }


def test_whoever_is_signed_in_sees_their_own_first(app: Flask, site: Site, shown: Shown) -> None:
    init_login(app, LOGIN)
    client = app.test_client()
    kept = sign_in(app, "Asha", ADMINS)
    with client.session_transaction() as session:
        session.update(kept)
    assert "Your latest badges" in read(client, "/").text
    page = read(client, "/badges/tester-1")
    assert "You have it." in page.text
    assert "You have 2 of 7." in page.text
    codes = [image for image in page.all("img") if image.get("class") == "qr"]
    assert codes[0]["src"].startswith("data:image/svg+xml")
    assert "/badges/tester-2" not in read(client, "/explore?mine=have").links()
    assert "/badges/tester-2" in read(client, "/explore?mine=lack").links()
    assert "You have 2 of 7." in read(client, "/series/tester").text


def test_a_page_names_its_canonical_address_and_its_data(client: FlaskClient, shown: Shown) -> None:
    html = _get(client, "/badges/tester-1?after=")
    page = Page(html)
    canonical = [link["href"] for link in page.all("link") if link.get("rel") == "canonical"]
    assert canonical == [f"{BASE_URL}/badges/tester-1"]
    data = json.loads(html.partition('<script type="application/ld+json">')[2].partition("<")[0])
    assert (data["@id"], data["name"]) == (f"{BASE_URL}/badges/tester-1", "Tester 1")
    assert page.meta()["description"] == "Given for tester-1"


def test_the_manifest_names_icons_that_are_there(client: FlaskClient) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    for icon in json.loads(answer.text)["icons"]:
        with client.get(icon["src"]) as picture:
            assert (picture.status_code, picture.mimetype) == (200, icon["type"])


def test_texts_of_the_site_can_be_replaced(client: FlaskClient, site: Site) -> None:
    assert "write to badges@example.org" in read(client, "/about").text.lower()
    folder = site.settings.home / "texts"
    folder.mkdir()
    (folder / "about.md").write_text(
        "# Ours\n\nAt {site_name} <script>x</script> [x](javascript:x)"
    )
    page = read(client, "/about")
    assert "At Accolades <script>x</script>" in page.text
    assert not [link for link in page.links() if link.startswith("javascript")]
