# SPDX-License-Identifier: AGPL-3.0-or-later
"""The jobs that ask the directory of accounts: lifecycle and group-membership."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from consumer.jobs.groups import GroupMembership
from consumer.jobs.lifecycle import Lifecycle
from consumer.jobs.years import longest_run, years_after
from issuer.adapters import fasjson
from tests.issuing import NOW
from tests.services.fasjson import Fault

if TYPE_CHECKING:
    from tests.services.fasjson import FasJsonSimulator
    from tests.unit.consumer.jobs.community import Community

AGES = {1: "egg", 5: "frog"}


def years_ago(years: int, **later: int) -> str:
    return (years_after(NOW, -years) + timedelta(**later)).isoformat()


@pytest.fixture
def aged(community: Community, directory: FasJsonSimulator) -> Community:
    """A site where five accounts have some age."""
    community.use(directory)
    community.badges("egg", "frog")
    community.settings["lifecycle_badges"] = AGES
    directory.add("asha", creation=years_ago(1))
    directory.add("ben", creation=years_ago(1, seconds=1))
    directory.add("Chidi", creation=years_ago(5))
    directory.add("dora", creation=years_ago(9))
    directory.add("eve", creation="the day before")
    community.people(["dora"], opted_out=True)
    return community


def test_each_age_that_is_reached_earns_its_badge(aged: Community) -> None:
    ended = aged.run(Lifecycle())
    assert aged.awards() == [("egg", "Chidi"), ("egg", "asha"), ("frog", "Chidi")]
    assert ended.tally.lines == [
        "eve: the directory gives 'the day before' as the moment at which the account was made"
    ]
    assert ended.tally.looked_at == 5
    assert aged.run(Lifecycle()).tally.awarded == 0
    aged.now = NOW + timedelta(seconds=1)
    assert aged.run(Lifecycle()).given == [("egg", "ben")]


def test_only_members_of_a_group_where_the_settings_name_one(
    aged: Community, directory: FasJsonSimulator
) -> None:
    directory.groups["contributors"] = ["asha"]
    aged.settings["lifecycle_group"] = "contributors"
    assert aged.run(Lifecycle()).given == [("egg", "asha")]


def test_a_missing_badge_of_an_age_leaves_the_others(aged: Community) -> None:
    aged.settings["lifecycle_badges"] = {1: "no-such", 5: "frog"}
    ended = aged.run(Lifecycle())
    assert aged.awards() == [("frog", "Chidi")]
    assert sum("badge 'no-such': there is none" in line for line in ended.tally.lines) == 1


def test_a_directory_that_goes_away_half_way_is_gone_on_with(
    aged: Community, directory: FasJsonSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fasjson, "PAGE", 2)
    directory.lasting |= {"page_number=2": Fault(503), "accolades-probe": Fault(503)}
    ended = aged.run(Lifecycle())
    assert ended.trouble == "accounts: FASJSON answers users/ with 503"
    assert (ended.tally.looked_at, aged.last("lifecycle").position) == (2, "1")
    directory.lasting.clear()
    directory.asked.clear()
    ended = aged.run(Lifecycle())
    assert (ended.resumed_from, ended.trouble) == ("1", "")
    assert aged.awards() == [("egg", "Chidi"), ("egg", "asha"), ("frog", "Chidi")]
    assert directory.asked_for("v1/users/?") == 3
    assert directory.headers[-1]["X-Fields"] == "username,creation"


def test_without_a_directory_it_cannot_run(small: Community) -> None:
    assert "accounts: this needs a directory" in small.run(Lifecycle()).trouble


def test_members_and_sponsors_of_groups_get_their_badges(
    small: Community, directory: FasJsonSimulator
) -> None:
    small.use(directory)
    small.badges("packer", "mentor")
    small.settings["group_badges"] = {
        "nobody-knows": "packer",
        "packager": "packer",
        "packager:sponsors": "mentor",
        "writers": "no-such",
    }
    directory.groups |= {"packager": ["asha", "ben", "svc"], "writers": ["eve"]}
    directory.sponsors["packager"] = ["asha"]
    small.settings["skip_users"] = ("svc",)
    ended = small.run(GroupMembership())
    assert small.awards() == [("mentor", "asha"), ("packer", "asha"), ("packer", "ben")]
    assert len(ended.tally.lines) == 2
    assert ended.tally.lines[0].startswith("group nobody-knows: ")
    assert ended.tally.lines[1].startswith("badge 'no-such': ")
    directory.groups["packager"].append("chidi")
    directory.lasting |= {"sponsors": Fault(500), "accolades-probe": Fault(500)}
    ended = small.run(GroupMembership())
    assert (ended.given, ended.trouble != "") == ([("packer", "chidi")], True)
    assert small.last("group-membership").position == "packager"
    directory.lasting.clear()
    directory.sponsors["packager"].append("ben")
    assert small.run(GroupMembership()).given == [("mentor", "ben")]
    assert small.run(GroupMembership()).tally.awarded == 0


def test_years_and_months_are_those_of_the_calendar() -> None:
    leap = datetime(2024, 2, 29, 5, tzinfo=UTC)
    assert years_after(leap, 1) == datetime(2025, 3, 1, 5, tzinfo=UTC)
    assert years_after(leap, 4) == datetime(2028, 2, 29, 5, tzinfo=UTC)
    assert years_after(leap, 9000).year == 9999
    assert longest_run(set()) == 0
    assert longest_run({5, 1, 2, 3, 7, 8}) == 3
