# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people are shown of their backpacks: how many badges are how far, and each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload

from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import Assertion, Award, BackpackConnection, Badge, Push, PushState
from issuer.services.backpacks import LOGIN, UNFINISHED
from issuer.services.cards import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.models import Person

PAGE = 50
#: So many badges can be chosen one by one; all of them go with one button.
CHOICES = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """A connection with what became of its badges."""

    connection: BackpackConnection
    counts: Mapping[PushState, int]
    due_at: datetime | None = None

    @property
    def name(self) -> str:
        """The host, which is how people know a backpack."""
        return urlsplit(self.connection.base_url).netloc

    @property
    def waiting(self) -> int:
        """How many badges have no answer yet."""
        return sum(self.counts.get(state, 0) for state in UNFINISHED)

    @property
    def needs_login(self) -> bool:
        """Whether its owner has to sign in there once more."""
        return self.connection.tokens is None or self.connection.last_error == LOGIN


def shown(session: Session, connections: Sequence[BackpackConnection]) -> list[Shown]:
    """Return connections with their totals."""
    statement = (
        select(Push.connection_id, Push.state, func.count(), func.min(Push.next_attempt_at))
        .where(Push.connection_id.in_([each.id for each in connections]))
        .group_by(Push.connection_id, Push.state)
    )
    counts: dict[int, dict[PushState, int]] = {}
    due: dict[int, datetime] = {}
    for number, state, count, first in session.execute(statement):
        counts.setdefault(number, {})[PushState(state)] = count
        if first is not None:
            due[number] = min(first, due.get(number, first))
    return [Shown(each, counts.get(each.id, {}), due.get(each.id)) for each in connections]


def pushes(
    session: Session, connection: BackpackConnection, *, state: str = "", after: str = ""
) -> Listing[Push]:
    """Return badges on their way to a backpack, the newest first, with what they are.

    Raises `InvalidInputError` for a state or a place that there is not.
    """
    statement = (
        select(Push)
        .join(Push.award)
        .join(Award.badge)
        .options(contains_eager(Push.award).contains_eager(Award.badge), joinedload(Push.assertion))
        .where(Push.connection_id == connection.id)
        .order_by(Push.id.desc())
        .limit(PAGE + 1)
    )
    if state:
        if state not in set(PushState):
            raise InvalidInputError("state %(state)r: there is no such", state=state[:40])
        statement = statement.where(Push.state == state)
    if after:
        if not (after.isascii() and after.isdigit() and len(after) < 18):
            raise InvalidInputError(
                "place %(place)r: not one that a list names: start anew", place=after[:40]
            )
        statement = statement.where(Push.id < int(after))
    rows = session.scalars(statement).all()
    return Listing(tuple(rows[:PAGE]), str(rows[PAGE - 1].id) if len(rows) > PAGE else "")


def unsent(session: Session, connection: BackpackConnection) -> tuple[int, Sequence[Award]]:
    """Return how many badges of the owner were never sent to a backpack, and the newest of them."""
    ours = select(Push.id).where(Push.connection_id == connection.id, Push.award_id == Award.id)
    wanted = select(Award).where(
        Award.person_id == connection.person_id, Award.revoked_at.is_(None), ~ours.exists()
    )
    number = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    newest = (
        wanted.join(Award.badge)
        .options(contains_eager(Award.badge))
        .order_by(Award.issued_at.desc(), Award.id.desc())
        .limit(CHOICES)
    )
    return number, session.scalars(newest).all()


def award_of(session: Session, person: Person, uuid: UUID) -> Award:
    """Return the award of this person that an assertion is of; raise `NotFoundError`."""
    statement = (
        select(Award)
        .join(Assertion, Assertion.award_id == Award.id)
        .join(Badge, Award.badge_id == Badge.id)
        .where(Assertion.uuid == uuid, Award.person_id == person.id, Award.revoked_at.is_(None))
        .options(joinedload(Award.badge))
    )
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError(
            "assertion %(assertion)s: is none of %(person)s", assertion=uuid, person=person.username
        )
    return found


def unsent_ids(session: Session, connection: BackpackConnection) -> Sequence[int]:
    """Return all awards of the owner that were never sent to a backpack."""
    ours = select(Push.id).where(Push.connection_id == connection.id, Push.award_id == Award.id)
    statement = select(Award.id).where(
        Award.person_id == connection.person_id, Award.revoked_at.is_(None), ~ours.exists()
    )
    return session.scalars(statement).all()
