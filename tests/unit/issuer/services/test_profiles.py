# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from issuer.db import Database
from issuer.errors import GoneError, NotFoundError
from issuer.services import comparing, former, profiles, trophies
from tests.unit.issuer.web.community import TODAY, settle
from tests.unit.issuer.web.seeds import make_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    make_tables(database)
    with database.session() as opened:
        settle(opened)
        yield opened
    database.dispose()


def test_a_profile_tells_totals_rank_and_share(session: Session) -> None:
    found = profiles.profile(session, "aSHA")
    assert (found.badges, found.points, found.rank, found.people) == (3, 31, 1, 4)
    assert (found.percentile, found.top, found.catalogue) == (100.0, 25, 4)
    assert profiles.profile(session, "Asha-Before").person is found.person


def test_hidden_people_look_unknown_and_removed_ones_are_gone(session: Session) -> None:
    texts = set()
    for name in ("ghost", "ghost-before", "nobody"):
        with pytest.raises(NotFoundError) as error:
            profiles.profile(session, name)
        assert not isinstance(error.value, GoneError)
        texts.add(str(error.value).replace(name, ""))
    assert len(texts) == 1
    with pytest.raises(GoneError):
        profiles.profile(session, "removed")


def test_what_stands_out_is_found_at_once(session: Session) -> None:
    profile = profiles.profile(session, "asha")
    found = profiles.highlights(session, profile)
    assert [card.badge.slug for card in found.pinned] == ["alone"]
    assert found.first is not None
    assert found.rarest is not None
    assert (found.first.badge.slug, found.rarest.badge.slug) == ("alone", "alone")
    profile.person.pinned = []
    assert profiles.highlights(session, profile).pinned == ()


def test_the_days_of_a_year_come_from_daily_totals(session: Session) -> None:
    person = profiles.profile(session, "asha").person
    today = TODAY.date()
    assert sum(profiles.days(session, person, today - timedelta(days=1), today).values()) == 3
    assert (
        profiles.days(session, person, today - timedelta(days=9), today - timedelta(days=2)) == {}
    )


def test_trophies_by_tag_and_by_series(session: Session) -> None:
    person = profiles.profile(session, "asha").person
    groups = trophies.by_tag(session, person).items
    assert [(group.name, group.number) for group in groups] == [("quality", 2), ("", 1)]
    assert [card.badge.slug for card in groups[0].awards] == ["tester-1", "tester-2"]
    (row,) = trophies.by_series(session, person).items
    assert (row.name, row.held, len(row.levels)) == ("Tester", 2, 3)
    assert [level.uuid is not None for level in row.levels] == [True, True, False]
    tagged = trophies.in_time(session, person, tag="quality")
    assert [card.badge.slug for card in tagged.items] == ["tester-1", "tester-2"]
    assert {card.why for card in tagged.items} == {"https://bus.example.org/1"}
    parts = [trophies.in_time(session, person, limit=2)]
    parts.append(trophies.in_time(session, person, limit=2, after=parts[0].after))
    assert [len(part.items) for part in parts] == [2, 1]


def test_two_people_are_compared_badge_by_badge(session: Session) -> None:
    asha, other = (profiles.profile(session, name) for name in ("asha", "other-0"))
    sides = comparing.compare(session, asha, other).sides
    assert {side: shared.number for side, shared in sides.items()} == {
        "both": 1,
        "first": 2,
        "second": 0,
    }
    # The rarest first: `alone` and `tester-2` are held by two each, so the name decides.
    assert [badge.slug for badge in sides["first"].badges] == ["alone", "tester-2"]


def test_an_old_badge_names_nobody_who_is_hidden(session: Session) -> None:
    # The ghost was the last to get it.
    found = former.badge(session, "alone,-at-last!")
    assert found.slug == "alone"
    assert found.first is not None
    assert found.last is not None
    assert (found.first[1], found.last[1]) == ("Asha", "Asha")
    assert former.badge(session, "tester-1").tags == "quality,"
    with pytest.raises(NotFoundError):
        former.badge(session, "none\0")
