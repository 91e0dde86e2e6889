# SPDX-License-Identifier: AGPL-3.0-or-later
"""Assertions for the other addresses of a holder: made at the first demand, the same ever after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import joinedload

from issuer.errors import NotFoundError
from issuer.models import (
    Assertion,
    Award,
    EmailIdentity,
    KeyState,
    SigningKey,
)
from issuer.services import documents, emails, gifts
from openbadges.identity import email_identity, matches, new_salt
from openbadges.models import IdentityObject

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Person


class _Edition(NamedTuple):
    """Under what an award is made out."""

    id: int
    document_id: str
    key_id: int
    base_url: str


def for_address(
    session: Session,
    person: Person,
    award_ids: Sequence[int],
    number: int | None,
    *,
    now: datetime,
) -> list[int]:
    """Return the rows of a person's assertions for one of their addresses, in the order of awards.

    Without ``number`` they are those that the public pages show. Those that nobody asked for
    before are made now; awards that were taken back are left out. Raises `NotFoundError` for an
    address or an award that is not theirs, `InvalidInputError` for an address that is not proven.
    """
    awards = _held(session, person, award_ids)
    if number is None:
        found = _defaults(session, awards)
    else:
        identity = _locked(session, person, number)
        found = _known(session, identity, awards)
        missing = {each: award for each, award in awards.items() if each not in found}
        if missing:
            _make(session, identity, list(missing.values()), now=now)
            found |= _known(session, identity, missing)
    return [found[each] for each in award_ids if each in awards]


def _held(session: Session, person: Person, award_ids: Sequence[int]) -> dict[int, Award]:
    statement = select(Award).where(Award.id.in_(award_ids), Award.person_id == person.id)
    found = {award.id: award for award in session.scalars(statement)}
    if strange := set(award_ids) - found.keys():
        raise NotFoundError(
            "award %(award)s: is none of %(person)s", award=min(strange), person=person.username
        )
    return {each: award for each, award in found.items() if not award.is_revoked}


def _defaults(session: Session, award_ids: Collection[int]) -> dict[int, int]:
    rows = select(Assertion.award_id, Assertion.id).where(
        Assertion.award_id.in_(award_ids), Assertion.is_default
    )
    return dict(session.execute(rows).all())


def _locked(session: Session, person: Person, number: int) -> EmailIdentity:
    """Return an address; of two who ask at once the second sees what the first made."""
    statement = select(EmailIdentity).filter_by(person_id=person.id, id=number).with_for_update()
    options = {"populate_existing": True}
    identity = session.scalars(statement, execution_options=options).one_or_none()
    if identity is None:
        raise NotFoundError("address %(number)s: is none of yours", number=number)
    emails.check_proven(identity)
    return identity


def _known(session: Session, identity: EmailIdentity, award_ids: Collection[int]) -> dict[int, int]:
    """Return which awards have an assertion for this address already.

    An address that was removed and proven again, or is that of the account, is told by its hash.
    """
    statement = select(Assertion).where(
        Assertion.award_id.in_(award_ids),
        Assertion.email_identity_id.is_(None) | (Assertion.email_identity_id == identity.id),
    )
    found: dict[int, int] = {}
    for assertion in session.scalars(statement):
        if assertion.email_identity_id is None:
            recipient = IdentityObject(
                type=assertion.identity_type,
                hashed=True,
                identity=assertion.identity_hash,
                salt=assertion.salt,
            )
            if not matches(recipient, identity.address):
                continue
            assertion.email_identity_id = identity.id
        found[assertion.award_id] = assertion.id
    session.flush()
    return found


def _make(
    session: Session, identity: EmailIdentity, awards: Sequence[Award], *, now: datetime
) -> None:
    editions = _editions(session, [award.id for award in awards])
    session.execute(
        insert(Assertion), [_row(identity, award, editions[award.id], now) for award in awards]
    )


def _row(identity: EmailIdentity, award: Award, edition: _Edition, now: datetime) -> dict[str, Any]:
    recipient = email_identity(identity.address, new_salt())
    uuid = uuid4()
    document = documents.issued(
        edition.base_url,
        edition.document_id,
        uuid,
        recipient,
        issued_at=award.issued_at,
        expires_at=award.expires_at,
        evidence=award.evidence,
        narrative=award.narrative,
    )
    return {
        "uuid": uuid,
        "award_id": award.id,
        "email_identity_id": identity.id,
        "is_default": False,
        "identity_type": recipient.type,
        "salt": recipient.salt,
        "identity_hash": recipient.identity,
        "subject_uuid": uuid4(),
        "edition_id": edition.id,
        "key_id": edition.key_id,
        "document_id": document.id,
        "document": document.text,
        "created_at": now,
    }


def _editions(session: Session, award_ids: Sequence[int]) -> dict[int, _Edition]:
    """Return under which edition and key each award is made out to another address.

    It is that of the public assertion, as long as its key signs; else the newest of the badge.
    """
    statement = (
        select(Assertion)
        .where(Assertion.award_id.in_(award_ids), Assertion.is_default)
        .options(
            joinedload(Assertion.key, innerjoin=True).joinedload(SigningKey.issuer, innerjoin=True),
            joinedload(Assertion.edition, innerjoin=True),
        )
    )
    defaults = {each.award_id: each for each in session.scalars(statement)}
    retired = {each.edition.badge_id for each in defaults.values() if not _signs(each)}
    newest = gifts.find_badges(session, retired) if retired else {}
    found = {}
    for award_id, default in defaults.items():
        edition = default.edition
        if _signs(default):
            base_url = default.key.issuer.base_url
            found[award_id] = _Edition(edition.id, edition.document_id, default.key_id, base_url)
        else:
            badge = newest[edition.badge_id]
            found[award_id] = _Edition(
                badge.edition_id, badge.edition_document_id, badge.key_id, badge.base_url
            )
    return found


def _signs(assertion: Assertion) -> bool:
    return assertion.key.state == KeyState.ACTIVE
