# SPDX-License-Identifier: AGPL-3.0-or-later
"""Endorsements: what our issuers say in favour of a badge, an issuer or an award."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from issuer.addresses import Addresses
from issuer.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from issuer.models import Endorsement, EndorsementForm, KeyState
from issuer.services import (
    audits,
    credentials,
    documents,
    endorsable,
    issuers,
    permissions,
    publishing,
    revoking,
)
from issuer.services.checking import MAX_ADDRESS, check_line, check_text
from issuer.services.endorsable import Kind, Subject
from issuer.services.permissions import Right
from issuer.words import Text
from openbadges.errors import OpenBadgesError
from openbadges.keys import load_public_key
from openbadges.models import Profile
from openbadges.models.kinds import is_absolute
from openbadges.ob3 import endorsements as ob3
from openbadges.ob3 import statuses
from openbadges.serialization import loads_object
from openbadges.signing import sign
from openbadges.verification.scopes import check_statement_scope

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore
    from issuer.models import Issuer, IssuerEpoch
    from issuer.services.permissions import Actor

MAX_COMMENT = 5000
MAX_REASON = 500
TABLE = "endorsement"


def issue(
    session: Session,
    actor: Actor,
    issuer: Issuer,
    about: str,
    comment: str,
    keys: KeyStore,
    *,
    now: datetime,
) -> Endorsement:
    """Let one of our issuers say something in favour of ``about``: of ours, or any other IRI.

    A badge that is named by its bare address is endorsed as it is now. Raises `ForbiddenError`,
    `InvalidInputError`, and `ConflictError` where it says so already or its Profile does not vouch
    for endorsements.
    """
    require(actor, issuer)
    comment = comment.replace("\r\n", "\n").strip()
    if not comment:
        raise InvalidInputError("comment: is needed: say what is good about it")
    check_text(Text("comment"), comment, MAX_COMMENT)
    subject = _named(session, about)
    if subject.is_revoked:
        raise ConflictError(
            "%(award)s: the award was revoked, nobody can endorse it", award=subject.claimed
        )
    epoch = issuers.current_epoch(session, issuer)
    if epoch is None or epoch.key.state != KeyState.ACTIVE:
        raise ConflictError(
            "issuer %(issuer)r: has no key that signs: give it a new one", issuer=issuer.slug
        )
    uuid, moment = uuid4(), now.replace(microsecond=0)
    document = documents.endorsed(
        issuer.base_url, epoch.document_id, uuid, subject.claimed, comment, issued_at=moment
    )
    _check_scope(issuer, epoch, document.id)
    made = Endorsement(
        uuid=uuid,
        document_id=document.id,
        subject=subject.id,
        about_id=subject.about.id if subject.about else None,
        issuer=issuer,
        epoch=epoch,
        endorser=epoch.document_id,
        endorser_name=issuer.name,
        comment=comment,
        form=EndorsementForm.OWN,
        document=document.text,
        issued_at=moment,
        checked_at=moment,
        created_at=now,
    )
    conflict = ConflictError(
        "issuer %(issuer)r: endorses %(subject)s already: revoke that first",
        issuer=issuer.slug,
        subject=subject.id,
    )
    add(session, made, conflict)
    made.ob3 = _credential(session, made, subject, keys, now=now)
    after = {"issuer": issuer.slug, "subject": subject.claimed}
    audits.record(session, actor, "endorsement.issue", TABLE, uuid, now=now, after=after)
    session.flush()
    return made


def revoke(
    session: Session, actor: Actor, uuid: UUID, reason: str, *, now: datetime
) -> Endorsement:
    """Take our own endorsement back, or another issuer's off our pages, for a reason.

    Raises `ConflictError` where that was done before.
    """
    reason = reason.strip()
    check_line(Text("reason"), reason, needed=True, longest=MAX_REASON)
    found = locked(session, actor, uuid)
    if found.revoked_at is not None:
        raise ConflictError("endorsement %(name)s: was revoked before", name=uuid)
    found.revoked_at, found.revocation_reason = now, reason
    action = "endorsement.revoke" if found.is_own else "endorsement.remove"
    after = {"subject": found.subject, "endorser": found.endorser, "reason": reason}
    audits.record(session, actor, action, TABLE, uuid, now=now, after=after)
    session.flush()
    return found


def find(session: Session, uuid: UUID) -> Endorsement:
    """Return an endorsement of whoever; raise `NotFoundError`."""
    statement = select(Endorsement).filter_by(uuid=uuid).options(joinedload(Endorsement.epoch))
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("endorsement %(name)s: there is none", name=uuid)
    return found


def find_own(session: Session, uuid: UUID) -> Endorsement:
    """Return an endorsement that one of our issuers stands by.

    Raises `NotFoundError`, or `RevokedEndorsementError` with the stub when it was revoked.
    """
    found = find(session, uuid)
    if not found.is_own:
        raise NotFoundError("endorsement %(name)s: lies with its issuer", name=uuid)
    if found.revoked_at is not None:
        raise publishing.RevokedEndorsementError(
            found.document_id, found.endorser, found.revocation_reason or ""
        )
    return found


def token(found: Endorsement, keys: KeyStore) -> str:
    """Return the signed twin of an endorsement of ours; RS256 makes the same one each time.

    Raises as `publishing.token`.
    """
    signer = _epoch(found).key
    if signer.state == KeyState.REVOKED:
        raise publishing.WithdrawnKeyError(signer.kid, signer.document)
    if found.jws is not None:
        return found.jws
    key_id = documents.key_id(signer.issuer, signer.kid)
    private = keys.load(signer.kid, load_public_key(signer.public_pem, key_id))
    return sign(documents.signed_twin(found.document, key_id), private)


def signed(session: Session, uuid: UUID, keys: KeyStore) -> str:
    """Return the signed twin of an endorsement of ours: made at the first demand, then kept.

    Raises as `find_own` and `token`.
    """
    found = find_own(session, uuid)
    found.jws = token(found, keys)
    session.flush()
    return found.jws


def proven(session: Session, uuid: UUID, keys: KeyStore, *, now: datetime) -> str:
    """Return an endorsement of ours as a credential with a proof, made once and kept.

    Raises as `find_own`, and `KeyUnavailableError` where a key cannot be used.
    """
    find_own(session, uuid)
    statement = select(Endorsement).filter_by(uuid=uuid).with_for_update(of=Endorsement)
    found = session.scalars(statement, execution_options={"populate_existing": True}).one()
    if found.ob3 is None:
        claimed = loads_object(found.document)["claim"]["id"]
        subject = endorsable.find(session, claimed) or _outside(claimed)
        found.ob3 = _credential(session, found, subject, keys, now=now)
        session.flush()
    return found.ob3


def forget(
    session: Session, subjects: Select[str] | list[str], reason: str, *, now: datetime
) -> None:
    """Drop what was said of awards whose holder is erased: it may tell who that was."""
    for found in session.scalars(select(Endorsement).where(Endorsement.subject.in_(subjects))):
        if not found.is_own:
            session.delete(found)
            continue
        found.comment, found.jws, found.ob3 = "", None, None
        if found.revoked_at is None:
            found.revoked_at, found.revocation_reason = now, reason
        document = documents.endorsed(
            Addresses(_own(found).base_url).base_url,
            found.endorser,
            found.uuid,
            found.subject,
            "",
            issued_at=found.issued_at,
        )
        found.document = document.text


def _named(session: Session, about: str) -> Subject:
    about = about.strip()
    check_line(Text("what is endorsed"), about, needed=True, longest=MAX_ADDRESS)
    found = endorsable.find(session, about)
    if found is not None:
        return endorsable.newest(session, found)
    if not is_absolute(about):
        raise InvalidInputError("what is endorsed: needs to be an address like https://… or an IRI")
    return _outside(about)


def _outside(iri: str) -> Subject:
    return Subject(kind=Kind.OUTSIDE, id=iri, claimed=iri, credential=iri, name=iri)


def _credential(
    session: Session, made: Endorsement, subject: Subject, keys: KeyStore, *, now: datetime
) -> str:
    """Return an endorsement in the words of version 3.0, with a proof."""
    issuer, epoch = _own(made), _epoch(made)
    addresses = Addresses(issuer.base_url)
    listed, index = revoking.place(session, made, issuer, now=now)
    document = ob3.endorsement(
        addresses.endorsement_credential(made.uuid),
        credentials.profile_of(issuer, epoch.document),
        subject.credential,
        made.comment,
        name=f"{issuer.name}: endorsement of {subject.name}"[:300],
        valid_from=made.issued_at,
        status=statuses.entry(addresses.status(listed), index),
    )
    return credentials.prove(session, issuer, document, keys, now=now)


def _own(found: Endorsement) -> Issuer:
    if found.issuer is None:
        raise NotFoundError("endorsement %(name)s: lies with its issuer", name=found.uuid)
    return found.issuer


def _epoch(found: Endorsement) -> IssuerEpoch:
    if found.epoch is None:
        raise NotFoundError("endorsement %(name)s: lies with its issuer", name=found.uuid)
    return found.epoch


def _check_scope(issuer: Issuer, epoch: IssuerEpoch, document_id: str) -> None:
    """Refuse to publish what every verifier would refuse: a Profile never changes."""
    try:
        check_statement_scope(Profile.from_dict(loads_object(epoch.document)), document_id)
    except OpenBadgesError as error:
        raise ConflictError(
            "issuer %(issuer)r: its Profile does not vouch for endorsements: make it a new key, "
            "which comes with a new Profile (%(reason)s)",
            issuer=issuer.slug,
            reason=error,
        ) from error


def add(session: Session, made: Endorsement, conflict: ConflictError) -> None:
    """Keep an endorsement; raise ``conflict`` where the table has it already."""
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise conflict from error


def locked(session: Session, actor: Actor, uuid: UUID) -> Endorsement:
    """Return an endorsement for whoever may change it; raise `NotFoundError`, `ForbiddenError`."""
    statement = select(Endorsement).filter_by(uuid=uuid).with_for_update(of=Endorsement)
    found = session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise NotFoundError("endorsement %(name)s: there is none", name=uuid)
    require_for(actor, found)
    return found


def require_for(actor: Actor, found: Endorsement) -> None:
    """Raise `ForbiddenError` unless somebody manages who says it, or what others say it of."""
    issuer = found.issuer if found.is_own else found.about
    if issuer is None:
        raise ForbiddenError("endorsement %(name)s: is nobody's of this site", name=found.uuid)
    require(actor, issuer)


def require(actor: Actor, issuer: Issuer) -> None:
    """Raise `ForbiddenError` unless somebody may endorse for an issuer."""
    if not permissions.for_issuer(actor, Right.ENDORSE, issuer.slug):
        raise ForbiddenError(
            "issuer %(issuer)r: you have no right to endorse for it", issuer=issuer.slug
        )
