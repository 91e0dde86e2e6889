# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for all pages, feeds and JSON about people: on both databases, in one go each."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from issuer.app import create_app
from issuer.config import Settings
from issuer.models import Assertion, Award, Person
from issuer.site import Site
from tests.filled import fill
from tests.unit.issuer.web.community import HIDDEN, TODAY, settle, settle_site, statements_of
from tests.unit.issuer.web.conftest import HTML
from tests.unit.issuer.web.html import Page
from tests.unit.issuer.web.seeds import make_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

MOST_STATEMENTS = 5
DAY = f"{TODAY:%Y/%m/%d}".replace("/0", "/")
PAGES = [
    "/people/Asha",
    "/people/Asha?by=tag",
    "/people/Asha?by=tag&tag=quality",
    "/people/Asha?by=series",
    "/people/Asha?by=history",
    f"/people/Asha?year={TODAY.year}",
    "/people/other-0",
    "/leaderboard",
    "/leaderboard?period=year&by=points",
    "/leaderboard?period=month",
    "/leaderboard?period=week",
    "/leaderboard?period=day",
    "/leaderboard?find=asha",
    "/leaderboard?find=nobody",
    f"/leaderboard?from=2020-01-05&to={TODAY:%Y-%m-%d}",
    "/leaderboard?team=qa",
    "/leaderboard?team=qa&find=asha",
    "/diff",
    "/diff?a=asha",
    "/diff?a=asha&b=other-1",
    "/report",
    f"/report/{TODAY.year}",
    f"/report/{TODAY:%Y}/{TODAY.month}",
    f"/report/{DAY}",
]
JSON = [
    "/people/Asha/badges.json",
    "/leaderboard/json",
    "/leaderboard/asha/json",
    "/user/asha/json",
    "/badge/tester-1/json",
    "/badge/alone,-at-last!/json",
]
XML = [
    "/feeds/awards.atom",
    "/feeds/badges.atom",
    "/people/Asha/feed.atom",
    "/badges/tester-1/feed.atom",
    "/sitemap.xml",
    "/sitemaps/pages-1.xml",
    "/sitemaps/people-1.xml",
    "/sitemaps/badges-1.xml",
]
ALL = [*PAGES, *JSON, *XML, "/robots.txt"]
#: Where somebody is asked for by name: the hidden one answers like one who never was.
NAMED = [
    "/people/{}",
    "/people/{}?by=history",
    "/people/{}/badges.json",
    "/people/{}/feed.atom",
    "/user/{}",
    "/user/{}/json",
    "/user/{}/rss",
    "/leaderboard/{}/json",
    "/diff?a=asha&b={}",
    "/diff?a={}&b=asha",
    "/leaderboard?find={}",
    "/leaderboard?team=qa&find={}",
]


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    settings = Settings(home=tmp_path, database_url=database_url, secret_key="secret")  # noqa: S106 (a test's own)
    made = Site.of(settings)
    make_tables(made.database)
    fill(made, settle_site)
    yield made
    made.database.dispose()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return create_app(site=site).test_client()


def test_pages_feeds_and_json_answer_well_and_in_few_statements(
    client: FlaskClient, site: Site
) -> None:
    for address in ALL:
        with statements_of(site.database.engine) as seen:
            answer = client.get(address, headers=HTML)
        assert answer.status_code == 200, (address, answer.text[:400])
        assert len(seen) <= MOST_STATEMENTS, (address, seen)
        assert "Set-Cookie" not in answer.headers, address
        assert answer.headers["ETag"], address
        again = client.get(address, headers={**HTML, "If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304, address
        if address in PAGES:
            _check_page(address, answer.text)
        else:
            assert answer.headers["Access-Control-Allow-Origin"] == "*", address
        if address in JSON:
            json.loads(answer.text)
        if address in XML:
            ElementTree.fromstring(answer.data)  # noqa: S314 (our own)


def _check_page(address: str, html: str) -> None:
    page = Page(html)
    levels = page.headings()
    assert levels[0] == 1, address
    assert levels.count(1) == 1, address
    assert all(after <= before + 1 for before, after in pairwise(levels)), (address, levels)
    assert all("alt" in image for image in page.all("img")), address
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids)), (address, ids)
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    labelled = {label.get("for") for label in page.all("label")}
    named = [item for item in page.all("input") + page.all("select") if "id" in item]
    assert all(item["id"] in labelled for item in named), address


