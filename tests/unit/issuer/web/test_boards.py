# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from markupsafe import escape

from issuer.models import Award, Person, Setting
from issuer.services import feeds as listing
from issuer.services import recounting
from issuer.web import boards
from issuer.web.calendars import calendar
from tests.filled import fill
from tests.unit.issuer.web.community import TODAY, settle_site
from tests.unit.issuer.web.conftest import HOSTILE, HTML, read
from tests.unit.issuer.web.seeds import BASE_URL

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from issuer.site import Site

ATOM = {"a": "http://www.w3.org/2005/Atom"}
MAP = {"m": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture(autouse=True)
def _community(site: Site) -> None:
    fill(site, settle_site)


def test_a_report_has_the_last_day_of_its_period(client: FlaskClient, site: Site) -> None:
    with site.database.writing() as session:
        person = session.query(Person).filter_by(key="other-0").one()
        award = session.query(Award).filter_by(person_id=person.id).one()
        award.issued_at = datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)
        session.flush()
        recounting.recount(session)
    for address in ("2024", "2024/2", "2024/2/29", "2024/week/9"):
        page = read(client, f"/report/{address}")
        assert "/people/other-0" in page.links(), address
        assert "Badges awarded1" in page.text, address
    for address in ("2024/3", "2024/2/28", "2024/week/10", "2023"):
        assert "/people/other-0" not in read(client, f"/report/{address}").links(), address


def test_a_report_leads_to_the_reports_of_its_parts(client: FlaskClient) -> None:
    year, month = f"/report/{TODAY.year}", f"/report/{TODAY.year}/{TODAY.month}"
    page = read(client, year)
    assert "Month by month" in page.text
    assert "Awarded most" in page.text
    assert month in page.links()
    assert f"{month}/{TODAY.day}" in read(client, month).links()
    assert "Day by day" not in read(client, f"{month}/{TODAY.day}").text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/report/2024/13", 404),
        ("/report/2024/2/30", 404),
        ("/report/2024/week/54", 404),
        ("/report/1066", 404),
        ("/report/2999", 404),
        ("/report/99999999999", 404),
        ("/report/2024/99999999999999999999", 404),
        ("/report/2024/2/99999999999999999999", 404),
        ("/report/2024/week/99999999999999999999", 404),
        ("/report/this/month", 302),
        ("/leaderboard?period=decade", 400),
        ("/leaderboard?by=height", 400),
        ("/leaderboard?from=2024-02-30", 400),
        ("/leaderboard?from=2024-02-03&to=2024-02-01", 400),
        ("/leaderboard?after=x", 400),
        ("/leaderboard?team=none", 404),
        ("/leaderboard?find=%00&from=2024-01-02&to=2024-05-06", 200),
        ("/people/Asha?by=nothing&year=abc&tag=%00", 200),
        ("/people/Asha?year=99999999999999", 200),
        ("/people/Asha?year=019999", 200),
        ("/people/Asha?after=x", 400),
        ("/diff?a=asha&b=ASHA", 400),
        ("/diff?a=asha&b=nobody", 404),
        ("/sitemaps/people-2.xml", 404),
        ("/sitemaps/others-1.xml", 404),
        ("/feeds/awards.atom?after=x", 400),
    ],
)
def test_hostile_addresses_are_answered(client: FlaskClient, address: str, status: int) -> None:
    assert client.get(address, headers=HTML).status_code == status


def test_without_leaderboards_nothing_leads_to_one(client: FlaskClient, site: Site) -> None:
    paths = ("/", "/people/Asha", "/explore", "/sitemaps/pages-1.xml")
    with_them = [client.get(path, headers=HTML).text for path in paths]
    assert all("/leaderboard" in text for text in with_them)
    assert "Busy hands" in with_them[0]
    with site.database.writing() as session:
        session.add(Setting(key="leaderboard", value=False, updated_at=TODAY))
    site.live.forget()
    for path in paths:
        text = client.get(path, headers=HTML).text
        assert "/leaderboard" not in text, path
        assert "/report" not in text, path
        assert "Busy hands" not in text, path
    assert "Rank" in client.get("/people/Asha", headers=HTML).text


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("/leaderboard", "/leaderboard"),
        ("/leaderboard?find=asha", "/leaderboard"),
        ("/leaderboard?by=badges&period=all&after=2-9", "/leaderboard"),
        ("/leaderboard?by=points&team=qa", "/leaderboard?by=points&team=qa"),
        (
            "/leaderboard?from=2024-02-01&to=2024-02-29",
            "/leaderboard?from=2024-02-01&to=2024-02-29",
        ),
        ("/report/2024/week/9", "/report/2024/week/9"),
        ("/report/2024/2/29", "/report/2024/2/29"),
        ("/report/0002024", "/report/2024"),
    ],
)
def test_a_page_has_one_address_for_search_engines(
    client: FlaskClient, address: str, canonical: str
) -> None:
    text = client.get(address, headers=HTML).text
    assert f'rel="canonical" href="{escape(BASE_URL + canonical)}"' in text


