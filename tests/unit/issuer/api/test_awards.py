# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards by programs: each line told, nothing doubled, undone within ten minutes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from issuer.app import create_app
from issuer.errors import AccountsAwayError
from issuer.limits import limiter
from issuer.models import ApiRequest, AuditEntry, Award, Badge, Batch, Grant
from issuer.services import erasing, live, persons
from issuer.services.permissions import Actor
from tests.issuing import NOW, make_site
from tests.programs import Program, grant, token_of
from tests.unit.issuer.api.conftest import settle

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from issuer.site import Site

BADGE = "first-steps"


def number(site: Site) -> int:
    """Return how many awards there are."""
    with site.database.reading() as session:
        return session.scalars(select(func.count()).select_from(Award)).one()


def states(answer: Any) -> dict[str, str]:
    """Return what became of each person."""
    return {line["person"]: line["reason"] or line["state"] for line in answer.get_json()["lines"]}


def test_each_line_says_what_became_of_whom(dora: Program, busy_site: Site) -> None:
    answer = dora.post(
        "/awards",
        badge=BADGE,
        people=["boris", "asha", "nobody", "hidden", "Boris", "@dora"],
        narrative="They **helped**.",
        evidence=["https://example.org/talk"],
        date="2026-03-05",
    )
    assert answer.status_code == 201
    assert states(answer) == {
        "boris": "awarded",
        "asha": "held",
        "nobody": "unknown-person",
        "hidden": "opted-out",
        "Boris": "repeated",
        "dora": "awarded",
    }
    told = answer.get_json()
    assert (told["awarded"], told["refused"]) == (2, 4)
    assert told["lines"][1]["detail"] == "has the badge already"
    with busy_site.database.reading() as session:
        made = session.scalars(select(Award).order_by(Award.id.desc())).first()
        assert made is not None
        assert (made.source, made.narrative) == ("api", "They **helped**.")
        assert made.evidence == [{"id": "https://example.org/talk"}]
        assert made.issued_at == datetime(2026, 3, 5, tzinfo=UTC)
        entry = session.scalars(select(AuditEntry).filter_by(action="award.give")).one()
        assert (entry.actor, entry.origin) == ("dora", "127.0.0.1, token 1")
    again = dora.post("/awards", badge=BADGE, people=["boris"])
    assert (again.status_code, states(again)) == (200, {"boris": "held"})
    assert number(busy_site) == 3


def test_accounts_are_made_only_where_that_is_asked_for(dora: Program) -> None:
    assert states(dora.post("/awards", badge=BADGE, people=["chen"])) == {"chen": "unknown-person"}
    made = dora.post("/awards", badge=BADGE, people=["chen"], make_accounts=True)
    assert states(made) == {"chen": "awarded"}


def test_only_badges_of_a_grant_are_awarded(dora: Program, busy_site: Site) -> None:
    for badge, status, words in (
        ("second-steps", 403, "you have no right"),
        ("none", 422, "there is none"),
    ):
        answer = dora.post("/awards", badge=badge, people=["boris"])
        assert answer.status_code == status
        assert words in answer.get_json()["detail"]
    with busy_site.database.writing() as session:
        session.execute(update(Badge).values(retired_at=NOW))
    assert dora.post("/awards", badge=BADGE, people=["boris"]).status_code == 409
    assert dora.get("/badges").get_json()["items"] == []
    assert number(busy_site) == 1


def test_a_quota_is_told_line_by_line(dora: Program, busy_site: Site) -> None:
    with busy_site.database.writing() as session:
        session.execute(update(Grant).values(quota=1))
    assert dora.get("/badges").get_json()["items"][0]["left"] == 1
    answer = dora.post("/awards", badge=BADGE, people=["boris", "dora"])
    assert states(answer) == {"boris": "awarded", "dora": "over-quota"}
    assert "0 are left" not in answer.get_json()["lines"][0]
    assert answer.get_json()["lines"][1]["detail"] == "more than your grant allows: 1 are left"


