# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from issuer.db import Database
from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import (
    Award,
    BadgeTotal,
    OldName,
    Period,
    Person,
    RankHistogram,
    Team,
    TeamMember,
    Total,
)
from issuer.services import leaderboards, recounting, reports, totals, visibility
from issuer.services.leaderboards import Wanted
from issuer.services.spans import EVER, between, current
from issuer.services.sums import Memory
from tests.unit.issuer.web.seeds import NOW, Seeds, make_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from issuer.services.leaderboards import Board
    from issuer.services.spans import Span

#: How many badges each has: three tie, two tie, and `p6` is hidden.
HELD = (5, 4, 4, 4, 2, 2, 3, 1)
RANKS = {"p0": 1, "p1": 2, "p2": 2, "p3": 2, "p4": 5, "p5": 5, "p7": 7}


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    make_tables(database)
    with database.session() as opened:
        _settle(opened)
        yield opened
    database.dispose()


def _settle(session: Session) -> None:
    seeds = Seeds(session)
    badges = [seeds.badge(f"b{n}", points=n + 1) for n in range(5)]
    team = Team(slug="qa", name="QA", created_at=NOW)
    session.add(team)
    for number, held in enumerate(HELD):
        person = seeds.person(f"p{number}", opted_out=number == 6)
        for badge in badges[:held]:
            seeds.award(badge, person, issued_at=NOW)
        if number in (1, 3, 4, 6):
            session.flush()
            session.add(TeamMember(team_id=team.id, person_id=person.id, joined_at=NOW))
    session.flush()
    recounting.recount(session)


SPANS = {
    "all": EVER,
    "month": current(Period.MONTH, NOW.date()),
    "day": current(Period.DAY, NOW.date()),
    "days": between(NOW.date() - timedelta(days=40), NOW.date() + timedelta(days=1)),
}


def _read(session: Session, span: Span = EVER, **values: object) -> Board:
    return leaderboards.board(session, Wanted(span=span, **values), Memory())


def _ranks(board: Board) -> dict[str, int]:
    return {row.person.username: row.rank for row in board.rows}


@pytest.mark.parametrize("measure", ["badges", "points"])
@pytest.mark.parametrize("span", SPANS)
def test_ties_share_a_rank_and_hidden_people_have_none(
    session: Session, span: str, measure: str
) -> None:
    board = _read(session, SPANS[span], measure=measure)
    assert _ranks(board) == RANKS
    assert board.people == 7
    assert (board.before, board.after) == ("", "")
    assert [row.points for row in board.rows][:2] == [15, 10]


@pytest.mark.parametrize("span", ["all", "days"])
def test_parts_follow_each_other_in_both_directions(session: Session, span: str) -> None:
    whole = [row.person.username for row in _read(session, SPANS[span]).rows]
    down, after = [], ""
    while not down or after:
        board = _read(session, SPANS[span], after=after, limit=3)
        assert _ranks(board).items() <= RANKS.items()
        down += [row.person.username for row in board.rows]
        after = board.after
    assert down == whole
    back = _read(session, SPANS[span], before=board.before, limit=3)
    assert [row.person.username for row in back.rows] == whole[3:6]
    assert _ranks(back).items() <= RANKS.items()
    first = _read(session, SPANS[span], before=back.before, limit=3)
    assert [row.person.username for row in first.rows] == whole[:3]
    assert first.before == ""


@pytest.mark.parametrize("span", ["all", "days"])
def test_somebody_is_found_with_those_around_them(session: Session, span: str) -> None:
    board = _read(session, SPANS[span], find="P7", limit=5)
    assert board.found == "p7"
    assert [row.rank for row in board.rows] == [2, 2, 5, 5, 7]
    assert board.before
    for name in ("p6", "nobody", "a\0b"):
        with pytest.raises(NotFoundError, match="not on this leaderboard"):
            _read(session, SPANS[span], find=name)


def test_who_was_renamed_is_found_by_either_name(session: Session) -> None:
    person = session.query(Person).filter_by(key="p4").one()
    session.add(OldName(key="before", person_id=person.id, changed_at=NOW))
    session.add(
        OldName(key="p1", person_id=person.id, changed_at=NOW)
    )  # whoever has a name goes first
    for span in SPANS.values():
        for name, found in (("before", "p4"), ("BEFORE", "p4"), ("p4", "p4"), ("p1", "p1")):
            assert _read(session, span, find=name).found == found


def test_a_team_has_ranks_of_its_own(session: Session) -> None:
    assert _ranks(_read(session, team="qa")) == {"p3": 1, "p1": 1, "p4": 3}
    with pytest.raises(NotFoundError, match="team"):
        _read(session, team="a\0b")
    with pytest.raises(NotFoundError, match="team"):
        _read(session, team="none")
    assert leaderboards.teams(session) == [("qa", "QA")]


@pytest.mark.parametrize(
    "place", ["x", "1", "1-", "-1-1", "9" * 40 + "-1", "1-99999999999", "2147483648-1"]
)
def test_a_place_that_no_leaderboard_named_is_refused(session: Session, place: str) -> None:
    for span in ("all", "days"):
        for name in ("after", "before"):
            with pytest.raises(InvalidInputError, match="place"):
                _read(session, SPANS[span], **{name: place})


def test_who_opts_out_leaves_the_ranks_and_comes_back_to_them(session: Session) -> None:
    person = session.query(leaderboards.Person).filter_by(key="p0").one()
    assert visibility.opt_out(session, person)
    assert not visibility.opt_out(session, person)
    board = _read(session)
    assert _ranks(board)["p1"] == 1
    assert board.people == 6
    # What is taken back from somebody hidden moves nobody.
    award = session.query(Award).filter_by(person_id=person.id).first()
    totals.take_back(session, totals.Change.of(award))
    ever = reports.numbers(session, EVER)
    assert (ever.people, ever.badges) == (6, 17)
    assert visibility.opt_in(session, person)
    assert not visibility.opt_in(session, person)
    ever = reports.numbers(session, EVER)
    assert (ever.people, ever.badges) == (7, 21)


def test_recounting_says_what_counting_said(session: Session) -> None:
    def kept() -> list[object]:
        session.expire_all()
        return [
            sorted(session.query(*model.__table__.columns).filter(column > 0).all())
            for model, column in (
                (Total, Total.badges),
                (RankHistogram, RankHistogram.people),
                (BadgeTotal, BadgeTotal.awards),
            )
        ]

    counted_at_once = kept()
    for model in (Total, RankHistogram, BadgeTotal):
        session.query(model).delete()
    for award in session.query(Award):
        totals.add(session, totals.Change.of(award))
    assert kept() == counted_at_once


def test_sums_are_remembered_for_a_while(session: Session) -> None:
    now = [0.0]
    memory = Memory(seconds=10, clock=lambda: now[0])
    wanted = Wanted(span=SPANS["days"])
    assert not memory.knows(wanted.key)
    leaderboards.board(session, wanted, memory)
    assert memory.knows(wanted.key)
    now[0] = 11
    assert not memory.knows(wanted.key)
    for number in range(40):
        memory.get(
            (between(NOW.date(), NOW.date() + timedelta(days=number + 9)), "badges", ""), dict
        )  # type: ignore[arg-type]  # any value will do
    assert len(memory._known) <= 16
