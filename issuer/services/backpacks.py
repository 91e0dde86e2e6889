# SPDX-License-Identifier: AGPL-3.0-or-later
"""Connections of people to their backpacks elsewhere; what opens them is sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, update

from issuer.adapters.backpacks.tokens import Tokens
from issuer.db import inserting
from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import (
    BackpackConnection,
    BackpackHost,
    EmailIdentity,
    Person,
    Push,
    PushState,
)
from issuer.services import emails, persons

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.adapters.backpacks.hosts import Host
    from issuer.adapters.backpacks.oauth import Client
    from issuer.adapters.backpacks.results import Account, Kind
    from issuer.adapters.vault import Vault

MAX_CONNECTIONS = 10
MAX_ERROR = 300
#: What stands in `last_error` where the owner has to sign in at the backpack once more.
LOGIN = "login"
ROWS = 200
#: For how long a registration is believed that nobody has a connection by.
UNUSED = timedelta(days=20)
UNFINISHED = (PushState.WAITING, PushState.WITHDRAWING)


@dataclass(frozen=True, slots=True)
class Found:
    """A backpack that somebody just opened, before it is kept."""

    kind: Kind
    base_url: str
    tokens: Tokens
    account: Account


def listed(session: Session, person: Person) -> Sequence[BackpackConnection]:
    """Return the connections of a person, in the order in which they were made."""
    statement = select(BackpackConnection).filter_by(person_id=person.id)
    return session.scalars(statement.order_by(BackpackConnection.id)).all()


def find(session: Session, person: Person, number: int) -> BackpackConnection:
    """Return a connection of this person and of no other; raise `NotFoundError`."""
    statement = select(BackpackConnection).filter_by(person_id=person.id, id=number)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("backpack %(number)s: is none of yours", number=number)
    return found


def keep(
    session: Session,
    person: Person,
    found: Found,
    vault: Vault,
    *,
    email_domain: str,
    now: datetime,
) -> BackpackConnection:
    """Return the connection to a backpack; one that stood is opened with the new tokens.

    Raises `ConflictError` for one too many.
    """
    name = found.account.name
    own = listed(session, person)
    same = [each for each in own if (each.protocol, each.base_url) == (found.kind, found.base_url)]
    former = next((each for each in same if each.account.lower() == name.lower() or not name), None)
    if former is None:
        if len(own) >= MAX_CONNECTIONS:
            raise ConflictError(
                "backpacks: %(limit)s are enough: remove one first", limit=MAX_CONNECTIONS
            )
        former = BackpackConnection(
            person_id=person.id,
            protocol=found.kind,
            base_url=found.base_url,
            account=name,
            email_identity_id=_fitting(session, person, found.account, email_domain),
            created_at=now,
        )
        session.add(former)
    former.tokens = vault.seal(found.tokens.dump())
    former.last_error, former.failures, former.not_before = None, 0, None
    session.flush()
    session.execute(
        update(Push)
        .where(Push.connection_id == former.id, Push.state.in_(UNFINISHED))
        .values(next_attempt_at=now)
    )
    return former


def remove(session: Session, person: Person, number: int) -> None:
    """Forget a connection and what was sent by it; the badges there stay."""
    session.delete(find(session, person, number))
    session.flush()


def change(
    session: Session,
    person: Person,
    number: int,
    *,
    address: int | None,
    automatic: bool,
) -> BackpackConnection:
    """Choose for which address badges are made out, and whether new ones follow by themselves.

    Raises `NotFoundError`, and for an address that is not proven `InvalidInputError`.
    """
    found = find(session, person, number)
    if address is not None:
        emails.check_proven(emails.find(session, person, address))
    found.email_identity_id, found.automatic = address, automatic
    session.flush()
    return found


def tokens_of(connection: BackpackConnection, vault: Vault) -> Tokens:
    """Return what opens a backpack.

    Raises `SealError`; and `InvalidInputError` where its owner has to sign in there once more.
    """
    if connection.tokens is None:
        raise InvalidInputError("backpack: sign in there once more: it gave no access that lasts")
    return Tokens.load(vault.open(connection.tokens))


def keep_tokens(
    session: Session, connection: BackpackConnection, tokens: Tokens, vault: Vault
) -> None:
    """Note new tokens of a connection, unless others came in place of those that it had.

    ``connection`` is as it was read before; it has the new ones afterwards.
    """
    former, connection.tokens = connection.tokens, vault.seal(tokens.dump())
    session.execute(
        update(BackpackConnection)
        .where(BackpackConnection.id == connection.id, BackpackConnection.tokens == former)
        .values(tokens=connection.tokens)
    )


def is_known_there(
    session: Session, connection: BackpackConnection, account: Account, email_domain: str
) -> bool | None:
    """Whether a backpack knows the address for which badges are made out; None: it told none."""
    if not account.addresses:
        return None
    person = session.get_one(Person, connection.person_id)
    identity = session.get(EmailIdentity, connection.email_identity_id or 0)
    if identity is not None:
        return identity.address in account.addresses
    default = persons.default_address(session, person, email_domain)
    text = default.address if isinstance(default, EmailIdentity) else default
    return str(text).lower() in account.addresses


def host(
    session: Session, kind: Kind, base_url: str, redirect_url: str, *, now: datetime
) -> BackpackHost | None:
    """Return a host where this site is registered under its present address, if there is one.

    One that nobody uses may have forgotten us, as we forget others, and would tell that to nobody
    but the person who is sent there: after a while a new registration is the better one.
    """
    found = session.scalars(
        select(BackpackHost).filter_by(protocol=kind, base_url=base_url)
    ).one_or_none()
    if found is None or found.redirect_url != redirect_url:
        return None
    used = exists().where(
        BackpackConnection.protocol == kind, BackpackConnection.base_url == base_url
    )
    is_old = now - found.created_at > UNUSED
    return None if is_old and not session.scalar(select(used)) else found


def find_host(session: Session, kind: str, base_url: str) -> BackpackHost:
    """Return a host where this site is registered; raise `NotFoundError`."""
    found = session.scalars(
        select(BackpackHost).filter_by(protocol=kind, base_url=base_url)
    ).one_or_none()
    if found is None:
        raise NotFoundError(
            "backpack host %(address)s: this site is not registered there", address=base_url
        )
    return found


def keep_host(
    session: Session,
    about: Host,
    client: Client,
    vault: Vault,
    *,
    redirect_url: str,
    now: datetime,
) -> BackpackHost:
    """Note where a host is asked and under what name; what was noted before goes."""
    values = {
        "document": about.to_dict(),
        "client": vault.seal(client.dump()),
        "redirect_url": redirect_url,
        "created_at": now,
    }
    statement = inserting(session, BackpackHost).values(
        protocol=about.kind, base_url=about.base_url, **values
    )
    session.execute(
        statement.on_conflict_do_update(index_elements=("protocol", "base_url"), set_=values)
    )
    return find_host(session, about.kind, about.base_url)


def forget_host(session: Session, kind: str, base_url: str) -> None:
    """Forget a registration, so that the next login makes a new one."""
    session.execute(delete(BackpackHost).filter_by(protocol=kind, base_url=base_url))


def renew_seals(session: Session, vault: Vault) -> Iterator[int]:
    """Seal everything with the first secret, some rows at a time; yield how many those were.

    Raises `SealError` for what no secret of this site opens.
    """
    for table, column in (
        (BackpackConnection, BackpackConnection.tokens),
        (BackpackHost, BackpackHost.client),
    ):
        last = 0
        while True:
            rows = session.execute(
                select(table.id, column)
                .where(table.id > last, column.is_not(None))
                .order_by(table.id)
                .limit(ROWS)
                .with_for_update()
            ).all()
            if not rows:
                break
            for number, sealed in rows:
                session.execute(
                    update(table)
                    .where(table.id == number)
                    .values({column: vault.renew(sealed or "")})
                )
            last = rows[-1][0]
            yield len(rows)


def _fitting(session: Session, person: Person, account: Account, email_domain: str) -> int | None:
    """Return the address of a person under which the backpack knows them, as far as it is told."""
    default = persons.default_address(session, person, email_domain)
    known = [default] if isinstance(default, EmailIdentity) else []
    if not known and str(default).lower() in account.addresses:
        return None
    known += [each for each in emails.listed(session, person) if each.verified_at is not None]
    for address in account.addresses:
        for identity in known:
            if identity.address == address:
                return identity.id
    return None