def test_hidden_people_are_on_no_page_in_no_feed_and_in_no_json(client: FlaskClient) -> None:
    """Attacks W9: who opted out is named nowhere."""
    for address in [*ALL, "/", "/badges/tester-1", "/explore", "/badges"]:
        text = client.get(address, headers=HTML).text
        assert not [name for name in HIDDEN if name in text], address


def test_asking_for_a_hidden_person_looks_like_asking_for_nobody(client: FlaskClient) -> None:
    for address in NAMED:
        unknown = client.get(address.format("nobody"), headers=HTML)
        for name in ("ghost", "GHOST", "ghost-before"):
            hidden = client.get(address.format(name), headers=HTML)
            assert hidden.status_code == unknown.status_code, (address, name)
            assert hidden.text.replace(name, "nobody") == unknown.text, (address, name)


def test_lists_show_the_picture_that_somebody_chose_and_else_initials(client: FlaskClient) -> None:
    lists = ["/", "/badges/tester-1", "/explore?q=asha", "/leaderboard", "/leaderboard?team=qa"]
    for address in [*lists, "/report", "/diff?a=asha&b=other-1"]:
        page = Page(client.get(address, headers=HTML).text)
        shown = {image["src"] for image in page.all("img") if "/people/" in image["src"]}
        assert shown == {"/people/Asha/avatar?size=small"}, address
    assert "tone-" in client.get("/leaderboard", headers=HTML).text
    items = client.get("/explore/suggestions?q=asha").get_json()["items"]
    assert [item["image"] for item in items] == ["/people/Asha/avatar?size=small"]


def test_ranks_and_shares_leave_hidden_people_out(client: FlaskClient) -> None:
    rows = client.get("/leaderboard/json").get_json()["leaderboard"]
    assert [(row["nickname"], row["badges"], row["rank"]) for row in rows] == [
        ("Asha", 3, 1),
        ("other-2", 1, 2),
        ("other-1", 1, 2),
        ("other-0", 1, 2),
    ]
    person = client.get("/people/other-1/badges.json").get_json()
    assert (person["rank"], person["people"], person["percentile"]) == (2, 4, 75.0)


def test_documents_of_a_hidden_person_go_on_answering(client: FlaskClient, site: Site) -> None:
    """Attacks W9: assertions stay true, and their pages name nobody."""
    with site.database.reading() as session:
        uuid = (
            session.query(Assertion.uuid)
            .join(Award)
            .join(Person, Person.id == Award.person_id)
            .filter(Person.key == "ghost")
            .first()[0]
        )
    assert client.get(f"/assertions/{uuid}.json").status_code == 200
    page = client.get(f"/assertions/{uuid}", headers=HTML)
    assert page.status_code == 200
    assert not [name for name in HIDDEN if name in page.text]


@pytest.mark.slow
def test_no_page_asks_or_reads_more_the_larger_the_site_is(tmp_path: Path) -> None:
    counts = []
    for people in (3, 90):
        database_url = f"sqlite:///{tmp_path}/{people}.db"
        made = Site.of(Settings(home=tmp_path, database_url=database_url, secret_key="secret"))  # noqa: S106 (a test's own)
        make_tables(made.database)
        with made.database.writing() as session:
            settle(session, people)
        browser = create_app(site=made).test_client()
        numbers = []
        for address in ALL:
            with statements_of(made.database.engine) as seen:
                browser.get(address)
            numbers.append(len(seen))
        counts.append(numbers)
        made.database.dispose()
    assert counts[0] == counts[1]


def test_a_badge_that_only_hidden_people_hold_waits_for_nobody(client: FlaskClient) -> None:
    for address in ("/badges/tester-3", "/badges/tester-1?after=0-1"):
        page = Page(client.get(address, headers=HTML).text)
        assert "Nobody to show here" in page.text, address
        assert "Still waiting" not in page.text, address
