# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import AuditEntry, EmailIdentity, RankHistogram
from issuer.services import persons, tables
from tests.issuing import NOW, give, make_badge
from tests.programs import Program, token_of

if TYPE_CHECKING:
    from flask import Flask

    from issuer.site import Site
    from tests.browsing import Browser

PEOPLE = "/admin/people/"


@pytest.fixture(autouse=True)
def old(site: Site) -> None:
    """Let Asha have a second account with the same badge, and an address."""
    with site.database.writing() as session:
        give(session, make_badge(session, site), "asha-old")
        person = persons.find(session, "asha")
        person.display_name, person.email = "Asha Raman", "asha@login.example"
        session.add(
            EmailIdentity(
                person_id=person.id,
                address="asha@home.example",
                verified_at=NOW,
                created_at=NOW,
            )
        )


def actions(site: Site) -> list[str]:
    with site.database.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def names(page: str) -> list[str]:
    return [
        part.partition('"')[0]
        for part in page.split('<td data-name="User name"><a href="/admin/people/')[1:]
    ]


def test_people_are_found_by_name_and_by_whole_addresses(root: Browser) -> None:
    assert {"asha", "boris", "root"} <= set(names(root.get(PEOPLE).text))
    for query, found in (
        ("ram", ["asha"]),
        ("asha", ["asha", "asha-old"]),
        ("nobody", []),
    ):
        page = root.follow(root.post(PEOPLE, q=query, sort="name"))
        assert names(page) == found, query
        assert f'value="{query}"' in page
    for address in ("ASHA@home.example", "asha@login.example"):
        assert root.post(PEOPLE, q=address).location == f"{PEOPLE}asha"
    page = root.post(PEOPLE, q="asha@").text
    assert "Nobody found" in page
    assert 'value="asha@"' in page


