# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a wallet fetches: what its owner holds now, each badge once, and each true."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import requests.utils
from sqlalchemy import select

from issuer.models import Assertion, Award, EmailIdentity
from issuer.services import awards, emails, persons, visibility
from issuer.services.verifying import Elsewhere, OwnFetcher
from openbadges.identity import matches
from openbadges.models import IdentityObject
from openbadges.verification import verify
from tests.browsing import Browser
from tests.issuing import NOW, give, make_badge
from tests.wallet import READ_BADGES, READ_PROFILE, Wallet

if TYPE_CHECKING:
    from flask import Flask

    from issuer.site import Site

BADGES = ("First Steps", "Second Steps", "Third Steps", "Fourth Steps", "Fifth Steps")


@pytest.fixture(scope="module")
def holder(site: Site, app: Flask) -> Browser:
    """Return somebody with five badges."""
    with site.database.writing() as session:
        for number, name in enumerate(BADGES):
            moment = NOW + timedelta(days=number)
            award = give(session, make_badge(session, site, name), "dinah", now=moment).award
            award.created_at = moment
    return Browser(app, "dinah")


@pytest.fixture(scope="module")
def wallet(app: Flask, holder: Browser) -> Wallet:
    return Wallet(app).enter(holder)


def names(wallet: Wallet, query: str = "") -> list[str]:
    answer = wallet.get(f"/credentials{query}")
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.get_json()["credential"]]


@pytest.mark.slow
def test_each_badge_comes_once_letter_for_letter_as_its_address_answers(
    site: Site, app: Flask, wallet: Wallet
) -> None:
    answer = wallet.get("/credentials")
    listed = answer.get_json()["credential"]
    assert [each["name"] for each in listed] == list(BADGES)
    assert "compactJwsString" not in answer.get_json()
    assert answer.headers["X-Total-Count"] == "5"
    client = app.test_client()
    for each in listed:
        assert client.get(each["id"]).text in answer.text


@pytest.mark.parametrize(("proof", "forms"), [("jwt", 1), ("any", 2), ("data-integrity", 1)])
def test_each_form_verifies(site: Site, wallet: Wallet, proof: str, forms: int) -> None:
    found = wallet.get(f"/credentials?limit=1&proof={proof}").get_json()
    assert len(found) == forms
    own = OwnFetcher(
        site.database.reading, site.settings.base_url, site.keys, site.objects, Elsewhere()
    )
    for listed in found.values():
        (given,) = listed
        report = verify(given, fetcher=own, now=datetime.now(UTC), recipients=["dinah@example.org"])
        assert report.valid, report.sentence


def test_pages_lead_to_each_other(wallet: Wallet) -> None:
    answer = wallet.get("/credentials?limit=2&offset=2&proof=data-integrity")
    links = {
        each["rel"]: each["url"]
        for each in requests.utils.parse_header_links(answer.headers["Link"])
    }
    offsets = {name: int(url.rpartition("offset=")[2]) for name, url in links.items()}
    assert offsets == {"first": 0, "prev": 0, "next": 4, "last": 4}
    seen, path = [], "/credentials?limit=2"
    while path:
        answer = wallet.get(path)
        seen += [each["name"] for each in answer.get_json()["credential"]]
        links = {
            each["rel"]: each["url"]
            for each in requests.utils.parse_header_links(answer.headers["Link"])
        }
        assert answer.headers["X-Total-Count"] == "5"
        path = links.get("next", "").partition("/ims/ob/v3p0")[2]
    assert seen == list(BADGES)
    assert names(wallet, "?offset=5") == []
    assert len(names(wallet, "?limit=1000000000"[:-1])) == 5


@pytest.mark.parametrize(
    ("since", "number"),
    [
        ("2026-03-01T12:00:00Z", 4),
        ("2026-03-02T13:00:00+01:00", 3),
        ("2026-02-01T00:00:00Z", 5),
        ("2026-03-05T12:00:00.000Z", 0),
    ],
)
def test_only_what_is_newer_comes(wallet: Wallet, since: str, number: int) -> None:
    assert len(names(wallet, f"?since={quote(since)}")) == number


