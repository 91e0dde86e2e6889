# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.db import Database
from issuer.models import Award, Period, Person
from issuer.services import recounting, reports, spans, visibility
from tests.unit.issuer.web.community import TODAY, settle, statements_of
from tests.unit.issuer.web.seeds import NOW, make_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

SPANS = [spans.current(period, NOW.date()) for period in (*reports.INNER, Period.DAY)]


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    make_tables(database)
    with database.session() as opened:
        settle(opened)
        yield opened
    database.dispose()


def test_parts_of_a_period_add_up_to_it_and_hold_nobody_who_is_hidden(session: Session) -> None:
    # Three people got a badge then; so did two who are hidden.
    for span in SPANS:
        with statements_of(session.get_bind().engine) as seen:
            found = reports.numbers(session, span)
            often, _ = reports.badges(session, span)
        assert len(seen) == 2
        assert not found.parts or sum(part.badges for part in found.parts) == found.badges, span
        if span.period is not Period.YEAR:  # in which today may lie
            assert (found.people, found.badges) == (3, 3), span
            assert [one.badge.slug for one in often] == ["tester-1"], span
    lengths = {span.period: len(reports.numbers(session, span).parts) for span in SPANS}
    assert lengths == {Period.YEAR: 12, Period.MONTH: 31, Period.WEEK: 7, Period.DAY: 0}


def test_a_report_follows_who_opts_out_and_comes_back(session: Session) -> None:
    person = session.query(Person).filter_by(key="other-0").one()
    day = SPANS[-1]
    visibility.opt_out(session, person)
    assert reports.numbers(session, day).badges == 2
    visibility.opt_in(session, person)
    assert reports.numbers(session, day).badges == 3


def test_badges_are_ordered_by_how_often_and_new_ones_by_age(session: Session) -> None:
    today = spans.current(Period.DAY, TODAY.date())
    often, newest = reports.badges(session, today)
    # The ghost got some too: how often says nothing of who.
    assert {one.badge.slug for one in often} == {"tester-1", "tester-2", "tester-3", "alone"}
    assert [one.awards for one in often] == sorted((one.awards for one in often), reverse=True)
    assert newest == ()
    _, newest = reports.badges(session, SPANS[0])
    assert [badge.slug for badge in newest] == ["alone", "tester-3", "tester-2", "tester-1"]


def test_totals_counted_anew_are_those_that_were_kept(session: Session) -> None:
    award = session.query(Award).filter(Award.revoked_at.is_(None)).first()
    assert award is not None
    before = [reports.numbers(session, span) for span in SPANS]
    recounting.recount(session)
    assert [reports.numbers(session, span) for span in SPANS] == before
