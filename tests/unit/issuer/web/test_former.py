# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.models import Assertion, Badge, Redirect
from tests.filled import fill
from tests.unit.issuer.web.community import TODAY, settle
from tests.unit.issuer.web.conftest import HTML
from tests.unit.issuer.web.seeds import BASE_URL, NOW

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from issuer.site import Site

DIGEST = "a" * 64


@pytest.fixture(autouse=True)
def _community(site: Site) -> None:
    fill(site, _settle)


def _settle(site: Site) -> None:
    with site.database.writing() as session:
        settle(session)
        first = session.query(Assertion).order_by(Assertion.id).first()
        assert first is not None
        first.identity_hash, first.salt = f"sha256${DIGEST}", "pepper"
        session.add(Redirect(path="/pngs/old.png", target="/badges/alone/image", created_at=NOW))


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/badge/alone,-at-last!", "/badges/alone"),
        ("/badge/alone,-at-last!/full", "/badges/alone"),
        ("/badge/alone/stl", "/badges/alone"),
        ("/badge/alone,-at-last!/rss", "/badges/alone/feed.atom"),
        ("/user/asha", "/people/Asha"),
        ("/user/asha-before", "/people/Asha"),
        ("/user/ASHA/rss", "/people/Asha/feed.atom"),
        ("/diff/asha/other-1", "/diff?a=asha&b=other-1"),
        ("/explore/badges", "/explore"),
        ("/explore/badges/rss", "/feeds/badges.atom"),
        ("/tags/quality,design/any", "/tags/quality"),
        ("/tags/,quality/all", "/tags/quality"),
        ("/tags/,/all", "/tags"),
        ("/tags/c%2Fc++/any", "/tags/c/c++"),
        ("/pngs/old.png", "/badges/alone/image"),
        ("/pngs/alone,-at-last!.png", "/badges/alone/image"),
        ("/invitations/0123/claim", "/invitations/0123"),
        ("/invitations/%0aa%3F/claim", "/invitations/%0Aa%3F"),
    ],
)
def test_an_old_address_leads_to_the_new_one(
    client: FlaskClient, address: str, target: str
) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.location) == (308, target)


@pytest.mark.parametrize(
    "address",
    [
        "/badge/none",
        "/badge/none/json",
        "/badge/a%00b",
        "/user/none",
        "/user/none/json",
        "/pngs/none.png",
        "/pngs/alone",
        "/assertions/alone/zzz",
        f"/assertions/alone/{'b' * 64}",
        f"/assertions/none/{DIGEST}",
    ],
)
def test_what_never_was_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_the_json_of_a_badge_keeps_its_fields(client: FlaskClient) -> None:
    assert client.get("/badge/tester-1/json").get_json() == {
        "id": "tester-1",
        "name": "Tester 1",
        "description": "Given for tester-1",
        "image": f"{BASE_URL}/badges/tester-1/image",
        "tags": "quality,",
        "times_awarded": 6,
        "percent_earned": 100.0,  # who opted out holds it, and is none of the people
        "first_awarded": int(NOW.timestamp()) + 4 * 3600,
        "first_awarded_person": "other-0",
        "last_awarded": int(TODAY.timestamp()) - 3600,
        "last_awarded_person": "Asha",
    }


def test_the_json_of_a_person_keeps_its_fields(client: FlaskClient) -> None:
    found = client.get("/user/asha/json").get_json()
    assert {name: value for name, value in found.items() if name != "assertions"} == {
        "user": "Asha",
        "avatar": f"{BASE_URL}/people/Asha/avatar",
        "percent_earned": 75.0,
        "percentile": "100.00",
        "rank": 1,
        "user_count": 4,
    }
    assert found["assertions"][0] == {
        "issued": TODAY.timestamp() - 3600,
        "id": "tester-1",
        "name": "Tester 1",
        "description": "Given for tester-1",
        "image": f"{BASE_URL}/badges/tester-1/image",
        "tags": "quality,",
    }
    assert [one["id"] for one in found["assertions"]] == [
        "tester-1",
        "tester-2",
        "alone,-at-last!",
    ]


def test_nobody_has_more_than_all_badges(client: FlaskClient, site: Site) -> None:
    with site.database.writing() as session:
        for badge in session.query(Badge).filter(Badge.slug != "alone"):
            badge.retired_at = NOW
    assert client.get("/user/asha/json").get_json()["percent_earned"] == 100.0


def test_the_json_of_the_leaderboard_keeps_its_fields(client: FlaskClient) -> None:
    (first,) = client.get("/leaderboard/json?limit=1").get_json()["leaderboard"]
    assert first == {"badges": 3, "nickname": "Asha", "rank": 1}
    rows = client.get("/leaderboard/OTHER-0/json").get_json()["leaderboard"]
    assert rows[-1] == {"badges": 1, "nickname": "other-0", "rank": 2}
    for limit in ("abc", "0", "-1", "101", "٣", "9" * 30):
        assert client.get(f"/leaderboard/json?limit={limit}").status_code == 400, limit


@pytest.mark.parametrize("recipient", [DIGEST, f"sha256${DIGEST}"])
def test_an_old_assertion_answers_as_it_did(client: FlaskClient, recipient: str) -> None:
    address = f"/assertions/tester-1/{recipient}"
    answer = client.get(address)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    found = answer.get_json()
    issuer = found["badge"].pop("issuer")
    assert found == {
        "recipient": f"sha256${DIGEST}",
        "salt": "pepper",
        "issued_on": f"{TODAY:%Y-%m-%d}",
        "badge": {
            "version": "0.5.0",
            "name": "Tester 1",
            "image": f"{BASE_URL}/badges/tester-1/image",
            "description": "Given for tester-1",
            "criteria": f"{BASE_URL}/badges/tester-1",
        },
    }
    assert issuer == {
        "origin": BASE_URL,
        "name": "The Issuer",
        "org": "The Issuer",
        "contact": "badges@example.org",
    }
    page = client.get(address, headers=HTML)
    assert page.status_code == 302
    assert page.location.startswith("/assertions/")


def test_a_revoked_assertion_is_gone_at_its_old_address(client: FlaskClient, site: Site) -> None:
    with site.database.writing() as session:
        first = session.query(Assertion).order_by(Assertion.id).first()
        assert first is not None
        first.award.revoked_at = NOW
    assert client.get(f"/assertions/tester-1/{DIGEST}").status_code == 410