MISTAKES: dict[str, tuple[dict[str, object], str]] = {
    "no-badge": ({"people": ["boris"]}, "badge"),
    "nobody": ({"badge": BADGE, "people": []}, "people"),
    "too-many": ({"badge": BADGE, "people": ["a"] * 101}, "people"),
    "a-text": ({"badge": BADGE, "people": "boris"}, "people"),
    "two-in-one": ({"badge": BADGE, "people": ["boris dora"]}, "people"),
    "a-long-name": ({"badge": BADGE, "people": ["a" * 301]}, "people.0"),
    "a-number": ({"badge": BADGE, "people": [7]}, "people.0"),
    "unknown-member": ({"badge": BADGE, "people": ["boris"], "x": 1}, "x"),
    "no-link": ({"badge": BADGE, "people": ["boris"], "evidence": ["javascript:x"]}, "evidence"),
    "no-day": ({"badge": BADGE, "people": ["boris"], "date": "tomorrow"}, "date"),
    "long": ({"badge": BADGE, "people": ["boris"], "narrative": "x" * 5001}, "narrative"),
    "unseen": ({"badge": BADGE, "people": ["boris"], "narrative": "\x07"}, "narrative"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_is_not_as_described_is_422_and_says_where(
    dora: Program, busy_site: Site, case: str
) -> None:
    body, where = MISTAKES[case]
    answer = dora.post("/awards", **body)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert [each["where"] for each in answer.get_json()["errors"]] == [where]
    assert number(busy_site) == 1


def test_other_bodies_are_refused(dora: Program) -> None:
    for options, status in (
        ({"data": b"{}", "content_type": "text/plain"}, 415),
        ({"data": b"{", "content_type": "application/json"}, 400),
        ({"data": b'{"badge":"a","badge":"b"}', "content_type": "application/json"}, 400),
        ({"data": b"[]", "content_type": "application/json"}, 422),
        ({"data": b" " * (129 << 10), "content_type": "application/json"}, 413),
        ({"json": {}, "headers": {"Content-Encoding": "gzip"}}, 415),
    ):
        answer = dora.ask("POST", "/awards", **options)
        assert answer.status_code == status, options
        assert answer.mimetype == "application/problem+json"


def test_what_is_sent_again_with_its_key_counts_once(dora: Program, busy_site: Site) -> None:
    with busy_site.database.writing() as session:
        session.execute(update(Badge).values(repeatable=True))
    first = dora.post("/awards", key="k-1", badge=BADGE, people=["boris"])
    second = dora.post("/awards", key="k-1", badge=BADGE, people=["boris"])
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.get_json() == first.get_json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert number(busy_site) == 2
    other = dora.post("/awards", key="k-1", badge=BADGE, people=["dora"])
    assert other.status_code == 422
    assert "another request" in other.get_json()["detail"]
    assert dora.post("/awards", key="k-2", badge=BADGE, people=["boris"]).status_code == 201
    assert number(busy_site) == 3
    assert dora.post("/awards", key="x" * 201, badge=BADGE, people=["boris"]).status_code == 422
    with busy_site.database.writing() as session:
        yesterday = datetime.now(UTC) - timedelta(days=1, minutes=1)
        session.execute(update(ApiRequest).values(created_at=yesterday))
    assert dora.post("/awards", key="k-1", badge=BADGE, people=["boris"]).status_code == 201
    with busy_site.database.reading() as session:
        assert session.scalars(select(ApiRequest.key)).all() == ["k-1"]  # what is old is forgotten


def test_a_key_is_of_one_person_and_of_what_was_done(
    app: Flask, dora: Program, busy_site: Site
) -> None:
    grant(busy_site, "boris", now=NOW)
    boris = Program(app, token_of(busy_site, "boris", now=datetime.now(UTC)))
    assert dora.post("/awards", key="k", badge="none", people=["x"]).status_code == 422
    assert states(dora.post("/awards", key="k", badge=BADGE, people=["dora"]))["dora"] == "awarded"
    assert states(boris.post("/awards", key="k", badge=BADGE, people=["dora"]))["dora"] == "held"


@pytest.mark.slow
def test_two_that_come_at_once_with_one_key_award_once(tmp_path: Path, database_url: str) -> None:
    site = make_site(tmp_path, database_url)
    settle(site)
    with site.database.writing() as session:
        session.execute(update(Badge).values(repeatable=True))
    app = create_app(site=site)
    token = token_of(site, "dora", now=datetime.now(UTC))
    answers = []

    def send() -> None:
        answers.append(Program(app, token).post("/awards", key="k", badge=BADGE, people=["boris"]))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [each.status_code for each in answers] == [201] * 3
    assert len({each.get_json()["id"] for each in answers}) == 1
    assert number(site) == 2
    site.database.dispose()


def test_what_one_gave_is_listed_part_by_part(dora: Program, busy_site: Site) -> None:
    people = [f"person-{n}" for n in range(5)]
    dora.post("/awards", badge=BADGE, people=people, make_accounts=True)
    seen: list[str] = []
    address = "/awards?limit=2"
    while address:
        told = dora.get(address).get_json()
        seen += [each["person"] for each in told["items"]]
        address = (told["next"] or "").partition("/api/v1")[2]
    assert seen == people[::-1]  # and not what somebody else gave
    with busy_site.database.writing() as session:
        person = persons.find(session, "person-0")
        erasing.erase(session, person, "anonymise", now=NOW)
        persons.find(session, "person-1").opted_out = True
    told = dora.get("/awards").get_json()["items"]
    assert [each["person"] for each in told[-2:]] == [None, None]
    for query in ("limit=0", "limit=x", "limit=101", "after=nonsense"):
        assert dora.get(f"/awards?{query}").status_code == 422, query


def test_an_award_is_undone_within_ten_minutes(dora: Program, busy_site: Site) -> None:
    given = dora.post("/awards", key="k", badge=BADGE, people=["boris", "dora"]).get_json()
    first, second = (line["award"] for line in given["lines"])
    assert dora.get("/awards").get_json()["items"][0]["undo_until"]
    for _ in range(2):
        answer = dora.delete(f"/awards/{first}")
        assert (answer.status_code, answer.data) == (204, b"")
    listed = {each["id"]: each for each in dora.get("/awards").get_json()["items"]}
    assert (listed[first]["revoked"], listed[first]["undo_until"]) == (True, None)
    replayed = dora.post("/awards", key="k", badge=BADGE, people=["boris", "dora"])
    assert states(replayed) == {"boris": "undone", "dora": "awarded"}
    with busy_site.database.writing() as session:
        late = datetime.now(UTC) - timedelta(minutes=11)
        session.execute(update(Award).values(created_at=late))
        others = session.scalars(select(Award.uuid).order_by(Award.id)).first()
    assert dora.delete(f"/awards/{second}").status_code == 409
    assert dora.delete(f"/awards/{others}").status_code == 403
    assert dora.delete(f"/awards/{uuid4()}").status_code == 404


def test_a_directory_that_is_away_is_no_mistake_of_the_program(
    dora: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise AccountsAwayError("the directory does not answer")

    monkeypatch.setattr("issuer.services.naming.ask", away)
    answer = dora.post("/awards", badge=BADGE, people=["boris"])
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert "try again later" in answer.get_json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0


def test_the_list_is_on_the_site_too(dora: Program, busy_site: Site) -> None:
    given = dora.post("/awards", badge=BADGE, people=["boris"]).get_json()
    with busy_site.database.reading() as session:
        batch = session.scalars(select(Batch)).one()
        assert (str(batch.uuid), batch.state) == (given["id"], "done")


def test_a_program_in_a_hurry_is_told_when_to_come_back(dora: Program, busy_site: Site) -> None:
    limiter.enabled = True
    with busy_site.database.writing() as session:
        live.change(session, Actor(username="root"), {"api_per_minute": 3}, now=NOW)
    busy_site.live.forget()
    answers = [dora.get("/me") for _ in range(4)]
    assert [each.status_code for each in answers] == [200] * 3 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert "try again in" in answers[-1].get_json()["detail"]
