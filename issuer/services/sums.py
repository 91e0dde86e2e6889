# SPDX-License-Identifier: AGPL-3.0-or-later
"""Totals of spans and teams for which none are kept: added up once, then remembered for a while."""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, func, or_, select

from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import Person, Team, TeamMember, Total
from issuer.services.listing import LARGEST, plain
from issuer.services.spans import parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from issuer.services.spans import Span

PLACE = re.compile(r"([0-9]{1,15})-([0-9]{1,10})", re.ASCII)
REMEMBERED = 16
SECONDS = 300.0


class Place(NamedTuple):
    """Where somebody stands: by the total, then by the row."""

    total: int
    person: int

    def __str__(self) -> str:
        return f"{self.total}-{self.person}"

    @classmethod
    def read(cls, text: str) -> Place:
        """Return the place that a leaderboard named; raise `InvalidInputError`."""
        match = PLACE.fullmatch(text)
        if match is None or max(int(match[1]), int(match[2])) > LARGEST:
            raise InvalidInputError(
                "place %(place)r: not one that a list names: start anew", place=text[:40]
            )
        return cls(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Sums:
    """Totals of people, the largest first; three numbers a person, so that many fit."""

    people: array[int]
    badges: array[int]
    points: array[int]
    own: array[int]  # badges or points: by what they are ordered
    index: dict[int, int] = field(repr=False)  # where a person stands

    @classmethod
    def of(cls, rows: list[tuple[int, int, int]], measure: str) -> Sums:
        """Order the totals of people by one of them."""
        place = 2 if measure == "points" else 1
        rows = sorted(
            (row for row in rows if row[place] > 0),
            key=lambda row: (row[place], row[0]),
            reverse=True,
        )
        people, badges, points = (array("q", (row[n] for row in rows)) for n in range(3))
        own = points if measure == "points" else badges
        return cls(people, badges, points, own, {person: n for n, person in enumerate(people)})

    def __len__(self) -> int:
        return len(self.people)

    @property
    def total(self) -> int:
        """The sum of all."""
        return sum(self.own)

    def rank(self, number: int) -> int:
        """Return the rank of the person at a place: one more than how many have more."""
        return bisect_left(self.own, -self.own[number], key=lambda total: -total) + 1

    def first_after(self, place: Place) -> int:
        """Return where those begin who stand behind a place."""
        return bisect_left(range(len(self)), (-place.total, -place.person + 1), key=self._key)

    def first_from(self, place: Place) -> int:
        """Return where those begin who stand at a place or behind it."""
        return bisect_left(range(len(self)), (-place.total, -place.person), key=self._key)

    def place(self, number: int) -> Place:
        """Return the place of the person at a number."""
        return Place(self.own[number], self.people[number])

    def _key(self, number: int) -> tuple[int, int]:
        return -self.own[number], -self.people[number]


Key = tuple["Span", str, str]


class Memory:
    """Remembers sums of a few spans for some minutes; each is added up by one thread at a time."""

    def __init__(
        self, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._clock = seconds, clock
        self._known: OrderedDict[Key, tuple[float, Sums]] = OrderedDict()
        self._lock, self._working = Lock(), Lock()

    def knows(self, key: Key) -> bool:
        """Whether the sums need not be added up now."""
        return self._find(key) is not None

    def get(self, key: Key, add_up: Callable[[], Sums]) -> Sums:
        """Return the sums, and add them up where they are not known or too old."""
        if (found := self._find(key)) is not None:
            return found
        with self._working:
            if (found := self._find(key)) is not None:
                return found  # another thread was first
            made = add_up()
            with self._lock:
                self._known[key] = (self._clock() + self._seconds, made)
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            return made

    def _find(self, key: Key) -> Sums | None:
        with self._lock:
            until, found = self._known.get(key, (0.0, None))
            if found is None or until < self._clock():
                return None
            self._known.move_to_end(key)
            return found


def add_up(session: Session, span: Span, measure: str, team: str) -> Sums:
    """Return the sums of a span, of all people or of a team; raise `NotFoundError` for no team.

    Years, months and days are added, as few as make the span.
    """
    statement = (
        select(Total.person_id, func.sum(Total.badges), func.sum(Total.points))
        .join(Person, Person.id == Total.person_id)
        .where(Person.opted_out.is_(False), Person.erased_at.is_(None))
        .where(or_(*(_inside(part) for part in parts(span))))
        .group_by(Total.person_id)
    )
    if team:
        row = session.scalars(select(Team.id).filter_by(slug=plain(team))).one_or_none()
        if row is None:
            raise NotFoundError("team %(team)r: there is none", team=team[:80])
        statement = statement.join(
            TeamMember, and_(TeamMember.person_id == Total.person_id, TeamMember.team_id == row)
        )
    rows = [(int(a), int(b), int(c)) for a, b, c in session.execute(statement)]
    return Sums.of(rows, measure)


def _inside(part: Span) -> ColumnElement[bool]:
    return and_(
        Total.period == part.period, Total.starts_on >= part.first, Total.starts_on <= part.last
    )
