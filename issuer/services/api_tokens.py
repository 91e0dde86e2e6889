# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens by which programs speak for a person: shown once, kept as a hash, good for a while.

A token looks like ``acc_`` with 38 letters and digits. The last six are a checksum: whoever looks
for secrets that leaked knows one without asking us, and a mistyped one asks no database.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, or_, select, update

from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import ApiRequest, ApiToken, Person
from issuer.services import audits
from issuer.services.findings import UNPRINTABLE
from issuer.services.permissions import Scope
from issuer.words import Text, several

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

PREFIX = "acc_"
#: 32 of 62 letters and digits are 190 bits: nobody guesses one, so that a plain hash will do.
SECRET_LENGTH = 32
CHECK_LENGTH = 6
FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{SECRET_LENGTH + CHECK_LENGTH}}}", re.ASCII)
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
#: How much of one is kept to know it again.
HINT_LENGTH = len(PREFIX) + 4
MAX_NAME = 60
MAX_TOKENS = 20
MAX_NUMBER = 2**31 - 1  # of a row
LONGEST = timedelta(days=366)
#: How exactly it is noted when a token was last used.
NOTED = timedelta(minutes=5)
#: For so long an ended token is still listed.
SHOWN = timedelta(days=30)
FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What token somebody wants."""

    name: str
    scopes: Collection[str]
    expires_at: datetime


def make(
    session: Session, actor: Actor, person: Person, wanted: Wanted, *, now: datetime
) -> tuple[ApiToken, str]:
    """Make a token; what is returned beside its row is kept nowhere.

    Raises `InvalidInputError` with every mistake, and `ConflictError` for a name that another one
    has, or for too many.
    """
    name = _checked(wanted, now)
    session.execute(select(Person.id).filter_by(id=person.id).with_for_update())
    _drop_old(session, person, now)
    live = [each for each in _own(session, person) if is_live(each, now)]
    if name.lower() in {each.name.lower() for each in live}:
        raise ConflictError(
            "token %(token)r: there is one of that name: choose another", token=name
        )
    if len(live) >= MAX_TOKENS:
        raise ConflictError(
            "tokens: %(limit)s are enough: revoke one that you do not need", limit=MAX_TOKENS
        )
    secret = "".join(secrets.choice(DIGITS) for _ in range(SECRET_LENGTH))
    text = PREFIX + secret + checksum(secret)
    made = ApiToken(
        person_id=person.id,
        name=name,
        hint=text[:HINT_LENGTH],
        token_hash=hash_of(text),
        scopes=[scope for scope in Scope if scope in wanted.scopes],
        created_at=now,
        expires_at=wanted.expires_at,
    )
    session.add(made)
    session.flush()
    audits.record(session, actor, "token.make", "token", made.id, now=now, after=_facts(made))
    return made, text


def listed(session: Session, person: Person, *, now: datetime) -> Sequence[ApiToken]:
    """Return the tokens of a person, newest first; those that ended long ago are left out."""
    return session.scalars(
        select(ApiToken)
        .filter_by(person_id=person.id)
        .where(ApiToken.hint.is_not(None), ~_is_old(now))
        .order_by(ApiToken.id.desc())
    ).all()


def revoke(session: Session, actor: Actor, person: Person, number: int, *, now: datetime) -> bool:
    """End a token of a person; tell whether it had not ended before. Raises `NotFoundError`."""
    found = select(ApiToken).filter_by(id=number, person_id=person.id)
    found = found.where(ApiToken.hint.is_not(None)).with_for_update()
    token = session.scalars(found).one_or_none() if number <= MAX_NUMBER else None
    if token is None:
        raise NotFoundError("token %(token)s: there is none of yours", token=number)
    if not is_live(token, now):
        return False
    token.revoked_at = now
    session.flush()
    audits.record(session, actor, "token.revoke", "token", token.id, now=now, after=_facts(token))
    return True


def revoke_all(session: Session, actor: Actor, person: Person, *, now: datetime) -> int:
    """End all tokens of a person; return how many had not ended before."""
    live = [each for each in _own(session, person) if is_live(each, now)]
    for token in live:
        revoke(session, actor, person, token.id, now=now)
    return len(live)


def forget(session: Session, person_id: int) -> None:
    """Drop the tokens of an account that goes, and what was asked for by them."""
    session.execute(
        delete(ApiToken).filter_by(person_id=person_id).where(ApiToken.hint.is_not(None))
    )
    session.execute(delete(ApiRequest).filter_by(person_id=person_id))


def find(session: Session, text: str) -> tuple[ApiToken, Person] | None:
    """Return a token, whether it has ended or not, and whose it is; nothing where there is none.

    It is looked up by its hash, and the hashes are compared in constant time: how long that takes
    tells nothing about any token.
    """
    if not is_wellformed(text):
        return None
    digest = hash_of(text)
    statement = (
        select(ApiToken, Person)
        .join(Person, Person.id == ApiToken.person_id)
        .where(
            ApiToken.token_hash == digest, ApiToken.hint.is_not(None), Person.erased_at.is_(None)
        )
    )
    found = session.execute(statement).one_or_none()
    if found is None or not hmac.compare_digest(found[0].token_hash, digest):
        return None
    return found[0], found[1]


def is_live(token: ApiToken, now: datetime) -> bool:
    """Whether a token is still good."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def is_noted(token: ApiToken, now: datetime) -> bool:
    """Whether it stands exactly enough when a token was last used."""
    return token.last_used_at is not None and now - token.last_used_at < NOTED


