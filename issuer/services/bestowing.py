# SPDX-License-Identifier: AGPL-3.0-or-later
"""Gives many badges at once to people who are known by their names: a few statements for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.models import Award, Badge
from issuer.services import awards, persons, standings
from issuer.services.awards import Gift

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.awards import Cause
    from issuer.services.standings import Holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A badge that somebody has earned, perhaps long ago."""

    badge_id: int
    username: str
    cause: Cause
    occurrence: str = ""
    issued_at: datetime | None = None

    @property
    def key(self) -> str:
        """The person's name without case."""
        return self.username.lower()


@dataclass(slots=True)
class Sorted:
    """What is to become of wishes."""

    people: dict[str, Holder] = field(default_factory=dict)  # by the name asked for, without case
    due: list[Wish] = field(default_factory=list)
    held: int = 0
    away: int = 0  # of people who want no badges, or were erased


def sort(session: Session, wishes: Iterable[Wish]) -> Sorted:
    """Tell which wishes are to be fulfilled: two statements, however many there are."""
    wishes = list(wishes)
    people = standings.find_people(session, {wish.key for wish in wishes})
    found, seen = Sorted(people), set()
    held = _held(session, {wish.badge_id for wish in wishes}, people)
    for wish in wishes:
        holder = people.get(wish.key)
        mark = (wish.badge_id, holder.key if holder else wish.key, wish.occurrence)
        if holder is not None and holder.away:
            found.away += 1
        elif mark in seen or (
            holder is not None and (wish.badge_id, holder.id, wish.occurrence) in held
        ):
            found.held += 1
        else:
            seen.add(mark)
            found.due.append(wish)
    return found


def bestow(session: Session, found: Sorted, *, email_domain: str, now: datetime) -> list[Wish]:
    """Fulfil what `sort` called due in this transaction; return what nobody else did meanwhile.

    People are made where they are missing. Raises `InvalidInputError` as `awards.give`.
    """
    missing = {wish.key: wish.username for wish in found.due if wish.key not in found.people}
    if missing:
        persons.add_all(session, missing.values(), now=now)
        found.people |= standings.find_people(session, missing)
    gifts = [
        Gift(
            badge_id=wish.badge_id,
            username=wish.username,
            holder=found.people[wish.key],
            cause=wish.cause,
            issued_at=wish.issued_at or now,
            occurrence=wish.occurrence,
        )
        for wish in found.due
    ]
    made = awards.give(session, gifts, email_domain=email_domain, now=now)
    return [wish for wish, given in zip(found.due, made, strict=True) if given is not None]


def holders(session: Session, badge_id: int, names: Collection[str]) -> set[str]:
    """Return which of a few people, by names without case, ever got a badge, or want none."""
    people = standings.find_people(session, names)
    held = {row[1] for row in _held(session, {badge_id}, people)}
    return {name for name, person in people.items() if person.away or person.id in held}


def _held(
    session: Session, badges: Collection[int], people: Mapping[str, Holder]
) -> set[tuple[int, int, str]]:
    """Return badge, person and occurrence of the awards of people; revoked ones count."""
    ids = sorted({holder.id for holder in people.values()})
    columns = select(Award.badge_id, Award.person_id, Award.occurrence)
    found: set[tuple[int, int, str]] = set()
    for start in range(0, len(ids), standings.CHUNK):
        some = ids[start : start + standings.CHUNK]
        wanted = columns.where(Award.badge_id.in_(badges), Award.person_id.in_(some))
        found |= {(row[0], row[1], row[2]) for row in session.execute(wanted)}
    return found


def find_badges(session: Session, names: Collection[str]) -> dict[str, tuple[int, bool]]:
    """Return row and whether it is retired of badges, by slugs and old ids."""
    statement = select(Badge.slug, Badge.legacy_id, Badge.id, Badge.retired_at.is_not(None)).where(
        Badge.slug.in_(names) | Badge.legacy_id.in_(names)
    )
    found: dict[str, tuple[int, bool]] = {}
    for slug, legacy_id, row, is_retired in session.execute(statement):
        found.setdefault(legacy_id, (row, is_retired))
        found[slug] = row, is_retired
    return found
