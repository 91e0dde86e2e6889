# SPDX-License-Identifier: AGPL-3.0-or-later
"""People: found without regard to case, made when they first deserve something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.db import insert_new, insert_once
from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import EmailIdentity, OldName, Person
from issuer.services.standings import Holder
from rules.recipients import is_username

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.gifts import Gift


CHUNK = 500  # rows of one statement


def find(session: Session, username: str) -> Person:
    """Return the person of that name, or of that former name; raise `NotFoundError`."""
    key = username.lower().replace("\0", "\ufffd")  # which no database can look for
    person = session.scalars(select(Person).filter_by(key=key)).one_or_none()
    if person is None and (old := session.get(OldName, key)) is not None:
        person = session.get(Person, old.person_id)
    if person is None:
        raise NotFoundError("person %(person)r: not known here", person=username)
    return person


def ensure(session: Session, username: str, *, now: datetime) -> Person:
    """Return the person of that name and make one where there is none.

    Raises `InvalidInputError` for what cannot be a user name.
    """
    try:
        return find(session, username)
    except NotFoundError:
        if not is_username(username):
            raise InvalidInputError(
                "user name %(name)r: not a valid account name", name=username
            ) from None
    values = {"username": username, "key": username.lower(), "created_at": now}
    insert_once(session, Person, values, unique=("key",))
    return session.scalars(select(Person).filter_by(key=username.lower())).one()


def ensure_all(session: Session, wanted: Iterable[Gift], *, now: datetime) -> dict[str, Holder]:
    """Return the people for whom badges are meant, by their names without case; make the missing.

    Raises `InvalidInputError` for what cannot be a user name.
    """
    people: dict[str, Holder] = {}
    for gift in wanted:
        if gift.key in people:
            continue
        if gift.holder is not None:
            people[gift.key] = gift.holder
            continue
        person = ensure(session, gift.username, now=now)
        people[gift.key] = Holder(person.id, person.key, person.username, away=False)
    return people


def add_all(session: Session, usernames: Iterable[str], *, now: datetime) -> None:
    """Make the people of these names who are not there yet; the names must be valid ones."""
    rows = [{"username": name, "key": name.lower(), "created_at": now} for name in usernames]
    statement = insert_new(session, Person, unique=("key",))
    for start in range(0, len(rows), CHUNK):
        session.execute(statement.values(rows[start : start + CHUNK]))


def has_opted_out(session: Session, username: str) -> bool:
    """Whether a person of that name wants no badges (unknown people never said so)."""
    try:
        return find(session, username).opted_out
    except NotFoundError:
        return False


def default_address(session: Session, person: Person, email_domain: str) -> EmailIdentity | str:
    """Return the address for which the public assertion is made.

    The person's own verified choice; else the account's address at ``email_domain``.
    """
    statement = (
        select(EmailIdentity)
        .filter_by(person_id=person.id, is_default=True)
        .where(EmailIdentity.verified_at.is_not(None))
    )
    chosen = session.scalars(statement).one_or_none()
    return chosen or f"{person.username}@{email_domain}".lower()
