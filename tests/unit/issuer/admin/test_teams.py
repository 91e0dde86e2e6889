# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import AuditEntry, Series, Team, TeamMember
from issuer.services import persons
from tests.issuing import NOW

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

OWN = "/admin/teams/docs"


@pytest.fixture(autouse=True)
def docs(root: Browser, site: Site) -> None:
    root.follow(root.post("/admin/teams/-/new", name="Docs"))
    with site.database.writing() as session:
        persons.ensure(session, "hidden", now=NOW).opted_out = True


def test_people_join_by_a_list_and_each_name_is_answered(root: Browser, site: Site) -> None:
    """predecessors 1.2: unknown people were said to be added."""
    page = root.follow(root.post(f"{OWN}/people", names="asha, DORA;asha\n@rita nobody hidden"))
    assert "3 people added." in page
    assert "Not known here: nobody." in page
    assert "Opted out: hidden." in page
    again = root.follow(root.post(f"{OWN}/people", names="asha"))
    assert "In the team already: asha." in again
    board = root.get("/leaderboard?team=docs").text
    assert "asha" in board and "boris" not in board
    assert 'value="boris"' in root.get(f"{OWN}?find=bor").text
    assert 'href="/people/dora"' in root.get(f"{OWN}?q=do").text
    assert 'href="/people/asha"' not in root.get(f"{OWN}?q=do").text
    root.follow(root.post(f"{OWN}/leave", person="asha"))
    assert 'href="/people/asha"' not in root.get(OWN).text
    assert 'role="alert"' in root.follow(root.post(f"{OWN}/leave", person="asha"))
    assert 'role="alert"' in root.follow(root.post(f"{OWN}/leave", person="none\0"))
    with site.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions == ["team.create", "team.join", "team.leave"]


def test_a_list_that_adds_nobody_is_refused_with_its_text(root: Browser) -> None:
    for names in ("", " ,; ", "nobody", "hidden", "x " * 1001, "x" * 100_001):
        answer = root.post(f"{OWN}/people", names=names)
        assert answer.status_code == 422, names[:9]
        assert names[:20].strip() in answer.text


def test_a_team_is_renamed_and_deleted(root: Browser, site: Site) -> None:
    root.post("/admin/series/-/new", name="Steps", team="docs")
    root.post(f"{OWN}/people", names="asha")
    root.follow(root.post(f"{OWN}/rename", name="Writers"))
    assert "Writers" in root.get("/admin/teams/?sort=-people").text
    assert root.get(f"{OWN}/delete").status_code == 200
    root.follow(root.post(f"{OWN}/delete"))
    with site.database.reading() as session:
        assert session.scalars(select(Team)).all() == []
        assert session.scalars(select(TeamMember)).all() == []
        assert session.scalars(select(Series.team_id)).one() is None


def test_what_is_no_team_is_refused(root: Browser) -> None:
    for name in ("", "x" * 101, "docs", "Docs", "???", "a\u202eb"):
        assert root.post("/admin/teams/-/new", name=name).status_code == 422, name


def test_a_team_that_is_not_there_is_404(root: Browser) -> None:
    """predecessors 1.2: an unknown team id answered 500."""
    for path in ("none", "none/rename", "none/delete", "a%00"):
        assert root.get(f"/admin/teams/{path}").status_code == 404, path


def test_reviewers_and_members_see_none_of_it(rita: Browser, asha: Browser, dora: Browser) -> None:
    for browser in (rita, asha, dora):
        for part in ("badges", "series", "tags", "teams", "issuers"):
            assert browser.get(f"/admin/{part}/").status_code == 403
