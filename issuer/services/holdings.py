# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an app gets of a person's badges: each once, as long as it holds, for the chosen address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select

from issuer.addresses import Addresses
from issuer.errors import ForbiddenError, GoneError, InvalidInputError
from issuer.models import Assertion, Award, EmailIdentity
from issuer.services import exporting, minting
from openbadges.serialization import loads_object

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore
    from issuer.models import AppAccess, Person
    from issuer.services.exporting import Exported


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the badges of a person, and how many there are in all."""

    badges: Sequence[Exported]
    total: int


def page(
    session: Session,
    access: AppAccess,
    keys: KeyStore,
    *,
    offset: int,
    limit: int,
    since: datetime | None,
    now: datetime,
) -> Page:
    """Return the badges that a person holds, in the order in which they got them.

    ``since`` leaves out what was awarded, and noted here, before. Raises `KeyUnavailableError`.
    """
    wanted = [Award.person_id == access.person_id, Award.revoked_at.is_(None)]
    if since is not None:
        # One that was dated back is new to whoever came in between.
        wanted.append((Award.issued_at > since) | (Award.created_at > since))
    total = session.scalars(select(func.count()).select_from(Award).where(*wanted)).one()
    award_ids = _ids(session, wanted, offset, limit)
    rows = minting.for_address(
        session, access.person, award_ids, _address(session, access), now=now
    )
    return Page(exporting.collect(session, rows, keys, now=now), total)


def _ids(
    session: Session, wanted: Sequence[ColumnElement[bool]], offset: int, limit: int
) -> Sequence[int]:
    statement = select(Award.id).where(*wanted).order_by(Award.id).offset(offset).limit(limit)
    return session.scalars(statement).all()


def email(session: Session, access: AppAccess, email_domain: str) -> str:
    """Return the address for which the badges are made out that an app gets."""
    number = _address(session, access)
    if number is not None:
        return session.get_one(EmailIdentity, number).address
    return f"{access.person.username}@{email_domain}".lower()


def known(
    session: Session, person: Person, base_url: str, document: dict[str, Any], token: str
) -> str:
    """Return the credential as it is kept here, for one that an app hands in.

    Raises `ForbiddenError` for a badge of another issuer, or of somebody else, `GoneError` for one
    that was taken back, `InvalidInputError` for one that is not as it was issued.
    """
    if not isinstance(document.get("id"), str):
        raise InvalidInputError("id: is missing, and nothing else tells which credential it is")
    uuid = _own_uuid(document["id"], base_url)
    found = session.scalars(select(Assertion).filter_by(uuid=uuid)).one_or_none() if uuid else None
    if found is None:
        raise ForbiddenError(
            "this site is an issuer and keeps only the badges that it awarded itself: hand this "
            "one in where its holder has a backpack or a wallet"
        )
    if found.award.person_id != person.id:
        raise ForbiddenError("this badge was awarded to somebody else")
    if found.award.is_revoked:
        raise GoneError("this badge was revoked: drop it")
    if token:
        is_same = token == found.ob3_jwt
    else:
        is_same = found.ob3 is not None and loads_object(found.ob3) == document
    if not is_same:
        raise InvalidInputError(
            "credential %(id)s: is not as it was issued: fetch it from its id", id=document["id"]
        )
    return token or str(found.ob3)


def _own_uuid(name: str, base_url: str) -> UUID | None:
    """Return the assertion that the id of a credential names, where it is one of ours."""
    start = f"{base_url}/assertions/"
    if not name.startswith(start):
        return None
    try:
        uuid = UUID(name.removeprefix(start)[:36])
    except ValueError:
        return None
    return uuid if name == Addresses(base_url).credential(uuid) else None


def _address(session: Session, access: AppAccess) -> int | None:
    """Return the address that was chosen, as long as it is proven and theirs."""
    if access.email_identity_id is None:
        return None
    identity = session.get(EmailIdentity, access.email_identity_id)
    is_good = (
        identity is not None
        and identity.person_id == access.person_id
        and identity.verified_at is not None
    )
    return access.email_identity_id if is_good else None
