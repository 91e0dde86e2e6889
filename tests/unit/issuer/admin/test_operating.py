# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from consumer.jobs import locks
from issuer.models import AuditEntry, JobRun, OutboxMessage
from issuer.services import outbox, quarantine
from tests.issuing import NOW

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

PAGES = ("/admin/outbox/", "/admin/quarantine/", "/admin/jobs/")


@pytest.fixture(autouse=True)
def rows(site: Site) -> None:
    with site.database.writing() as session:
        message = outbox.announce(session, "badges.refused", {}, stream="asha", now=NOW)
        message.refused_at, message.last_error = NOW, "<b>no</b>"
        for number in (1, 2):
            quarantine.put(
                session,
                message_id=f"m{number}",
                topic="wiki.edit",
                content={"text": "<script>"},
                reason="cannot be read",
                now=NOW,
            )
        session.add(
            JobRun(
                name="mirror",
                started_at=NOW,
                looked_at=12_345,
                errors=2,
                report={"hosts": ["x"]},
            )
        )


def actions(site: Site) -> list[str]:
    with site.database.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_the_outbox_is_mended(root: Browser, site: Site) -> None:
    with site.database.reading() as session:
        number = session.scalars(select(OutboxMessage.id).filter_by(topic="badges.refused")).one()
    page = root.get("/admin/outbox/?state=refused").text
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert page.count("<tr>") == 2
    path = f"/admin/outbox/{number}"
    assert "Say why" in root.follow(root.post(f"{path}/drop", reason=""))
    assert "tried again at once" in root.follow(root.post(f"{path}/retry"))
    assert "is not refused or delayed" in root.follow(root.post(f"{path}/retry"))
    assert "It was dropped" in root.follow(root.post(f"{path}/drop", reason="Gone."))
    assert "does not wait" in root.follow(root.post(f"{path}/drop", reason="Gone."))
    assert actions(site) == ["outbox.retry", "outbox.drop"]


def test_a_message_in_quarantine_is_tried_and_given_up(root: Browser, site: Site) -> None:
    page = root.get("/admin/quarantine/").text
    assert page.count("<tr>") == 3
    assert "&lt;script&gt;" in root.get("/admin/quarantine/1").text
    assert "Still not:" in root.follow(root.post("/admin/quarantine/1/retry"))
    answer = root.post("/admin/quarantine/1/drop", reason="")
    assert answer.status_code == 422
    page = root.follow(root.post("/admin/quarantine/1/drop", reason="Nobody needs it."))
    assert "dropped: Nobody needs it." in page
    assert root.get("/admin/quarantine/").text.count("<tr>") == 2
    assert root.get("/admin/quarantine/?state=all").text.count("<tr>") == 3
    assert root.get("/admin/quarantine/9").status_code == 404
    assert actions(site) == ["quarantine.retry", "quarantine.drop"]


def test_runs_of_jobs_tell_what_went_wrong(root: Browser) -> None:
    page = root.get("/admin/jobs/").text
    assert "2 errors" in page
    assert "12,345" in page
    assert "hosts" in root.get("/admin/jobs/1").text
    assert root.get("/admin/jobs/9").status_code == 404
    assert "No run yet" in root.get("/admin/jobs/?q=other").text


def test_a_run_that_did_not_come_to_its_end_did_not_go_well(root: Browser, site: Site) -> None:
    shown = ("/admin/", "/admin/jobs/", "/admin/jobs/1")
    assert all("interrupted" in root.get(path).text for path in shown), "nobody holds its lock"
    with locks.held(site, "mirror"):
        for path in shown:
            page = root.get(path).text
            assert ("runs now" in page, "interrupted" in page) == (True, False)
    with site.database.writing() as session:
        run = session.get_one(JobRun, 1)
        run.finished_at, run.errors, run.report = NOW, 0, {"trouble": "is away"}
    for path in shown:
        page = root.get(path).text
        assert ("interrupted" in page, "went well" in page) == (True, False)


def test_nobody_else_operates(boris: Browser, dora: Browser) -> None:
    for browser in (boris, dora):
        for path in (*PAGES, "/admin/quarantine/1", "/admin/jobs/1"):
            assert browser.get(path).status_code == 403
        for path in ("outbox/1/retry", "outbox/1/drop", "quarantine/1/retry", "quarantine/1/drop"):
            assert browser.post(f"/admin/{path}", reason="x").status_code == 403
