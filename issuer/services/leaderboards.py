# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who has most badges or points: of all time, of a period, of any days, of a team.

Periods whose totals are kept are read from their index, a part at a time, and ranks from the
histogram. Other spans and teams are added up once and remembered for a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVarTuple

from sqlalchemy import func, literal, or_, select, tuple_, union_all

from issuer.errors import NotFoundError
from issuer.models import OldName, Person, RankHistogram, Team, Total
from issuer.services import sums
from issuer.services.cards import PersonCard
from issuer.services.listing import SHOWS_PORTRAIT, plain
from issuer.services.sums import Place
from issuer.services.totals import RANKED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.orm import Session

    from issuer.services.spans import Span
    from issuer.services.sums import Memory, Sums

    #: The columns of a row: name, shown name, whether with a picture, badges, points, person.
    Shown = tuple[str, str, bool, int, int, int]

Columns = TypeVarTuple("Columns")

MEASURES = ("badges", "points")
#: How many are shown above somebody who was looked for.
ABOVE = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """A person on the leaderboard; people with the same total share a rank (1, 1, 3)."""

    rank: int
    person: PersonCard
    badges: int
    points: int


@dataclass(frozen=True, slots=True)
class Board:
    """A part of a leaderboard, and where the parts before and after it begin."""

    rows: tuple[Standing, ...]
    people: int = 0
    total: int = 0  # of all of them, where it was added up
    before: str = ""
    after: str = ""
    found: str = ""  # the name of who was looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part of which leaderboard is asked for."""

    span: Span
    measure: str = "badges"
    team: str = ""
    after: str = ""
    before: str = ""
    find: str = ""
    limit: int = 50

    @property
    def is_kept(self) -> bool:
        """Whether its totals and ranks are kept in the database."""
        return not self.team and self.span.period in RANKED

    @property
    def key(self) -> sums.Key:
        """Under what its sums are remembered."""
        return self.span, self.measure, self.team


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of a leaderboard, and whether there are others around them."""

    rows: Sequence[Row[*Shown]]
    above: bool = False
    below: bool = False
    found: str = ""


def board(session: Session, wanted: Wanted, memory: Memory) -> Board:
    """Return a part of a leaderboard.

    Raises `NotFoundError` for a team or person that is not there, `InvalidInputError` for a place
    that no leaderboard named.
    """
    if not wanted.is_kept:
        return _added_up(session, wanted, memory)
    part = _part(session, wanted)
    totals = [getattr(row, wanted.measure) for row in part.rows]
    people, ranks = _ranks(session, wanted, totals)
    places = [Place(total, row.person_id) for total, row in zip(totals, part.rows, strict=True)]
    return Board(
        tuple(
            Standing(ranks[total], PersonCard(*row[:3]), row.badges, row.points)
            for total, row in zip(totals, part.rows, strict=True)
        ),
        people=people,
        before=str(places[0]) if places and part.above else "",
        after=str(places[-1]) if places and part.below else "",
        found=part.found,
    )


def teams(session: Session, limit: int = 200) -> list[tuple[str, str]]:
    """Return slugs and names of the teams."""
    statement = select(Team.slug, Team.name).order_by(Team.name).limit(limit)
    return [(slug, name) for slug, name in session.execute(statement)]


def _part(session: Session, wanted: Wanted) -> _Part:
    own = Total.points if wanted.measure == "points" else Total.badges
    key, limit = tuple_(own, Total.person_id), wanted.limit
    statement = (
        select(
            Person.username,
            Person.display_name,
            SHOWS_PORTRAIT,
            Total.badges,
            Total.points,
            Total.person_id,
        )
        .join(Person, Person.id == Total.person_id)
        .where(Total.period == wanted.span.period, Total.starts_on == wanted.span.first, own > 0)
        .where(Person.opted_out.is_(False), Person.erased_at.is_(None))
    )
    downward = statement.order_by(own.desc(), Total.person_id.desc())
    upward = statement.order_by(own, Total.person_id)
    if wanted.find:
        me = session.execute(_named(statement, wanted.find)).first()
        if me is None:
            raise NotFoundError(
                "person %(person)r: is not on this leaderboard", person=wanted.find[:80]
            )
        place = Place(getattr(me, wanted.measure), me.person_id)
        above = session.execute(upward.where(key > place).limit(ABOVE + 1)).all()
        below = session.execute(downward.where(key <= place).limit(limit - ABOVE + 1)).all()
        rows = [*above[:ABOVE][::-1], *below[: limit - ABOVE]]
        return _Part(rows, len(above) > ABOVE, len(below) > limit - ABOVE, me.username)
    if wanted.before:
        found = session.execute(
            upward.where(key > Place.read(wanted.before)).limit(limit + 1)
        ).all()
        return _Part(found[:limit][::-1], above=len(found) > limit, below=True)
    if wanted.after:
        downward = downward.where(key < Place.read(wanted.after))
    found = session.execute(downward.limit(limit + 1)).all()
    return _Part(found[:limit], above=bool(wanted.after), below=len(found) > limit)


def _ranks(session: Session, wanted: Wanted, totals: Sequence[int]) -> tuple[int, dict[int, int]]:
    """Return how many people there are, and the rank of each of the totals."""
    most, least = max(totals, default=0), min(totals, default=0)
    which = _histogram(wanted.span, wanted.measure)
    number, people = RankHistogram.total, RankHistogram.people
    count = func.coalesce(func.sum(people), 0)
    statement = union_all(
        select(literal(0), literal(0), count).where(*which, number > most),
        select(literal(1), number, people).where(*which, number.between(least, most)),
        select(literal(2), literal(0), count).where(*which, number < least),
    )
    rows = sorted((part, -int(total), int(n)) for part, total, n in session.execute(statement))
    ranks, above = {}, 0
    for part, total, n in rows:
        if part == 1:
            ranks[-total] = above + 1
        above += n
    # Totals may have changed between the two statements: nobody is left without a rank.
    for total in totals:
        ranks.setdefault(total, 1 + sum(n for part, low, n in rows if part == 0 or -low > total))
    return above, ranks


def _histogram(span: Span, measure: str) -> tuple[ColumnElement[bool], ...]:
    return (
        RankHistogram.measure == measure,
        RankHistogram.period == span.period,
        RankHistogram.starts_on == span.first,
        RankHistogram.total > 0,
    )


def _added_up(session: Session, wanted: Wanted, memory: Memory) -> Board:
    found = memory.get(
        wanted.key, lambda: sums.add_up(session, wanted.span, wanted.measure, wanted.team)
    )
    start, name = _start(session, wanted, found)
    end = min(start + wanted.limit, len(found))
    people = [found.people[number] for number in range(start, end)]
    statement = select(Person.id, Person.username, Person.display_name, SHOWS_PORTRAIT).where(
        Person.id.in_(people), Person.opted_out.is_(False), Person.erased_at.is_(None)
    )
    cards = {row[0]: PersonCard(*row[1:]) for row in session.execute(statement)}
    rows = tuple(
        Standing(found.rank(n), cards[found.people[n]], found.badges[n], found.points[n])
        for n in range(start, end)
        if found.people[n] in cards
    )
    return Board(
        rows,
        people=len(found),
        total=found.total,
        before=str(found.place(start)) if 0 < start < len(found) else "",
        after=str(found.place(end - 1)) if start < end < len(found) else "",
        found=name,
    )


def _named(statement: Select[*Columns], name: str) -> Select[*Columns]:
    """Select who has a name, or had it: the present name goes first."""
    key = plain(name).lower()
    former = select(OldName.person_id).filter_by(key=key).scalar_subquery()
    named = statement.where(or_(Person.key == key, Person.id == former))
    return named.order_by(Person.key != key).limit(1)


def _start(session: Session, wanted: Wanted, found: Sums) -> tuple[int, str]:
    """Return where the part begins, and the name of who was looked for."""
    if wanted.find:
        statement: Select[int, str] = select(Person.id, Person.username).where(
            Person.opted_out.is_(False),
            Person.erased_at.is_(None),
        )
        me = session.execute(_named(statement, wanted.find)).first()
        if me is None or me.id not in found.index:
            raise NotFoundError(
                "person %(person)r: is not on this leaderboard", person=wanted.find[:80]
            )
        return max(0, found.index[me.id] - ABOVE), me.username
    if wanted.before:
        return max(0, found.first_from(Place.read(wanted.before)) - wanted.limit), ""
    return (found.first_after(Place.read(wanted.after)) if wanted.after else 0), ""
