# SPDX-License-Identifier: AGPL-3.0-or-later
"""Gives an account the name that it has now at the login provider and on the bus.

Assertions keep their ids and recipients; pages of the former name lead to the new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from issuer.db import inserting
from issuer.errors import ConflictError, InvalidInputError
from issuer.models import OldName, Person
from issuer.services import audits, traces
from rules.recipients import is_username

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor


def rename(session: Session, actor: Actor, person: Person, username: str, *, now: datetime) -> bool:
    """Give a person another user name; tell whether it is another.

    Raises `InvalidInputError` for what cannot be a name, `ConflictError` where somebody else has
    it or had it, and for an account that was erased.
    """
    username = username.strip()
    if not is_username(username):
        raise InvalidInputError("user name %(name)r: not a valid account name", name=username[:80])
    former, present = person.key, username.lower()
    traces.lock(session, (former, present))
    locked(session, person.id)
    if person.erased_at is not None:
        raise ConflictError(
            "person %(person)r: was erased, and keeps that name", person=person.username
        )
    if username == person.username:
        return False
    before = {"username": person.username}
    if present != former:
        _check_free(session, person, username)
        session.execute(delete(OldName).where(OldName.key == present))
        keep_name(session, former, person.id, now=now)
        traces.move(session, former, present, username, now=now)
    person.username, person.key = username, present
    after = {"username": username}
    audits.record(
        session, actor, "person.rename", "person", present, now=now, before=before, after=after
    )
    session.flush()
    return True


def locked(session: Session, *ids: int) -> list[Person]:
    """Return people whom nobody else changes or awards until the transaction ends, by their ids."""
    session.flush()
    statement = select(Person).where(Person.id.in_(ids)).order_by(Person.id).with_for_update()
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def keep_name(session: Session, key: str, person_id: int, *, now: datetime) -> None:
    """Let the pages of a name that nobody has any more lead to a person."""
    adding = inserting(session, OldName)
    values = {"person_id": person_id, "changed_at": now}
    session.execute(
        adding.on_conflict_do_update(index_elements=("key",), set_=values),
        {"key": key, **values},
    )


def _check_free(session: Session, person: Person, username: str) -> None:
    key = username.lower()
    if session.scalars(select(Person.id).filter_by(key=key)).one_or_none() is not None:
        raise ConflictError(
            "user name %(name)r: another account has it: merge the two if both are of one person",
            name=username,
        )
    former = session.get(OldName, key)
    if former is not None and former.person_id != person.id:
        raise ConflictError(
            "user name %(name)r: was that of another account, and leads there", name=username
        )
