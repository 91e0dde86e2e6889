# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.services import badges
from tests.issuing import BASE_URL, NOW, make_badge

if TYPE_CHECKING:
    from collections.abc import Callable

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]

FIRST = {
    "slug": "first-steps",
    "id": "first-steps",
    "name": "First Steps",
    "description": "You did it.",
    "tags": [],
    "points": 1,
    "retired": False,
    "url": f"{BASE_URL}/badges/first-steps",
}


def test_badges_are_listed_by_slug(call: Call, site: Site) -> None:
    with site.database.writing() as session:
        make_badge(session, site, "A Second", tags=("wiki", "art"))
    assert call("badges", "list").out.splitlines() == [
        f"{'a-second':32} A Second",
        f"{'first-steps':32} First Steps",
    ]
    second, first = call("badges", "list", "--json").lines
    assert second["tags"] == ["art", "wiki"]
    assert first == FIRST


def test_a_site_without_badges_lists_none(call: Call, site: Site) -> None:
    with site.database.writing() as session:
        badges.find(session, "first-steps").retired_at = NOW
    assert "(retired)" in call("badges", "list").out
    assert call("badges", "list", "--json").lines[0]["retired"] is True


@pytest.mark.parametrize("name", ["first-steps", "mirror,-mirror"])
def test_a_badge_is_shown_by_its_slug_or_by_its_old_id(call: Call, site: Site, name: str) -> None:
    with site.database.writing() as session:
        make_badge(session, site, "Mirror", legacy_id="mirror,-mirror")
    outcome = call("badges", "show", name, "--json")
    assert outcome.code == 0
    assert name in {outcome.lines[0]["slug"], outcome.lines[0]["id"]}


def test_a_badge_is_shown_to_people(call: Call, site: Site) -> None:
    outcome = call("badges", "show", "first-steps")
    assert outcome.code == 0
    assert outcome.out.splitlines()[0] == f"{'slug':12} first-steps"
    assert len(outcome.out.splitlines()) == len(FIRST)


def test_an_unknown_badge_is_told(call: Call, site: Site) -> None:
    outcome = call("badges", "show", "First Steps")
    assert outcome.code == 2
    assert outcome.error == "badge 'First Steps': there is none: see 'accolades badges list'"
