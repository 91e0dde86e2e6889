# SPDX-License-Identifier: AGPL-3.0-or-later
"""Announces where awards take their holders on the leaderboard of all time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from issuer.models import Period, Person, RankHistogram, Total
from issuer.services import totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


def advances(session: Session, holders: Sequence[int], *, now: datetime) -> list[dict[str, Any]]:
    """Return what is announced of the rank of each holder after each of some awards.

    `holders` are the rows of people, one for each award in their order; the totals include all of
    them already. As in Tahrir one message follows each award, also when others keep the rank as it
    was, and people with the same number of badges share a rank (1, 1, 3).
    """
    _, ever = next(totals.starts(now))
    statement = (
        select(Person, Total.badges)
        .join(Total, Total.person_id == Person.id)
        .where(Person.id.in_(set(holders)), Total.period == Period.ALL, Total.starts_on == ever)
    )
    people: dict[int, tuple[Person, int]] = {
        person.id: (person, badges) for person, badges in session.execute(statement)
    }
    held = {row: badges for row, (_, badges) in people.items()}
    for row in holders:
        held[row] -= 1  # as it was before the first of them
    others = _others(session, ever, [badges for _, badges in people.values()], min(held.values()))
    found = []
    for row in holders:
        held[row] += 1
        rank, before = _places(row, held, others)
        found.append(_body(people[row][0], before if held[row] > 1 else None, rank))
    return found


def _others(session: Session, ever: object, now_held: Iterable[int], least: int) -> dict[int, int]:
    """Return how many people have how many badges, without those who get some now."""
    statement = select(RankHistogram.total, RankHistogram.people).where(
        RankHistogram.measure == "badges",
        RankHistogram.period == Period.ALL,
        RankHistogram.starts_on == ever,
        RankHistogram.total >= least,
    )
    found: dict[int, int] = dict(session.execute(statement).all())
    for badges in now_held:
        found[badges] = found.get(badges, 0) - 1
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


def _body(person: Person, old_rank: int | None, rank: int) -> dict[str, Any]:
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
