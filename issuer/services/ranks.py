# SPDX-License-Identifier: AGPL-3.0-or-later
"""Announces where awards take their holders on the leaderboard of all time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from issuer.models import Period, Person, RankHistogram, Total
from issuer.services import totals

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Ranked:
    """Somebody who got badges just now."""

    id: int
    username: str
    bio: str
    website: str
    badges: int  # of all time, with those


@dataclass(frozen=True, slots=True)
class Places:
    """What the ranks of some people come from, as it is once their awards are written."""

    people: Sequence[Ranked] = ()
    histogram: Mapping[int, int] = field(default_factory=dict)  # people by number of badges


def look_up(session: Session, holders: Collection[int], *, now: datetime) -> Places:
    """Return the places of people; on PostgreSQL `ledgers.write` hears of them as it writes."""
    _, ever = next(totals.starts(now))
    statement = (
        select(Person.id, Person.username, Person.bio, Person.website, Total.badges)
        .join(Total, Total.person_id == Person.id)
        .where(Person.id.in_(holders), Total.period == Period.ALL, Total.starts_on == ever)
    )
    people = [Ranked(*row) for row in session.execute(statement)]
    histogram = select(RankHistogram.total, RankHistogram.people).where(
        RankHistogram.measure == "badges",
        RankHistogram.period == Period.ALL,
        RankHistogram.starts_on == ever,
    )
    return Places(people, dict(session.execute(histogram).all()))


def advances(places: Places, holders: Sequence[int]) -> list[dict[str, Any]]:
    """Return what is announced of the rank of each holder after each of some awards.

    `holders` are the rows of people, one for each award in their order; the places include all of
    them already. As in Tahrir one message follows each award, also when others keep the rank as it
    was, and people with the same number of badges share a rank (1, 1, 3).
    """
    people = {person.id: person for person in places.people}
    held = {person.id: person.badges for person in places.people}
    others = dict(places.histogram)
    for badges in held.values():
        others[badges] = others.get(badges, 0) - 1
    for row in holders:
        held[row] -= 1  # as it was before the first of them
    found = []
    for row in holders:
        held[row] += 1
        rank, before = _places(row, held, others)
        found.append(_body(people[row], before if held[row] > 1 else None, rank))
    return found


def _places(row: int, held: dict[int, int], others: dict[int, int]) -> tuple[int, int]:
    """Return the rank that somebody has, and the one with a badge less."""
    mine = held[row]
    above = sum(people for badges, people in others.items() if badges > mine)
    beside = others.get(mine, 0)
    for other, badges in held.items():
        if other != row:
            above += badges > mine
            beside += badges == mine
    return above + 1, above + beside + 1


def _body(person: Ranked, old_rank: int | None, rank: int) -> dict[str, Any]:
    return {
        "old_rank": old_rank,
        "person": {
            "id": person.id,
            "nickname": person.username,
            "rank": rank,
            "bio": person.bio,
            "website": person.website,
            "email": "",  # asked for by the schema, and nobody's business
        },
    }
