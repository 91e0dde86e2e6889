# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an app learns of a person, and the little that it may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from issuer.services import persons
from tests.browsing import Browser
from tests.issuing import NOW
from tests.wallet import Wallet

if TYPE_CHECKING:
    from flask import Flask

    from issuer.site import Site


@pytest.fixture
def farid(site: Site, app: Flask) -> Wallet:
    with site.database.writing() as session:
        person = persons.ensure(session, "farid", now=NOW)
        person.display_name = person.bio = person.website = ""
        person.locale, person.theme = "de", "dark"
    return Wallet(app).enter(Browser(app, "farid"))


def test_a_profile_holds_what_was_told_and_nothing_empty(site: Site, farid: Wallet) -> None:
    found = farid.get("/profile").get_json()
    assert found.pop("@context")[-1] == "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
    assert found == {
        "id": "http://127.0.0.1:8000/people/farid",
        "type": ["Profile"],
        "name": "farid",
        "email": "farid@example.org",
    }
    with site.database.writing() as session:
        persons.find(session, "farid").avatar_hash = "0" * 64
    assert farid.get("/profile").get_json()["image"]["id"].endswith("/people/farid/avatar")


def test_name_website_and_words_can_be_changed_and_the_rest_stays(
    site: Site, farid: Wallet
) -> None:
    whole = farid.get("/profile").get_json()
    changed = {
        **whole,
        "name": " Farid  N. ",
        "url": "https://f.example/",
        "description": "I *do*.",
    }
    answer = farid.call("PUT", "/profile", json=changed)
    assert answer.status_code == 200, answer.text
    assert answer.get_json() == {**changed, "name": "Farid N."}
    assert farid.get("/profile").get_json() == answer.get_json()
    with site.database.reading() as session:
        person = persons.find(session, "farid")
        assert (person.bio, person.locale, person.theme) == ("I *do*.", "de", "dark")
    farid.call("PUT", "/profile", json={"description": ""})
    assert "description" not in farid.get("/profile").get_json()


def test_a_name_that_stood_there_for_want_of_another_is_not_taken(
    site: Site, farid: Wallet
) -> None:
    assert farid.call("PUT", "/profile", json=farid.get("/profile").get_json()).status_code == 200
    with site.database.reading() as session:
        assert persons.find(session, "farid").display_name == ""


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"email": "other@example.org"}, "'email'"),
        ({"id": "https://other.example/"}, "'id'"),
        ({"phone": "1"}, "'phone'"),
        ({"type": ["Person"]}, "'type'"),
        ({"image": {"id": "https://x.example/", "type": "Image"}}, "'image'"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"url": "javascript:alert(1)"}, "website"),
        ({"description": "x" * 2001}, "about you"),
        ({"description": "\0"}, "NUL"),
        ({"description": "\x07"}, "about you"),
    ],
)
def test_what_may_not_be_changed_is_refused_by_its_name(
    farid: Wallet, wanted: dict[str, Any], words: str
) -> None:
    before = farid.get("/profile").get_json()
    answer = farid.call("PUT", "/profile", json={"name": "New", **wanted})
    assert answer.status_code == 400
    assert words in answer.get_json()["imsx_description"]
    assert farid.get("/profile").get_json() == before


@pytest.mark.parametrize(
    ("body", "status"), [(b"[]", 400), (b"{", 400), (b"{}" + b" " * 70_000, 400)], ids=range(3)
)
def test_what_is_no_small_object_is_refused(farid: Wallet, body: bytes, status: int) -> None:
    answer = farid.call("PUT", "/profile", data=body, content_type="application/json")
    assert answer.status_code == status
    assert farid.call("PUT", "/profile", data=body, content_type="text/plain").status_code == 415
