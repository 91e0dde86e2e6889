# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.models import BadgeTotal, Period, RankHistogram, Total
from issuer.services import awards, totals
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


def _totals(session: Session, name_id: int) -> dict[tuple[str, date], tuple[int, int]]:
    rows = session.scalars(select(Total).filter_by(person_id=name_id)).all()
    return {(row.period, row.starts_on): (row.badges, row.points) for row in rows}


def _histogram(session: Session, measure: str = "badges") -> dict[int, int]:
    statement = select(RankHistogram.total, RankHistogram.people).filter_by(
        measure=measure, period=Period.ALL
    )
    return {total: people for total, people in session.execute(statement) if people}


def test_every_period_of_an_award_is_counted(session: Session, site: Site) -> None:
    badge = make_badge(session, site, points=5)
    person_id = give(session, badge, "asha").award.person_id
    assert _totals(session, person_id) == {
        (Period.ALL, date(1, 1, 1)): (1, 5),
        (Period.YEAR, date(2026, 1, 1)): (1, 5),
        (Period.MONTH, date(2026, 3, 1)): (1, 5),
        (Period.WEEK, date(2026, 2, 23)): (1, 5),
        (Period.DAY, date(2026, 3, 1)): (1, 5),
    }


def test_a_week_may_begin_in_the_year_before() -> None:
    periods = dict(totals.starts(datetime(2027, 1, 1, tzinfo=UTC)))
    assert periods[Period.WEEK] == date(2026, 12, 28)
    assert periods[Period.YEAR] == date(2027, 1, 1)


def test_the_histogram_says_how_many_have_how_many(session: Session, site: Site) -> None:
    first, second = make_badge(session, site), make_badge(session, site, "Second", points=3)
    for name in ("asha", "boris", "chen"):
        give(session, first, name)
    give(session, second, "asha")
    assert _histogram(session) == {1: 2, 2: 1}
    assert _histogram(session, "points") == {1: 2, 4: 1}


def test_a_revocation_is_counted_out(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    given = give(session, badge, "asha").award
    give(session, badge, "boris")
    awards.revoke(session, given, "by mistake", now=NOW)
    awards.revoke(session, given, "again", now=NOW)
    assert _histogram(session) == {1: 1}
    assert set(_totals(session, given.person_id).values()) == {(0, 0)}
    kept = session.scalars(select(BadgeTotal)).one()
    session.refresh(kept)
    assert (kept.holders, kept.awards) == (1, 1)


def test_who_holds_a_badge_twice_is_one_holder(session: Session, site: Site) -> None:
    badge = make_badge(session, site, repeatable=True)
    first = give(session, badge, "asha", occurrence="m1").award
    give(session, badge, "asha", occurrence="m2")
    kept = session.scalars(select(BadgeTotal)).one()
    session.refresh(kept)
    assert (kept.holders, kept.awards) == (1, 2)
    awards.revoke(session, first, "by mistake", now=NOW)
    session.refresh(kept)
    assert (kept.holders, kept.awards) == (1, 1)


def test_awarding_again_counts_nothing(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    give(session, badge, "asha")
    give(session, badge, "asha")
    assert _histogram(session) == {1: 1}