def test_what_was_dated_back_is_new_all_the_same(site: Site, app: Flask) -> None:
    with site.database.writing() as session:
        award = give(session, make_badge(session, site), "late", now=NOW - timedelta(days=99))
        award.award.created_at = NOW
    wallet = Wallet(app).enter(Browser(app, "late"))
    assert len(names(wallet, "?since=2026-02-28T00:00:00Z")) == 1


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=1.5",
        "limit=9999999999",
        "offset=-1",
        "offset=²",
        "since=yesterday",
        "since=2026-03-01",
        "since=%00",
        "proof=none",
    ],
)
def test_a_question_that_makes_no_sense_is_said_to_be_one(wallet: Wallet, query: str) -> None:
    answer = wallet.get(f"/credentials?{query}")
    assert answer.status_code == 400
    (field,) = answer.get_json()["imsx_codeMinor"]["imsx_codeMinorField"]
    assert field["imsx_codeMinorFieldValue"] == "invalid_query_parameter"
    assert query.partition("=")[0] in answer.get_json()["imsx_description"]


def test_what_was_revoked_is_gone_and_who_is_hidden_still_gets_theirs(
    site: Site, app: Flask
) -> None:
    with site.database.writing() as session:
        for name in BADGES[:2]:
            give(session, make_badge(session, site, name), "ghost")
    wallet = Wallet(app).enter(Browser(app, "ghost"))
    (first, second) = wallet.get("/credentials").get_json()["credential"]
    with site.database.writing() as session:
        ghost = persons.find(session, "ghost")
        visibility.opt_out(session, ghost)
        award = session.scalars(select(Award).filter_by(person_id=ghost.id)).first()
        assert award is not None
        awards.revoke(session, award, "a mistake", now=NOW)
    answer = wallet.get("/credentials")
    assert answer.get_json()["credential"] == [second]
    assert answer.headers["X-Total-Count"] == "1"
    assert wallet.get("/profile").get_json()["name"] == "ghost"
    again = wallet.call("POST", "/credentials", json=first)
    assert again.status_code == 404
    assert "revoked" in again.get_json()["imsx_description"]


def test_badges_are_made_out_to_the_chosen_address_as_long_as_it_is_theirs(
    site: Site, app: Flask
) -> None:
    with site.database.writing() as session:
        give(session, make_badge(session, site), "edda")
        identity = emails.add(session, persons.find(session, "edda"), "e@home.example", now=NOW)
        identity.verified_at = NOW
        session.flush()
        number = identity.id
    wallet = Wallet(app).enter(Browser(app, "edda"), address=str(number))

    def recipient() -> IdentityObject:
        (listed,) = wallet.get("/credentials").get_json()["credential"]
        (given,) = listed["credentialSubject"]["identifier"]
        return IdentityObject(
            type="email", hashed=True, identity=given["identityHash"], salt=given["salt"]
        )

    assert matches(recipient(), "e@home.example")
    assert matches(recipient(), "e@home.example")
    with site.database.reading() as session:
        edda = persons.find(session, "edda")
        made = select(Assertion).join(Award).where(Award.person_id == edda.id)
        assert len(session.scalars(made).all()) == 2
    with site.database.writing() as session:
        session.get_one(EmailIdentity, number).verified_at = None
    assert matches(recipient(), "edda@example.org")
    with site.database.writing() as session:
        emails.remove(session, persons.find(session, "edda"), number)
    assert matches(recipient(), "edda@example.org")


def test_our_own_badge_is_there_already_in_both_forms(wallet: Wallet) -> None:
    found = wallet.get("/credentials?limit=1&proof=any").get_json()
    (proof,), (token,) = found["credential"], found["compactJwsString"]
    answer = wallet.call("POST", "/credentials", json=proof)
    assert (answer.status_code, answer.get_json()) == (200, proof)
    answer = wallet.call("POST", "/credentials", data=token, content_type="text/plain")
    assert (answer.status_code, answer.text, answer.mimetype) == (200, token, "text/plain")