def note_use(session: Session, number: int, *, now: datetime) -> None:
    """Note that a token was used; of two at the same moment one is enough."""
    stale = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < now)
    session.execute(update(ApiToken).filter_by(id=number).where(stale).values(last_used_at=now))


def is_wellformed(text: str) -> bool:
    """Whether a text could be a token."""
    if FORM.fullmatch(text) is None:
        return False
    secret, check = text[len(PREFIX) : -CHECK_LENGTH], text[-CHECK_LENGTH:]
    return hmac.compare_digest(checksum(secret), check)


def checksum(secret: str) -> str:
    """Return the CRC-32 of the random part, in six letters and digits."""
    number, made = zlib.crc32(secret.encode()), ""
    for _ in range(CHECK_LENGTH):
        number, digit = divmod(number, len(DIGITS))
        made = DIGITS[digit] + made
    return made


def hash_of(text: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(text.encode()).hexdigest()


def _own(session: Session, person: Person) -> Sequence[ApiToken]:
    statement = select(ApiToken).filter_by(person_id=person.id).where(ApiToken.hint.is_not(None))
    return session.scalars(statement.order_by(ApiToken.id.desc())).all()


def _drop_old(session: Session, person: Person, now: datetime) -> None:
    gone = delete(ApiToken).filter_by(person_id=person.id)
    session.execute(gone.where(ApiToken.hint.is_not(None), _is_old(now)))


def _is_old(now: datetime) -> ColumnElement[bool]:
    """Return the condition for tokens that ended long ago."""
    ended = func.coalesce(ApiToken.revoked_at, ApiToken.expires_at, FAR)
    return ended <= now - SHOWN


def _checked(wanted: Wanted, now: datetime) -> str:
    name = " ".join(wanted.name.split())
    mistakes = []
    if not 1 <= len(name) <= MAX_NAME or UNPRINTABLE.search(name):
        mistakes.append(
            Text("name: from 1 to %(limit)s characters that can be seen", limit=MAX_NAME)
        )
    if not wanted.scopes or set(wanted.scopes) - set(Scope):
        mistakes.append(Text("scopes: choose at least one of the list"))
    if not now < wanted.expires_at <= now + LONGEST:
        mistakes.append(Text("end: choose a later day, at most a year from now"))
    if mistakes:
        raise InvalidInputError(several(mistakes))
    return name


def _facts(token: ApiToken) -> dict[str, object]:
    return {
        "begins": token.hint,
        "scopes": list(token.scopes),
        "until": token.expires_at.isoformat() if token.expires_at else None,
    }
