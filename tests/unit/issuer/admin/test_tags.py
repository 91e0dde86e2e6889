# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import AuditEntry, Tag
from issuer.services import badges
from tests.issuing import make_badge
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser


@pytest.fixture(autouse=True)
def tagged(root: Browser, site: Site) -> None:
    with site.database.writing() as session:
        make_badge(session, site, tags=("docs", "c++"))
        make_badge(session, site, "Second", tags=("docs", "writing"))


def tags(site: Site, slug: str = "second") -> list[str]:
    with site.database.reading() as session:
        return [tag.name for tag in badges.find(session, slug).tags]


def test_a_tag_is_renamed_everywhere_and_found_by_its_new_name(root: Browser, site: Site) -> None:
    """predecessors 1.1: /add_tag always answered 500."""
    assert "2" in Page(root.get("/admin/tags/?q=DOC&sort=-badges").text).text
    answer = root.post("/admin/tags/rename?tag=docs", name="documentation")
    assert "2 badges changed." in root.follow(answer)
    assert tags(site) == ["documentation", "writing"]
    assert "Second" in root.get("/explore?q=documentation").text
    assert root.get("/admin/tags/rename?tag=docs").status_code == 404
    with site.database.reading() as session:
        first = badges.find(session, "first-steps")
        assert (first.version, first.by_hand) == (2, ["tags"])  # somebody has it
        assert badges.find(session, "second").version == 1
        noted = session.scalars(select(AuditEntry)).one()
        assert (noted.action, noted.subject_id) == ("tag.rename", "docs")


def test_a_merge_is_asked_for_first(root: Browser, site: Site) -> None:
    asked = root.post("/admin/tags/rename?tag=docs", name="writing")
    assert asked.status_code == 422
    assert "save again to merge" in asked.text
    assert tags(site) == ["docs", "writing"]
    root.follow(root.post("/admin/tags/rename?tag=docs", name="writing", merge="writing"))
    assert (tags(site), tags(site, "first-steps")) == (["writing"], ["c++", "writing"])


def test_a_tag_is_deleted_after_a_question(root: Browser, site: Site) -> None:
    assert "One badge has it." in root.get("/admin/tags/delete?tag=c%2B%2B").text
    root.follow(root.post("/admin/tags/delete?tag=c%2B%2B"))
    assert tags(site, "first-steps") == ["docs"]
    with site.database.reading() as session:
        assert session.scalars(select(Tag.name).order_by(Tag.name)).all() == ["docs", "writing"]


def test_what_is_no_tag_is_refused(root: Browser, site: Site) -> None:
    for name in ("", "x" * 51, "a,b", "a\u202eb", "docs"):
        assert root.post("/admin/tags/rename?tag=docs", name=name).status_code == 422, name
    assert tags(site) == ["docs", "writing"]


def test_a_tag_on_badges_of_others_is_theirs(otto: Browser, site: Site) -> None:
    """attacks W3."""
    assert otto.post("/admin/tags/rename?tag=docs", name="x").status_code == 403
    assert otto.post("/admin/tags/delete?tag=docs").status_code == 403
    assert tags(site) == ["docs", "writing"]
