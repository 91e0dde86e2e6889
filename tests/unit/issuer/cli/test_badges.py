# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.services import badges
from tests.issuing import BASE_URL, NOW, RED, make_badge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def test_a_badge_is_retired_and_brought_back(call: Call, site: Site) -> None:
    for command, said, retired in (
        ("retire", "first-steps: retired", True),
        ("retire", "first-steps: was retired before, nothing changed", True),
        ("unretire", "first-steps: can be earned again", False),
    ):
        assert call("badges", command, "first-steps").out == f"{said}\n"
        assert call("badges", "list", "--json").lines[0]["retired"] is retired
    assert call("badges", "retire", "none").code == 2


def test_a_badge_is_made(call: Call, site: Site, tmp_path: Path) -> None:
    picture = tmp_path / "owl.svg"
    picture.write_bytes(RED)
    outcome = call(
        *("badges", "create", "Night Owl", "--description", "You work late."),
        *("--picture", str(picture), "--tag", "late", "--tag", "night"),
    )
    assert outcome.out == f"night-owl: made: {BASE_URL}/badges/night-owl\n"
    assert call("badges", "show", "night-owl", "--json").lines[0]["tags"] == ["late", "night"]
    short = ("--description", "x")
    again = call("badges", "create", "Night Owl", *short)
    assert (again.code, again.err.count("\n")) == (2, 1)
    missing = call(
        "badges", "create", "New", "--description", "x", "--picture", str(tmp_path / "x")
    )
    assert (missing.code, "cannot be read" in missing.err) == (2, True)
