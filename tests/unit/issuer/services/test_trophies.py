# SPDX-License-Identifier: AGPL-3.0-or-later
"""The badges of people with many, in parts; `test_profiles` has those of people with few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from issuer.errors import InvalidInputError
from issuer.models import Person, Tag
from issuer.services import comparing, profiles, recounting, trophies
from tests.unit.issuer.web.reading import small_parts
from tests.unit.issuer.web.seeds import NOW, Seeds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from issuer.services.cards import Listing


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a few badges be many."""
    monkeypatch.setattr(trophies, "MAX_STEPS", 5)
    with small_parts(monkeypatch, 4, 3):
        yield


@pytest.fixture
def asha(session: Session) -> Person:
    """Somebody with ten awards: of two series of three, of four badges in none, one twice."""
    seeds = Seeds(session)
    crafts, quality = Tag(name="crafts"), Tag(name="quality")
    tested = [seeds.badge(f"tester-{n}", tags=(quality,)) for n in (1, 2, 3)]
    built = [seeds.badge(f"builder-{n}", tags=(crafts, quality)) for n in (1, 2, 3)]
    alone = [seeds.badge(f"alone-{n}", repeatable=True) for n in (1, 2, 3, 4)]
    seeds.series("Tester", *tested)
    seeds.series("Builder", *built)
    asha, boris = seeds.person("asha", pinned=[alone[0].id]), seeds.person("boris")
    # From the oldest on: the newest four are in no series, and a builder is among the oldest.
    for n, badge in enumerate(
        (built[0], tested[0], tested[1], built[1], tested[2], alone[0], *alone[1:], alone[0])
    ):
        seeds.award(badge, asha, occurrence=str(n))
    seeds.award(built[2], asha, revoked_at=NOW)
    for badge in (*tested, *built, *alone[1:]):
        seeds.award(badge, boris)
    recounting.recount(session)
    return asha


def _parts(read: Callable[[str], Listing[Any]]) -> list[tuple[Any, ...]]:
    parts, after = [], ""
    while True:
        found = read(after)
        parts.append(found.items)
        after = found.after
        if not after:
            return parts


def test_tags_come_in_parts_and_every_award_is_in_one(session: Session, asha: Person) -> None:
    parts = _parts(lambda after: trophies.by_tag(session, asha, after))
    shown = [
        {group.name: [card.badge.slug for card in group.awards] for group in part} for part in parts
    ]
    assert shown == [
        {"": ["alone-1", "alone-4", "alone-3", "alone-2"]},
        {
            "quality": ["tester-3", "builder-2", "tester-2"],
            "crafts": ["builder-2"],
            "": ["alone-1"],
        },
        {"quality": ["tester-1", "builder-1"], "crafts": ["builder-1"]},
    ]


def test_one_tag_comes_in_parts_that_may_have_nothing(session: Session, asha: Person) -> None:
    parts = _parts(lambda after: trophies.in_time(session, asha, tag="quality", after=after))
    assert [[card.badge.slug for card in part] for part in parts] == [
        [],
        ["tester-3", "builder-2", "tester-2"],
        ["tester-1", "builder-1"],
    ]
    short = _parts(
        lambda after: trophies.in_time(session, asha, tag="quality", after=after, limit=2)
    )
    assert [card.badge.slug for part in short for card in part] == [
        card.badge.slug for part in parts for card in part
    ]


def test_a_series_is_shown_once_where_its_newest_badge_stands(
    session: Session, asha: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(after: str) -> Listing[Any]:
        return trophies.by_series(session, asha, after)

    expected = {"Tester": (3, 3), "Builder": (2, 3)}  # how many are held of how many
    parts = _parts(read)
    # Nothing is in a series, then both are, but one does not fit; no part begins a third time.
    assert [[row.name for row in part] for part in parts] == [[], ["Tester"], ["Builder"]]
    assert {row.name: (row.held, len(row.levels)) for part in parts for row in part} == expected
    monkeypatch.setattr(trophies, "MAX_STEPS", 300)
    trophies._by_series.cache_clear()
    parts = _parts(read)
    assert [[row.name for row in part] for part in parts] == [[], ["Builder", "Tester"], []]
    assert {row.name: (row.held, len(row.levels)) for part in parts for row in part} == expected


def test_highlights_of_many_badges_are_those_of_all_of_them(
    session: Session, asha: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = profiles.profile(session, "asha")
    assert profile.badges > 4
    found = profiles.highlights(session, profile)
    assert found.first is not None
    assert found.rarest is not None
    assert (found.first.badge.slug, found.rarest.badge.slug) == ("builder-1", "alone-1")
    assert [card.issued_at for card in found.pinned] == [found.rarest.issued_at]  # the newest
    monkeypatch.setattr(profiles, "LOOKED_AT", 400)
    profiles._highlights.cache_clear()
    all_of_them = profiles.highlights(session, profile)
    assert all_of_them.rarest is not None
    assert (all_of_them.first, all_of_them.pinned) == (found.first, found.pinned)
    assert all_of_them.rarest.badge == found.rarest.badge


def test_people_with_many_badges_are_compared_in_parts(
    session: Session, asha: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = [profiles.profile(session, name) for name in ("asha", "boris")]
    sides: dict[str, list[str]] = {side: [] for side in comparing.SIDES}
    after, parts = "", 0
    while True:
        found = comparing.compare(session, pair[0], pair[1], after)
        for side, shared in found.sides.items():
            assert shared.number is None
            sides[side] += [badge.slug for badge in shared.badges]
        parts, after = parts + 1, found.after
        if not after:
            break
    assert parts == 4
    assert sides["first"] == ["alone-1"]
    assert sides["second"] == ["builder-3"]
    monkeypatch.setattr(comparing, "LOOKED_AT", 400)
    whole = comparing.compare(session, pair[0], pair[1]).sides
    assert {side: len(slugs) for side, slugs in sides.items()} == {
        side: shared.number for side, shared in whole.items()
    }
    assert {side: sorted(slugs) for side, slugs in sides.items()} == {
        side: sorted(badge.slug for badge in shared.badges) for side, shared in whole.items()
    }
    with pytest.raises(InvalidInputError, match="start anew"):
        comparing.compare(session, pair[0], pair[1], "1-x")
