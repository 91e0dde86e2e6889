# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of people: proven by a signed link, and one of them chosen for new awards."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from issuer.db import insert_once
from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import BackpackConnection, EmailIdentity
from issuer.services import mailing
from issuer.words import Text, paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Person

#: As browsers check it (HTML, section 4.10.5.1.5), with a domain that has a dot.
ADDRESS = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
)
MAX_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
MAX_ADDRESSES = 10
LINK_LASTS = timedelta(hours=24)
SALT = "e-mail address of a person"


def listed(session: Session, person: Person) -> Sequence[EmailIdentity]:
    """Return the addresses of a person, those that are proven first."""
    statement = (
        select(EmailIdentity)
        .filter_by(person_id=person.id)
        .order_by(EmailIdentity.verified_at.is_(None), EmailIdentity.address)
    )
    return session.scalars(statement).all()


def add(session: Session, person: Person, address: str, *, now: datetime) -> EmailIdentity:
    """Return the address of a person, noted as not proven if it is new.

    Raises `InvalidInputError` for what is no address, or for one too many.
    """
    address = address.strip().lower()
    if len(address) > MAX_ADDRESS or not ADDRESS.fullmatch(address):
        raise InvalidInputError(
            "address %(address)r: must be like name@example.org", address=address[:80]
        )
    own = listed(session, person)
    if len(own) >= MAX_ADDRESSES and address not in {each.address for each in own}:
        raise InvalidInputError(
            "addresses: %(limit)s are enough: remove one first", limit=MAX_ADDRESSES
        )
    values = {
        "person_id": person.id,
        "address": address,
        "is_default": False,
        "created_at": now,
    }
    insert_once(session, EmailIdentity, values, unique=("person_id", "address"))
    return session.scalars(
        select(EmailIdentity).filter_by(person_id=person.id, address=address)
    ).one()


def proven(session: Session, person: Person, address: str) -> EmailIdentity:
    """Return a proven address of this person, however its letters are written.

    Raises `NotFoundError`, and for an address that is not proven `InvalidInputError`.
    """
    key = address.strip().lower().replace("\0", "\ufffd")
    statement = select(EmailIdentity).filter_by(person_id=person.id, address=key)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError(
            "address %(address)r: %(person)s has no such address",
            address=address[:80],
            person=person.username,
        )
    check_proven(found)
    return found


def check_proven(identity: EmailIdentity) -> None:
    """Raise `InvalidInputError` for an address that nobody proved."""
    if identity.verified_at is None:
        raise InvalidInputError("address: is not proven yet: open the link in the letter first")


def find(session: Session, person: Person, number: int) -> EmailIdentity:
    """Return an address of this person and of no other; raise `NotFoundError`."""
    statement = select(EmailIdentity).filter_by(person_id=person.id, id=number)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("address %(number)s: is none of yours", number=number)
    return found


def remove(session: Session, person: Person, number: int) -> None:
    """Forget an address, and its picture; raise `NotFoundError` where the person has no such."""
    identity = find(session, person, number)
    if person.avatar_hash == portrait_hash(identity.address):
        person.avatar_hash = None
    session.execute(
        update(BackpackConnection)
        .filter_by(person_id=person.id, email_identity_id=identity.id)
        .values(email_identity_id=None)
    )
    session.delete(identity)
    session.flush()


def portrait_hash(address: str) -> str:
    """Return under what Libravatar knows an address."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def choose(session: Session, person: Person, number: int | None) -> None:
    """Choose the proven address for which new awards are made; None: that of the account.

    Raises `NotFoundError` and, for an address that is not proven, `InvalidInputError`.
    """
    if number is not None:
        check_proven(find(session, person, number))
    session.execute(
        update(EmailIdentity)
        .filter_by(person_id=person.id)
        .values(is_default=EmailIdentity.id == (number or 0))
    )


def token_for(identity: EmailIdentity, secret: str, *, now: datetime) -> str:
    """Return the signed part of a link; it holds no address, and is good for this person alone."""
    until = int((now + LINK_LASTS).timestamp())
    return str(_serializer(secret).dumps([*_claim(identity), until]))


def confirm(
    session: Session, person: Person, token: str, secret: str, *, now: datetime
) -> EmailIdentity:
    """Note that a person proved an address by the link that was sent there.

    Raises `InvalidInputError` for a link that is not ours, too old, or of somebody else;
    `ConflictError` for an address that another person proved before.
    """
    identity = claimed(session, person, token, secret, now=now)
    try:
        with session.begin_nested():
            identity.verified_at = identity.verified_at or now
    except IntegrityError as error:
        raise ConflictError("address: another account proved it before and keeps it") from error
    return identity


def claimed(
    session: Session, person: Person, token: str, secret: str, *, now: datetime
) -> EmailIdentity:
    """Return the address that a link is about; raises `InvalidInputError` as `confirm`."""
    try:
        *claim, until = _serializer(secret).loads(token)
        identity = find(session, person, int(claim[0]))
        is_good = claim == _claim(identity) and now.timestamp() < until
    except (BadData, NotFoundError, IndexError, TypeError, ValueError):
        is_good = False
    if not is_good:
        raise InvalidInputError(
            "link: is too old, cut short, or for another account: ask for a new one"
        )
    return identity


def send_link(
    session: Session,
    identity: EmailIdentity,
    link: str,
    site_name: str,
    *,
    now: datetime,
    language: str | None = None,
) -> None:
    """Queue the letter that brings the link to its address.

    ``language`` is for whoever chose none.
    """
    person = identity.person
    text = paragraphs(
        Text("Hello,"),
        Text(
            "the account %(person)s at %(site)s wants to receive badges for this address. If that "
            "is you, open this link within a day, signed in as %(person)s:",
            person=person.username,
            site=site_name,
        ),
        link,
        Text("If it is not, there is nothing to do: without the link nothing happens."),
    )
    mailing.queue(
        session,
        identity.address,
        Text("%(site)s: confirm your address", site=site_name),
        text,
        topic="address",
        stream=stream_of(person),
        now=now,
        language=person.locale or language,
    )


def for_letters(session: Session, person: Person) -> str:
    """Return where letters to a person go: the proven address that they chose, else their login's.

    Empty where neither is known.
    """
    chosen = select(EmailIdentity.address).filter_by(person_id=person.id, is_default=True)
    proven = session.scalars(chosen.where(EmailIdentity.verified_at.is_not(None))).first()
    return proven or person.email or ""


def stream_of(person: Person) -> str:
    """Return under what letters to a person are queued."""
    return f"letters-{person.id}"


def _claim(identity: EmailIdentity) -> list[int | str]:
    mark = hashlib.sha256(identity.address.encode()).hexdigest()[:16]
    return [identity.id, identity.person_id, mark]


def _serializer(secret: str) -> URLSafeSerializer:
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(secret, salt=SALT, signer_kwargs=signing)