def test_a_part_of_the_site_map_with_nobody_to_show_is_still_one(
    client: FlaskClient, site: Site
) -> None:
    with site.database.writing() as session:
        session.query(Person).update({"opted_out": True})
    root = ElementTree.fromstring(client.get("/sitemaps/people-1.xml").data)  # noqa: S314 (our own)
    assert [node.text for node in root.findall("m:url/m:loc", MAP)] == [f"{BASE_URL}/"]


def test_each_row_leads_to_a_comparison(client: FlaskClient) -> None:
    links = [link for link in read(client, "/leaderboard").links() if link.startswith("/diff")]
    pairs = [parse_qs(urlsplit(link).query) for link in links]
    assert [(pair["a"][0], pair["b"][0]) for pair in pairs] == [
        ("other-2", "Asha"),
        ("Asha", "other-2"),
        ("Asha", "other-1"),
        ("Asha", "other-0"),
    ]
    page = read(client, links[1])
    for words in ("Side by side", "Both have", "Only Asha Raman has", "Tester 1"):
        assert words in page.text


def test_adding_up_unusual_spans_is_limited(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "COSTLY", "2 per minute")
    days = [f"/leaderboard?from=2024-01-02&to=2024-02-{day:02}" for day in range(1, 4)]
    assert [client.get(day, headers=HTML).status_code for day in days] == [200, 200, 429]
    # What is remembered, and what is kept, costs nothing.
    assert client.get(days[0], headers=HTML).status_code == 200
    assert client.get("/leaderboard", headers=HTML).status_code == 200


def test_a_feed_tells_who_earned_what_and_goes_on(
    client: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "FEED_LENGTH", 2)
    with site.database.writing() as session:
        person = session.query(Person).filter_by(key="asha").one()
        person.display_name = f"{HOSTILE}\x0b\x1b"
    titles, address = [], "/people/Asha/feed.atom"
    while address:
        answer = client.get(address)
        assert answer.mimetype == "application/atom+xml"
        root = ElementTree.fromstring(answer.data)  # noqa: S314 (our own)
        titles += [node.text for node in root.findall("a:entry/a:title", ATOM)]
        links = {node.get("rel"): node.get("href") for node in root.findall("a:link", ATOM)}
        assert links["self"] == f"{BASE_URL}/people/Asha/feed.atom"
        assert links["alternate"] == f"{BASE_URL}/people/Asha"
        address = (links.get("next") or "").removeprefix(BASE_URL)
    *earned, revoked = map(str, titles)
    assert [title.rpartition(" earned ")[2] for title in earned] == [
        "Tester 1",
        "Tester 2",
        "Alone <&> at last",
    ]
    assert earned[0].startswith(HOSTILE)
    assert revoked.startswith(f"Revoked: Tester 3 of {HOSTILE}")


def test_the_site_map_leads_to_all_its_pages(client: FlaskClient) -> None:
    assert f"Sitemap: {BASE_URL}/sitemap.xml" in client.get("/robots.txt").text
    index = ElementTree.fromstring(client.get("/sitemap.xml").data)  # noqa: S314 (our own)
    parts = [node.text or "" for node in index.findall("m:sitemap/m:loc", MAP)]
    assert [part.rpartition("/")[2] for part in parts] == [
        "pages-1.xml",
        "badges-1.xml",
        "people-1.xml",
    ]
    for part in parts:
        root = ElementTree.fromstring(client.get(part.removeprefix(BASE_URL)).data)  # noqa: S314 (our own)
        places = [node.text or "" for node in root.findall("m:url/m:loc", MAP)]
        assert places
        for place in places:
            answer = client.get(place.removeprefix(BASE_URL), headers=HTML)
            assert answer.status_code == 200, place


def test_the_json_of_a_person_goes_on(client: FlaskClient) -> None:
    found = client.get("/people/asha/badges.json").get_json()
    assert found["url"] == f"{BASE_URL}/people/Asha"
    assert found["awards"][0]["why"] == "https://bus.example.org/1"
    assert found["awards"][0]["badge"]["url"] == f"{BASE_URL}/badges/tester-1"
    assert found["next"] is None


def test_a_calendar_shows_each_day_as_strong_as_it_was(app: Flask) -> None:
    first, last = TODAY.date() - timedelta(days=400), TODAY.date()
    badges = {last: 1, last - timedelta(days=1): 7, first - timedelta(days=1): 99}
    with app.test_request_context():
        drawn = calendar(badges, first, last)
    assert (drawn.badges, drawn.most, drawn.best) == (8, 7, last - timedelta(days=1))
    assert drawn.drawing.count("<title>") == 2
    assert drawn.drawing.count('class="day-4"') == 1
    ElementTree.fromstring(str(drawn.drawing))  # noqa: S314 (our own)
    assert datetime.now(UTC).date() >= drawn.last