def test_an_address_that_is_searched_for_stands_in_no_address(root: Browser, site: Site) -> None:
    """Else it would stand in the logs of servers and the histories of browsers."""
    refused = root.get(f"{PEOPLE}?q=asha@home.example")
    assert refused.status_code == 400
    assert "type it into the field" in refused.text
    with site.database.writing() as session:
        for name in ("asha", "asha-old"):
            persons.find(session, name).email = "both@login.example"
    answers = [root.post(PEOPLE, q="both@login.example", sort=sort) for sort in ("name", "-name")]
    assert [names(answer.text) for answer in answers] == [
        ["asha", "asha-old"],
        ["asha-old", "asha"],
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert not [
            part for part in re.findall('(?:href|action)="([^"]*)"', answer.text) if "both" in part
        ]
    button = (
        '<button class="table-sort" type="submit" form="table-search" name="sort" value="-name">'
    )
    assert button in answers[0].text


def test_people_of_one_address_are_paged_by_the_form(
    root: Browser, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables.page, "__kwdefaults__", {**tables.page.__kwdefaults__, "limit": 1})
    with site.database.writing() as session:
        for name in ("asha", "asha-old"):
            persons.find(session, name).email = "both@login.example"
    first = root.post(PEOPLE, q="both@login.example", sort="-name").text
    assert names(first) == ["asha-old"]
    after = re.search('form="table-search" name="after" value="([^"]+)"', first)
    assert after is not None
    second = root.post(PEOPLE, q="both@login.example", sort="-name", after=after[1]).text
    assert names(second) == ["asha"]
    assert 'name="after"' not in second


def test_an_account_is_shown_without_a_whole_address(root: Browser) -> None:
    page = root.get(f"{PEOPLE}asha").text
    assert "First Steps" in page
    assert "a…@home.example" in page
    assert "asha@" not in page


def test_who_is_hidden_is_found_here_alone_and_comes_back(root: Browser, site: Site) -> None:
    """predecessors 1.5, 7: no search shows whom opting out hid; and `false` lets them back in."""
    for action, seen in (("hide", False), ("show", True)):
        page = root.follow(root.post(f"{PEOPLE}asha/{action}"))
        assert ("Show again" in page) is not seen
        assert root.get("/people/asha").status_code == (200 if seen else 404)
        assert ("/people/asha" in root.get("/explore?q=raman").text) is seen
        assert names(root.get(f"{PEOPLE}?q=raman").text) == ["asha"]
        with site.database.reading() as session:
            ranked = session.scalar(
                select(RankHistogram.people).filter_by(measure="badges", period="all", total=1)
            )
        assert ranked == 1 + seen
    assert "Nothing had to be changed" in root.follow(root.post(f"{PEOPLE}asha/show"))
    assert actions(site) == ["person.hide", "person.show"]


@pytest.mark.slow
def test_a_merge_is_shown_and_confirmed_by_the_name(root: Browser, site: Site) -> None:
    path = f"{PEOPLE}asha/merge"
    assert root.get(f"{path}?other=nobody").status_code == 422
    page = root.get(f"{path}?other=asha-old").text
    assert "1 badge is held by both" in page
    answer = root.post(path, other="asha-old", name="asha")
    assert answer.status_code == 422
    assert "type &#39;asha-old&#39;" in answer.text
    page = root.follow(root.post(path, other="asha-old", name="asha-old"))
    assert "asha-old is one with asha now" in page
    assert root.get("/people/asha-old").headers["Location"] == "/people/asha"
    assert actions(site) == ["person.merge"]


def test_a_rename_keeps_what_was_typed_where_it_is_refused(root: Browser) -> None:
    path = f"{PEOPLE}asha/rename"
    answer = root.post(path, username="asha-old")
    assert answer.status_code == 422
    assert 'value="asha-old"' in answer.text
    assert "merge the two" in answer.text
    assert "is called Raman now" in root.follow(root.post(path, username="Raman"))
    assert root.get("/people/asha").headers["Location"] == "/people/Raman"


def test_a_copy_is_handed_out_and_that_is_noted(root: Browser, site: Site) -> None:
    answer = root.post(f"{PEOPLE}asha/data.json")
    assert json.loads(answer.text)["person"]["username"] == "asha"
    assert actions(site) == ["person.disclose"]


def test_erasing_asks_for_the_name_and_is_noted_without_more(root: Browser, site: Site) -> None:
    path = f"{PEOPLE}asha/erase"
    assert root.post(path, name="boris").status_code == 422
    assert "was erased" in root.follow(root.post(path, name="asha"))
    assert root.get("/people/asha").status_code == 410
    assert actions(site) == ["erase", "person.erase"]
    for action in ("hide", "show", "rename", "merge", "erase"):
        answer = root.post(f"{PEOPLE}asha/{action}", name="asha", username="x", other="asha-old")
        assert answer.status_code in {303, 422}, action
    assert actions(site) == ["erase", "person.erase"]


def test_nobody_else_cares_for_accounts(boris: Browser, dora: Browser, site: Site) -> None:
    for browser in (boris, dora):
        for path in ("", "asha", "asha/rename", "asha/merge", "asha/erase"):
            assert browser.get(PEOPLE + path).status_code == 403
        for action in ("hide", "show", "data.json", "rename", "merge", "erase"):
            answer = browser.post(f"{PEOPLE}asha/{action}", name="asha", username="x")
            assert answer.status_code == 403
    assert actions(site) == []


def test_an_admin_signs_somebody_out(site: Site, root: Browser, dora: Browser) -> None:
    assert dora.get("/settings").status_code == 200
    for words in ("This person is signed out everywhere.", "Nothing had to be changed"):
        assert words in root.follow(root.post("/admin/people/dora/logins"))
    assert dora.get("/settings").location == "/login?next=%2Fsettings"
    assert root.get("/settings").status_code == 200
    assert actions(site) == ["person.sign_out"]


def test_an_admin_ends_the_tokens_of_somebody(site: Site, app: Flask, root: Browser) -> None:
    program = Program(app, token_of(site, "dora", now=datetime.now(UTC)))
    assert program.get("/me").status_code == 200
    for words in ("No program speaks", "Nothing had to be changed"):
        assert words in root.follow(root.post("/admin/people/dora/tokens"))
    assert program.get("/me").status_code == 401
