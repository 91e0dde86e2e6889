# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invitations by programs: made, shown with what leads to them, printed, closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update

from issuer.api import describing
from issuer.models import Badge, Grant, Invitation
from issuer.services import invitations, permissions, persons
from issuer.services.invitations import Wanted
from tests.issuing import BASE_URL, NOW
from tests.programs import Program, grant, token_of

if TYPE_CHECKING:
    from flask import Flask

    from issuer.site import Site

BADGE = "first-steps"
DAY = timedelta(days=1)


def number(site: Site) -> int:
    """Return how many invitations there are, each code counted."""
    with site.database.reading() as session:
        return session.scalars(select(func.count()).select_from(Invitation)).one()


def test_a_link_is_made_shown_and_closed(app: Flask, dora: Program) -> None:
    until = datetime.now(UTC) + DAY
    made = dora.post(
        "/invitations", badge=BADGE, expires_at=until.isoformat(), maximum_uses=5, note="A talk"
    )
    told = made.get_json()
    assert made.status_code == 201
    assert (told["state"], told["maximum_uses"], told["uses"], told["note"]) == (
        "open",
        5,
        0,
        "A talk",
    )
    assert datetime.fromisoformat(told["expires_at"]) == until
    assert told["codes"] == []
    anybody = app.test_client()
    page = anybody.get(told["url"].removeprefix(BASE_URL), headers={"Accept": "text/html"})
    assert (page.status_code, "First Steps" in page.text) == (200, True)
    picture = anybody.get(told["qr_code"].removeprefix(BASE_URL))
    assert (picture.status_code, picture.mimetype) == (200, "image/png")
    sheet = dora.get(told["sheet"].removeprefix(f"{BASE_URL}/api/v1"))
    assert (sheet.mimetype, sheet.data[:5]) == ("application/pdf", b"%PDF-")
    address = f"/invitations/{told['id']}"
    assert dora.get(address).get_json() == told
    for _ in range(2):
        assert dora.delete(address).status_code == 204
    assert dora.get(address).get_json()["state"] == "revoked"
    assert dora.get(f"{address}/sheet.pdf").status_code == 410
    assert anybody.get(told["qr_code"].removeprefix(BASE_URL)).status_code == 410


def test_codes_belong_together(dora: Program, busy_site: Site) -> None:
    told = dora.post("/invitations", badge=BADGE, codes=3).get_json()
    lasts = datetime.fromisoformat(told["expires_at"]) - datetime.fromisoformat(told["created_at"])
    assert lasts == timedelta(days=7)
    assert (told["url"], told["number_of_codes"], told["maximum_uses"]) == (None, 3, 1)
    assert len({code["url"] for code in told["codes"]}) == 3
    assert {code["state"] for code in told["codes"]} == {"open"}
    with busy_site.database.writing() as session:
        first = select(func.min(Invitation.id))
        session.execute(update(Invitation).filter_by(id=session.scalar(first)).values(uses=1))
    shown = dora.get(f"/invitations/{told['id']}").get_json()
    assert (shown["state"], shown["uses"]) == ("open", 1)
    assert [code["state"] for code in shown["codes"]] == ["used-up", "open", "open"]
    (listed,) = dora.get("/invitations").get_json()["items"]
    assert (listed["number_of_codes"], listed["uses"], listed["state"]) == (3, 1, "open")
    assert dora.delete(f"/invitations/{told['id']}").status_code == 204
    assert dora.get("/invitations?state=open").get_json()["items"] == []
    assert dora.get("/invitations?state=closed").get_json()["items"][0]["state"] == "revoked"


def test_a_quota_holds_for_what_is_promised(dora: Program, busy_site: Site) -> None:
    with busy_site.database.writing() as session:
        session.execute(update(Grant).values(quota=2))
    assert dora.post("/invitations", badge=BADGE, codes=3).status_code == 409
    assert dora.post("/invitations", badge=BADGE, expires_at=None).status_code == 409
    assert dora.post("/invitations", badge=BADGE, codes=2).status_code == 201
    answer = dora.post("/awards", badge=BADGE, people=["boris"]).get_json()
    assert answer["lines"][0]["reason"] == "over-quota"


