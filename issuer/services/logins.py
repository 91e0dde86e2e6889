# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logins: whose account the claims of an OpenID provider belong to."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from issuer.db import insert_once
from issuer.errors import ConflictError, GoneError, InvalidInputError
from issuer.models import EmailIdentity, OldName, Person
from issuer.services import checking, outbox
from issuer.services.findings import JOINERS, has_unseen
from rules.recipients import is_username

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import CursorResult
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
SUBJECT_LIMIT = 255  # OpenID Connect Core 1.0, section 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Login:
    subject: str
    username: str
    name: str
    email: str | None
    email_is_verified: bool


def record_login(session: Session, claims: Mapping[str, Any], *, now: datetime) -> Person:
    """Return the person who logged in, made or linked where needed; announce a first login.

    Raises `InvalidInputError` for claims without a usable identity or name, `ConflictError` when
    the name belongs to another login, `GoneError` for a person who was erased.
    """
    login = _read(claims)
    person = _linked(session, login, now)
    if person.erased_at is not None:
        raise GoneError(
            "person %(person)r: was erased here on their own request", person=login.username
        )
    if person.last_login_at is None:  # afterwards people choose their name themselves
        person.display_name = login.name or person.display_name
    _note_login(session, person, now)
    person.email = login.email or person.email
    if login.email is not None and login.email_is_verified:
        _verify(session, person, login.email.lower(), now)
    session.flush()
    return person


def _read(claims: Mapping[str, Any]) -> _Login:
    issuer, sub = _text(claims, "iss"), _text(claims, "sub")
    if not issuer or not sub or len(sub) > SUBJECT_LIMIT:
        raise InvalidInputError("login: the provider did not say who you are (`iss` and `sub`)")
    username = _text(claims, "nickname") or _text(claims, "preferred_username")
    if not username:
        raise InvalidInputError(
            "login: your account has no user name: set one at your login provider and try again"
        )
    if not is_username(username):
        raise InvalidInputError(
            "login: user name %(name)r: has characters that are not accepted here",
            name=username[:80],
        )
    email = _text(claims, "email")
    return _Login(
        subject=f"{issuer} {sub}",
        username=username,
        name=_name(claims),
        email=email if ADDRESS.fullmatch(email) else None,
        email_is_verified=claims.get("email_verified") is True,
    )


def _name(claims: Mapping[str, Any]) -> str:
    value = claims.get("name")
    name = checking.name_of(value) if isinstance(value, str) else ""
    return "" if has_unseen(name) else name[: checking.MAX_NAME].rstrip(JOINERS + " ")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) and value.isprintable() else ""


def _linked(session: Session, login: _Login, now: datetime) -> Person:
    known = session.scalars(select(Person).filter_by(subject=login.subject)).one_or_none()
    if known is not None:
        return known
    key = login.username.lower()
    if session.get(OldName, key) is not None:
        raise _taken(
            login
        )  # by whoever had it here: a name that the provider gave anew is no proof
    values = {
        "username": login.username,
        "key": key,
        "subject": login.subject,
        "created_at": now,
    }
    if not insert_once(session, Person, values, unique=("key",)):
        # The account was made by rules before its owner came: now it has an owner, if it had none.
        link = update(Person).filter_by(key=key, subject=None, erased_at=None)
        session.execute(link.values(subject=login.subject))
    person = session.scalars(
        select(Person).filter_by(key=key), execution_options={"populate_existing": True}
    ).one()
    if person.erased_at is None and person.subject != login.subject:
        raise _taken(login)
    return person


def _taken(login: _Login) -> ConflictError:
    return ConflictError(
        "login: user name %(name)r belongs to another login here: ask the administrators of this "
        "site",
        name=login.username,
    )


def _note_login(session: Session, person: Person, now: datetime) -> None:
    # Of two simultaneous first logins the database lets only one find the empty column.
    first = update(Person).filter_by(id=person.id, last_login_at=None).values(last_login_at=now)
    if cast("CursorResult[Any]", session.execute(first)).rowcount == 0:
        person.last_login_at = now
        return
    body = {"user": {"username": person.username, "badges_user_id": person.id}}
    outbox.announce(session, outbox.FIRST_LOGIN_TOPIC, body, stream=person.key, now=now)


def _verify(session: Session, person: Person, address: str, now: datetime) -> None:
    own = select(EmailIdentity).filter_by(person_id=person.id, address=address)
    identity = session.scalars(own).one_or_none()
    if identity is not None and identity.verified_at is not None:
        return
    try:
        with session.begin_nested():
            if identity is None:
                identity = EmailIdentity(person_id=person.id, address=address, created_at=now)
                session.add(identity)
            identity.verified_at = now
    except IntegrityError:
        # Somebody else proved the same address before. It stays theirs; the login is good.
        log.warning("the e-mail address of %s is already proven by another person", person.username)