def test_foreign_changed_and_others_badges_are_refused_with_the_reason(
    app: Flask, wallet: Wallet, asha: Browser
) -> None:
    (mine,) = wallet.get("/credentials?limit=1").get_json()["credential"]
    (theirs,) = Wallet(app).enter(asha).get("/credentials").get_json()["credential"]
    base = mine["id"].rpartition("/assertions/")[0]
    cases = [
        ({**mine, "name": "Another"}, 400, "is not as it was issued"),
        (theirs, 403, "somebody else"),
        ({**mine, "id": "https://other.example/1"}, 403, "only the badges that it awarded"),
        ({**mine, "id": f"{base}/assertions/x/ob3"}, 403, "only the badges that it awarded"),
        ({**mine, "id": mine["id"].removesuffix("/ob3")}, 403, "only the badges"),
        ({"id": ["x"]}, 400, "id: is missing"),
        ({}, 400, "id: is missing"),
    ]
    for document, status, words in cases:
        answer = wallet.call("POST", "/credentials", json=document)
        assert answer.status_code == status, document
        assert words in answer.get_json()["imsx_description"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"a":' * 200, "application/json", 400),
        (b"{}" + b" " * (1 << 20), "application/json", 400),
        (b"x", "text/plain", 400),
        (b"a.b.c", "text/plain", 400),
        (b"\xff.\xff.\xff", "text/plain", 400),
        (b"e30.e30.e30", "text/plain", 400),
        (b"{}", "text/html", 415),
        (b"{}", "multipart/form-data", 415),
    ],
    ids=range(11),
)
def test_what_cannot_be_read_is_refused(
    wallet: Wallet, body: bytes, kind: str, status: int
) -> None:
    answer = wallet.call("POST", "/credentials", data=body, content_type=kind)
    assert answer.status_code == status, answer.text
    assert answer.get_json()["imsx_codeMajor"] == "failure"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/credentials"), ("POST", "/credentials"), ("GET", "/profile"), ("PUT", "/profile")],
)
def test_without_a_token_nothing_opens_whoever_is_signed_in(
    wallet: Wallet, holder: Browser, method: str, path: str
) -> None:
    headers = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic eDp4"},
    ]
    for header in headers:
        answer = holder.client.open(f"/ims/ob/v3p0{path}", method=method, headers=header, json={})
        assert answer.status_code == 401, header
        assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")
        assert answer.get_json()["imsx_codeMajor"] == "failure"
        assert "Set-Cookie" not in answer.headers
    token = wallet.tokens["access_token"]
    refresh = {"Authorization": f"Bearer {wallet.tokens['refresh_token']}"}
    assert (
        wallet.client.open(f"/ims/ob/v3p0{path}", method=method, headers=refresh).status_code == 401
    )
    query = f"/ims/ob/v3p0{path}?access_token={token}"
    assert wallet.client.open(query, method=method).status_code == 401


def test_a_token_opens_what_was_allowed_and_no_more(app: Flask, holder: Browser) -> None:
    wallet = Wallet(app).enter(holder, scope=READ_PROFILE)
    assert wallet.get("/profile").status_code == 200
    for method, path in (("GET", "/credentials"), ("POST", "/credentials"), ("PUT", "/profile")):
        answer = wallet.call(method, path)
        assert answer.status_code == 403
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    wallet.enter(holder, scope=READ_BADGES)
    assert wallet.get("/credentials").status_code == 200
    assert wallet.get("/profile").status_code == 403


def test_any_page_may_ask_and_read(wallet: Wallet) -> None:
    answer = wallet.client.options("/ims/ob/v3p0/credentials")
    assert answer.status_code == 200
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    answer = wallet.get("/credentials")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "X-Total-Count" in answer.headers["Access-Control-Expose-Headers"]
    assert (answer.headers["Cache-Control"], "Set-Cookie" in answer.headers) == ("no-store", False)


@pytest.mark.parametrize(
    ("method", "path", "status", "value"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("DELETE", "/credentials", 405, "not_allowed"),
        ("POST", "/profile", 405, "not_allowed"),
    ],
)
def test_what_there_is_not_is_said_in_the_words_of_the_standard(
    wallet: Wallet, method: str, path: str, status: int, value: str
) -> None:
    answer = wallet.call(method, path)
    assert answer.status_code == status
    (field,) = answer.get_json()["imsx_codeMinor"]["imsx_codeMinorField"]
    assert field["imsx_codeMinorFieldValue"] == value
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_stored_text_is_json(wallet: Wallet) -> None:
    assert json.loads(wallet.get("/credentials?offset=99&proof=any").text) == {
        "credential": [],
        "compactJwsString": [],
    }