def test_what_is_sent_again_with_its_key_is_made_once(dora: Program, busy_site: Site) -> None:
    first = dora.post("/invitations", key="k", badge=BADGE, codes=2)
    second = dora.post("/invitations", key="k", badge=BADGE, codes=2)
    assert second.get_json() == first.get_json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert number(busy_site) == 2
    assert dora.post("/invitations", key="k", badge=BADGE, codes=3).status_code == 422


MISTAKES: dict[str, dict[str, object]] = {
    "no-zone": {"expires_at": "2030-01-01T00:00:00"},
    "past": {"expires_at": "2020-01-01T00:00:00Z"},
    "no-clock": {"expires_at": "9999-12-31T23:59:59-12:00"},
    "a-number": {"expires_at": 17},
    "too-many": {"codes": 501},
    "none": {"codes": 0},
    "both": {"codes": 2, "maximum_uses": 2},
    "endless-uses": {"maximum_uses": 1_000_001},
    "long": {"note": "x" * 201},
    "no-badge": {"badge": "none"},
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_nobody_could_use_is_422(dora: Program, busy_site: Site, case: str) -> None:
    answer = dora.post("/invitations", **{"badge": BADGE, **MISTAKES[case]})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert number(busy_site) == 0


def test_those_of_others_are_not_shown_and_not_closed(
    app: Flask, dora: Program, busy_site: Site
) -> None:
    grant(busy_site, "boris", now=NOW)
    boris = Program(app, token_of(busy_site, "boris", now=datetime.now(UTC)))
    told = boris.post("/invitations", badge=BADGE).get_json()
    assert dora.get("/invitations").get_json() == {"items": [], "next": None}
    for answer in (
        dora.get(f"/invitations/{told['id']}"),
        dora.get(f"/invitations/{told['id']}/sheet.pdf"),
        dora.delete(f"/invitations/{told['id']}"),
    ):
        assert answer.status_code == 403
        assert told["url"] not in answer.text
    assert boris.get(f"/invitations/{told['id']}").get_json()["state"] == "open"
    for gone in ("999", str(2**31 - 1), str(2**63)):
        assert dora.get(f"/invitations/{gone}").status_code == 404


def test_a_list_comes_in_parts(dora: Program, busy_site: Site) -> None:
    with busy_site.database.writing() as session:
        badge = session.scalars(select(Badge).filter_by(slug=BADGE)).one()
        person = persons.find(session, "dora")
        actor = permissions.Actor(username="dora", person_id=person.id)
        for n in range(5):
            now = NOW + n * DAY
            wanted = Wanted(expires_at=None, note=str(n))
            invitations.make(session, badge, wanted, actor=actor, now=now)
    seen: list[str] = []
    address = f"/invitations?limit=2&badge={BADGE}"
    while address:
        told = dora.get(address).get_json()
        seen += [each["note"] for each in told["items"]]
        address = (told["next"] or "").partition("/api/v1")[2]
    assert seen == list("43210")
    assert dora.get("/invitations?badge=second-steps").get_json()["items"] == []
    assert dora.get("/invitations?state=ajar").status_code == 422


def test_a_sheet_is_made_for_paper_that_there_is(app: Flask, dora: Program) -> None:
    made = dora.post("/invitations", badge="first-steps", maximum_uses=3).get_json()
    where = f"/invitations/{made['id']}/sheet.pdf"
    for paper in ("a5", "A4", ""):
        answer = dora.get(where, query_string={"paper": paper})
        assert answer.status_code == 422
        assert answer.get_json()["errors"] == [
            {"where": "paper", "what": "must be one of a4, letter"}
        ]


def test_the_description_names_every_value_that_a_list_takes() -> None:
    described = describing.document("https://badges.example.org")["paths"]
    takes = {
        each["name"]: each["schema"]
        for each in described["/api/v1/invitations"]["get"]["parameters"]
    }
    assert takes["state"] == {"type": "string", "enum": ["open", "closed"]}
    assert takes["limit"] == {"type": "integer", "minimum": 1, "maximum": 100}
    (paper,) = (
        each
        for each in described["/api/v1/invitations/{number}/sheet.pdf"]["get"]["parameters"]
        if each["in"] == "query"
    )
    assert paper["schema"]["enum"] == ["a4", "letter"]
