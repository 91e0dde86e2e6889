# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.services import audits
from issuer.services.permissions import Actor
from tests.issuing import NOW

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser


@pytest.fixture(autouse=True)
def log(site: Site) -> None:
    with site.database.writing() as session:
        for number in range(52):
            change = {"before": {"points": number}, "after": {"points": number + 1}}
            audits.record(
                session, Actor(username="root"), "badge.edit", "badge", number, now=NOW, **change
            )


def test_the_log_is_searched_paged_and_read(root: Browser) -> None:
    page = root.get("/admin/audit/").text
    assert page.count("<tr>") == 51
    assert "Next page" in page
    page = root.get("/admin/audit/?subject=badge+7&since=2026-03-01&actor=roo").text
    assert page.count("<tr>") == 2
    assert 'value="badge 7"' in page
    page = root.get("/admin/audit/8").text
    assert "<del>7</del>" in page
    assert "<ins>8</ins>" in page
    answer = root.get("/admin/audit/?since=yesterday")
    assert answer.status_code == 400
    assert "write it like 2026-03-01" in answer.text


def test_the_log_is_taken_along_as_it_was_asked_for(root: Browser) -> None:
    answer = root.get("/admin/audit/export.csv?subject=7")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    assert len(answer.text.splitlines()) == 2
    assert len(root.get("/admin/audit/export.jsonl").text.splitlines()) == 52


def test_nobody_else_reads_it(boris: Browser, rita: Browser, asha: Browser) -> None:
    for browser in (boris, rita, asha):
        for path in ("", "8", "export.csv", "export.jsonl"):
            assert browser.get(f"/admin/audit/{path}").status_code == 403
