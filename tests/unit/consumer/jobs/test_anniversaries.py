# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from consumer.jobs.anniversaries import Anniversary, SeriesCompletion, Streak
from issuer.models import Award, Badge
from issuer.services import awards, crowds
from tests.issuing import NOW, give

if TYPE_CHECKING:
    from tests.unit.consumer.jobs.community import Community


def grant(community: Community, badge: str, person: str, *when: str, source: str = "admin") -> None:
    """Let somebody have got a badge on these days."""
    with community.base.database.writing() as session:
        found = session.scalars(select(Badge).filter_by(slug=badge)).one()
        for day in when or ("2026-02-01",):
            moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
            cause = awards.Cause(source=source)
            give(session, found, person, issued_at=moment, occurrence=day, cause=cause)


@pytest.fixture
def some(community: Community, monkeypatch: pytest.MonkeyPatch) -> Community:
    """A site with a repeatable badge, looked at two people at a time."""
    monkeypatch.setattr(crowds, "BATCH", 2)
    community.badges("visit", repeatable=True)
    return community


@pytest.mark.slow
def test_years_after_the_first_badge_there_is_another(some: Community) -> None:
    some.badges("one-year", "two-years")
    some.settings["anniversary_badges"] = {1: "one-year", 2: "two-years"}
    grant(some, "visit", "asha", "2024-03-01", "2025-12-01")
    grant(some, "visit", "ben", "2025-03-01")
    grant(some, "visit", "chidi", "2025-03-02")
    grant(some, "visit", "dora", "2020-01-01")
    some.people(["dora"], opted_out=True)
    some.people(["eve"])
    ended = some.run(Anniversary())
    assert ended.given == [("one-year", "asha"), ("two-years", "asha"), ("one-year", "ben")]
    assert ended.tally.looked_at == 4
    assert some.run(Anniversary()).tally.awarded == 0
    some.now = datetime(2026, 3, 2, tzinfo=UTC)
    assert some.run(Anniversary()).given == [("one-year", "chidi")]


def test_months_in_a_row_count_and_what_jobs_gave_does_not(some: Community) -> None:
    some.badges("three", "four")
    some.settings["streak_badges"] = {3: "three", 4: "four"}
    grant(some, "visit", "asha", "2025-11-30", "2025-12-01", "2025-12-31", "2026-01-01")
    grant(some, "visit", "asha", "2026-02-01", source="job")
    grant(some, "visit", "ben", "2025-10-01", "2025-12-01", "2026-01-01")
    grant(some, "visit", "chidi", "2024-11-01", "2024-12-01", "2025-01-01", "2025-02-01")
    ended = some.run(Streak())
    assert ended.given == [("three", "asha"), ("three", "chidi"), ("four", "chidi")]
    some.now = datetime(2026, 3, 20, tzinfo=UTC)
    assert some.run(Streak()).tally.awarded == 0


def test_a_whole_series_earns_the_badge_once_for_each(some: Community) -> None:
    for level in (1, 2):
        some.badges(f"walk-{level}", series=("walk", "Walks", level))
        some.badges(f"swim-{level}", series=("swim", "Swims", level))
    some.badges("whole", repeatable=True)
    some.settings["series_badge"] = "whole"
    for badge in ("walk-1", "walk-2", "swim-1"):
        grant(some, badge, "asha")
        grant(some, badge, "ben")
    with some.base.database.writing() as session:
        taken = session.scalars(
            select(Award).join(Badge, Award.badge_id == Badge.id).where(Badge.slug == "walk-2")
        ).all()
        awards.revoke(session, taken[-1], "by mistake", now=NOW)
    assert some.run(SeriesCompletion()).given == [("whole", "asha")]
    grant(some, "swim-2", "asha")
    assert some.run(SeriesCompletion()).given == [("whole", "asha")]
    assert some.run(SeriesCompletion()).tally.awarded == 0
    with some.base.database.writing() as session:
        session.scalars(select(Badge).filter_by(slug="swim-2")).one().retired_at = NOW
    grant(some, "walk-2", "chidi")
    assert some.run(SeriesCompletion()).tally.awarded == 0, "one badge is no series"
