# SPDX-License-Identifier: AGPL-3.0-or-later
"""The jobs that ask the directory of accounts: lifecycle and group-membership."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

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
    directory.add("fay", creation="0001-01-01T00:00:00+14:00")
    community.people(["dora"], opted_out=True)
    return community


def test_each_age_that_is_reached_earns_its_badge(aged: Community) -> None:
    ended = aged.run(Lifecycle())
    assert aged.awards() == [("egg", "Chidi"), ("egg", "asha"), ("frog", "Chidi")]
    assert ended.tally.lines == [
        "eve: the directory gives 'the day before' as the moment at which the account was made",
        "fay: the directory gives '0001-01-01T00:00:00+14:00' as the moment at which the account "
        "was made",
    ]
    assert ended.tally.looked_at == 6
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


def test_what_the_directory_gives_without_a_name_is_one_line(
    aged: Community, directory: FasJsonSimulator
) -> None:
    aged.badges("packer", "writer")
    aged.settings["group_badges"] = {"packager": "packer", "writers": "writer"}
    directory.groups |= {"packager": ["asha"], "writers": ["ben"]}

    def break_some(document: dict[str, Any]) -> None:
        if isinstance(document.get("result"), list):
            document["result"] += [None, {"username": None, "creation": years_ago(7)}]
            document["page"]["total_results"] += 2

    directory.changes = break_some
    ended = aged.run(Lifecycle())
    assert (ended.trouble, ended.tally.awarded) == ("", 3)
    nameless = "page 1 of the accounts: the directory gives no name of an account"
    assert ended.tally.lines[-2:] == [nameless, nameless]
    ended = aged.run(GroupMembership())
    assert (ended.trouble, ended.given) == ("", [("packer", "asha"), ("writer", "ben")])
    assert ended.tally.lines == ["'': is no name of an account"] * 2


def test_a_group_that_names_somebody_twice_stops_no_other(
    small: Community, directory: FasJsonSimulator
) -> None:
    small.use(directory)
    small.badges("packer", "writer")
    small.settings["group_badges"] = {"packager": "packer", "writers": "writer"}
    directory.groups |= {"packager": ["asha", "asha", "ben"], "writers": ["ben"]}
    ended = small.run(GroupMembership())
    assert ended.trouble == ""
    assert small.awards() == [("packer", "asha"), ("packer", "ben"), ("writer", "ben")]


def test_years_and_months_are_those_of_the_calendar() -> None:
    leap = datetime(2024, 2, 29, 5, tzinfo=UTC)
    assert years_after(leap, 1) == datetime(2025, 3, 1, 5, tzinfo=UTC)
    assert years_after(leap, 4) == datetime(2028, 2, 29, 5, tzinfo=UTC)
    assert years_after(leap, 9000).year == 9999
    assert longest_run(set()) == 0
    assert longest_run({5, 1, 2, 3, 7, 8}) == 3
