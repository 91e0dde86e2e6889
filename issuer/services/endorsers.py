# SPDX-License-Identifier: AGPL-3.0-or-later
"""What other issuers say in favour of ours: verified, and kept whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import select

from issuer.errors import ConflictError, InvalidInputError
from issuer.models import Endorsement, EndorsementForm
from issuer.services import audits, endorsable, endorsements
from issuer.services.endorsements import MAX_COMMENT, TABLE
from issuer.services.findings import clean
from issuer.services.verifying import RememberingFetcher
from openbadges.ob3.vocabulary import ENDORSEMENT as CREDENTIAL
from openbadges.times import parse_time
from openbadges.verification import verify
from openbadges.vocabulary import ENDORSEMENT

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor
    from openbadges.fetching import Fetcher
    from openbadges.verification import Report

#: What another issuer's may be long, with all that is signed.
MAX_DOCUMENT = 100_000
#: A run of the job asks for so many; the next one goes on.
MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Examined:
    """What was handed in as an endorsement: what the verifier says, and the text of it."""

    report: Report
    text: str


def examine(source: str, fetcher: Fetcher, *, now: datetime) -> Examined:
    """Return what the verifier says of an endorsement: its address, its JSON or its token.

    It asks other sites, so nothing in the database may wait for it. Raises `InvalidInputError` for
    what is too long.
    """
    source = source.strip()
    if len(source) > MAX_DOCUMENT:
        raise InvalidInputError("endorsement: is longer than %(limit)s letters", limit=MAX_DOCUMENT)
    remembering = RememberingFetcher(fetcher)
    report = verify(source, fetcher=remembering, now=now)
    text = source
    if report.source == "URL" or form_of(report) is EndorsementForm.HOSTED:
        # What its issuer says at its address, not what somebody handed in.
        address = str((report.document or {}).get("id", ""))
        body = remembering.bodies.get(address) or remembering.bodies.get(source, b"")
        text = body.decode("utf-8", "replace").strip()
    return Examined(report, text)


def form_of(report: Report) -> EndorsementForm:
    """Return how what was judged was given."""
    if report.subject == CREDENTIAL:
        has_proof = "proof" in (report.document or {})
        return EndorsementForm.PROOF if has_proof else EndorsementForm.JWT
    return EndorsementForm.SIGNED if report.method == "signed" else EndorsementForm.HOSTED


def take_in(session: Session, actor: Actor, given: Examined, *, now: datetime) -> Endorsement:
    """Keep what another issuer says of something of ours, whole.

    Raises `InvalidInputError` for what is no endorsement of ours that holds, `ConflictError` for
    one that is here already, and `ForbiddenError`.
    """
    report = given.report
    if report.subject not in (ENDORSEMENT, CREDENTIAL):
        raise InvalidInputError("endorsement: this is none: %(reason)s", reason=report.sentence)
    if not report.valid:
        raise InvalidInputError("endorsement: %(reason)s", reason=report.sentence)
    if not given.text or len(given.text) > MAX_DOCUMENT:
        raise InvalidInputError(
            "endorsement: needs to be at most %(limit)s letters", limit=MAX_DOCUMENT
        )
    said = _said(report)
    subject = endorsable.find(session, said.subject)
    if subject is None or subject.about is None:
        raise InvalidInputError(
            "endorsement: %(subject)s is nothing of this site", subject=clean(said.subject)
        )
    endorsements.require(actor, subject.about)
    if subject.is_revoked:
        raise ConflictError("%(award)s: the award was revoked", award=clean(said.subject))
    _refuse_own(session, said)
    made = Endorsement(
        uuid=uuid4(),
        document_id=said.id,
        subject=subject.id,
        about_id=subject.about.id,
        endorser=said.issuer,
        endorser_name=said.issuer_name,
        comment=said.comment,
        form=form_of(report),
        document=given.text,
        issued_at=said.issued_at,
        expires_at=parse_time(report.valid_until) if report.valid_until else None,
        checked_at=now,
        created_at=now,
    )
    conflict = ConflictError("endorsement %(name)s: is here already", name=clean(said.id))
    endorsements.add(session, made, conflict)
    after = {"endorser": said.issuer, "id": said.id, "subject": subject.claimed}
    audits.record(session, actor, "endorsement.take_in", TABLE, made.uuid, now=now, after=after)
    session.flush()
    return made


def note(session: Session, actor: Actor, uuid: UUID, report: Report, *, now: datetime) -> str:
    """Keep what the verifier says now of another issuer's endorsement; return its verdict."""
    found = endorsements.locked(session, actor, uuid)
    if found.is_own:
        raise ConflictError("endorsement %(name)s: is our own, nothing has to be asked", name=uuid)
    before = found.verdict
    if _keep(found, report, now):
        audits.record(
            session,
            actor,
            "endorsement.check",
            TABLE,
            uuid,
            now=now,
            before={"verdict": before},
            after={"verdict": found.verdict},
        )
    session.flush()
    return found.verdict


def source_of(found: Endorsement) -> str:
    """Return what the verifier is asked about: an address, or what its issuer signed."""
    return found.document_id if found.form == EndorsementForm.HOSTED else found.document


def waiting(session: Session) -> list[tuple[UUID, str, str]]:
    """Return others' endorsements that are shown: name, source, and who says it, longest first."""
    statement = (
        select(Endorsement)
        .where(Endorsement.issuer_id.is_(None), Endorsement.revoked_at.is_(None))
        .order_by(Endorsement.checked_at, Endorsement.id)
        .limit(MOST_AT_ONCE)
    )
    return [(each.uuid, source_of(each), each.endorser_name) for each in session.scalars(statement)]


def keep_verdict(session: Session, uuid: UUID, report: Report, *, now: datetime) -> bool:
    """Keep what the verifier says now, by a job; return whether it is another verdict."""
    statement = select(Endorsement).filter_by(uuid=uuid).with_for_update(of=Endorsement)
    found = session.scalars(statement).one_or_none()
    return found is not None and _keep(found, report, now)


def _keep(found: Endorsement, report: Report, now: datetime) -> bool:
    before, found.verdict, found.checked_at = found.verdict, str(report.verdict.value), now
    return found.verdict != before


def _refuse_own(session: Session, said: _Said) -> None:
    """Refuse what our own issuers say: that is issued here, and not taken in."""
    issuer = endorsable.find(session, said.issuer)
    if issuer is not None:
        raise ConflictError("endorsement %(name)s: is our own: issue it here", name=clean(said.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What an endorsement of either version says."""

    id: str
    subject: str
    comment: str
    issuer: str
    issuer_name: str
    issued_at: datetime


def _said(report: Report) -> _Said:
    document: dict[str, Any] = report.document or {}
    if report.subject == CREDENTIAL:
        claim, name = document["credentialSubject"], document["issuer"]
        profile = name if isinstance(name, dict) else {"id": name}
        issued = document["validFrom"]
    else:
        claim, issued = document["claim"], document["issuedOn"]
        claim = {"id": claim} if isinstance(claim, str) else claim
        profile = report.issuer or {}
    return _Said(
        id=document["id"],
        subject=claim["id"],
        comment=clean(claim.get("endorsementComment"), MAX_COMMENT, lines=True),
        issuer=profile["id"],
        issuer_name=clean(profile.get("name"), 200) or clean(profile["id"]),
        issued_at=parse_time(issued).astimezone(UTC),
    )
