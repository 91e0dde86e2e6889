# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import AuditEntry
from issuer.services import badges, series
from tests.issuing import make_badge

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

OWN = "/admin/series/steps"


@pytest.fixture
def steps(root: Browser, site: Site) -> None:
    """A series with two badges of three."""
    with site.database.writing() as session:
        make_badge(session, site, "Second", series=("steps", "Steps", 1))
        make_badge(session, site, "Third", series=("steps", "Steps", 5))


def order(site: Site) -> list[str]:
    with site.database.reading() as session:
        return [step.badge.slug for step in series.steps(session, series.find(session, "steps"))]


def test_a_series_is_made_and_described(root: Browser, site: Site) -> None:
    root.post("/admin/teams/-/new", name="Docs")
    page = root.follow(root.post("/admin/series/-/new", name="Steps", team="docs"))
    assert "The series Steps is made." in page
    assert root.post("/admin/series/-/new", name="steps", team="").status_code == 422
    root.follow(root.post(OWN, name="Stéps", description="One by one.", team=""))
    listed = root.get("/admin/series/?q=sté").text
    assert f'href="{OWN}"' in listed
    with site.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions == ["team.create", "series.create", "series.change"]
    assert root.follow(root.post(f"{OWN}/delete"))
    assert root.get(OWN).status_code == 404


@pytest.mark.usefixtures("steps")
def test_badges_are_added_ordered_and_taken_out(root: Browser, site: Site) -> None:
    assert 'value="first-steps"' in root.get(f"{OWN}?find=first").text
    for what, badge, expected in (
        ("add", "first-steps", ["second", "third", "first-steps"]),
        ("add", "first-steps", ["second", "third", "first-steps"]),
        ("up", "first-steps", ["second", "first-steps", "third"]),
        ("up", "first-steps", ["first-steps", "second", "third"]),
        ("up", "first-steps", ["first-steps", "second", "third"]),
        ("down", "second", ["first-steps", "third", "second"]),
        ("remove", "third", ["first-steps", "second"]),
        ("remove", "third", ["first-steps", "second"]),
    ):
        root.follow(root.post(f"{OWN}/badges", what=what, badge=badge))
        assert order(site) == expected, (what, badge)
    with site.database.reading() as session:
        assert badges.find(session, "third").by_hand == ["series"]
    assert "has badges: take them out first" in root.follow(root.post(f"{OWN}/delete"))


@pytest.mark.usefixtures("steps")
def test_what_cannot_be_done_is_told(root: Browser, site: Site) -> None:
    """predecessors 1.2: an unknown badge or team id in a series answered 500."""
    for values in (
        {"what": "add", "badge": "none"},
        {"what": "add", "badge": "x" * 5000},
        {"what": "add", "badge": "\0"},
        {"what": "up", "badge": "first-steps"},
        {"what": "jump", "badge": "second"},
        {},
    ):
        page = root.follow(root.post(f"{OWN}/badges", **values))
        assert 'role="alert"' in page, values
    assert order(site) == ["second", "third"]


def test_what_is_no_series_is_refused(root: Browser) -> None:
    """predecessors 1.2: more than 128 characters and unknown teams answered 500."""
    for change in (
        {"name": ""},
        {"name": "x" * 201},
        {"name": "???"},
        {"team": "none"},
        {"name": "a\u202eb"},
    ):
        answer = root.post("/admin/series/-/new", **{"name": "Steps", "team": "", **change})
        assert answer.status_code == 422, change
    assert root.get(OWN).status_code == 404


@pytest.mark.usefixtures("steps")
def test_a_manager_of_another_issuer_moves_no_badge(otto: Browser, site: Site) -> None:
    """attacks W3."""
    assert otto.post(OWN, name="Mine", team="").status_code == 403
    for what in ("add", "remove", "up", "down"):
        answer = otto.post(f"{OWN}/badges", what=what, badge="third")
        assert answer.status_code == 403, what
    assert order(site) == ["second", "third"]
