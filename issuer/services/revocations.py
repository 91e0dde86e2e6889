# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards taken back by people: one, or what was given by mistake; lists are in `withdrawing`.

What was taken back stays so: no rule gives it again unless an admin allows it (`allow_again`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.errors import ConflictError, ForbiddenError
from issuer.models import Assertion, Award, BatchState, LineState, Source
from issuer.models.awards import FREED
from issuer.services import audits, awards, batches, emails, mailing, permissions, persons
from issuer.services.gifts import Cause
from issuer.services.permissions import Right
from issuer.words import Text, paragraphs

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Batch, Person
    from issuer.services.awards import Outcome
    from issuer.services.permissions import Actor

#: It is published with the award.
BY_MISTAKE = "Awarded by mistake."
#: Each is several statements, so fewer of them share a transaction than of what is given.
CHUNK = 100


@dataclass(frozen=True, slots=True)
class Letters:
    """What a letter to a holder says beside the reason; nobody writes where there is none."""

    site_name: str
    base_url: str
    contact: str


def revoke(
    session: Session,
    actor: Actor,
    given: Award,
    reason: str,
    *,
    letters: Letters | None,
    now: datetime,
) -> bool:
    """Take an award back for a reason that its holder reads; tell whether it was not before."""
    permissions.require(session, actor, Right.REVOKE, given.badge, now=now)
    if not awards.revoke(session, given, reason, now=now, revoked_by=actor.person_id):
        return False
    _record(session, actor, "award.revoke", given, {"reason": given.revocation_reason}, now)
    if letters is not None:
        tell(session, given, letters, now=now)
    return True


def tell(session: Session, given: Award, letters: Letters, *, now: datetime) -> None:
    """Queue a letter that tells the holder why; whoever opted out is left in peace."""
    person = given.person
    address = _address(session, person)
    if not address:
        return
    own = select(Assertion.document_id).filter_by(award_id=given.id, is_default=True)
    page = session.scalars(own).one_or_none() or letters.base_url
    text = paragraphs(
        Text("Hello %(person)s,", person=person.username),
        Text(
            "the badge “%(badge)s”, which %(site)s had awarded to you, was taken back. The reason:",
            badge=given.badge.name,
            site=letters.site_name,
        ),
        given.revocation_reason or "",
        Text("Its page says so too: %(address)s", address=page),
        Text("If you think that this is wrong, write to %(contact)s.", contact=letters.contact),
    )
    mailing.queue(
        session,
        address,
        Text("%(site)s: a badge was taken back", site=letters.site_name),
        text,
        topic="revocation",
        stream=emails.stream_of(person),
        now=now,
        language=person.locale,
    )


def allow_again(session: Session, actor: Actor, given: Award, *, now: datetime) -> None:
    """Let somebody earn a badge again that was taken back from them, by a rule too.

    Raises `ConflictError` where nothing stands in their way.
    """
    permissions.require(session, actor, Right.REVOKE, given.badge, now=now)
    if not given.is_revoked or given.may_come_again:
        raise ConflictError("award: nothing is in the way of earning it again")
    same = select(Award).filter_by(badge_id=given.badge_id, person_id=given.person_id)
    if given.badge.repeatable:
        same = same.filter_by(id=given.id)
    rows = session.scalars(same.order_by(Award.id).with_for_update()).all()
    if any(not row.is_revoked for row in rows):
        raise ConflictError("award: the person has the badge by another award")
    for row in rows:
        _free(row)
    session.flush()
    _record(session, actor, "award.allow_again", given, {}, now)


def award_again(
    session: Session, actor: Actor, former: Award, *, email_domain: str, now: datetime
) -> Outcome:
    """Give the badge of a revoked award to the same person by hand; raises as `awards.award`."""
    cause = Cause(source=Source.ADMIN, awarded_by=actor.person_id)
    outcome = awards.award_again(
        session, former.badge, former.person, cause=cause, email_domain=email_domain, now=now
    )
    if outcome.created:
        _record(session, actor, "award.again", outcome.award, {"former": str(former.uuid)}, now)
    return outcome


def undo_one(session: Session, actor: Actor, given: Award, *, now: datetime) -> bool:
    """Undo what whoever acts gave within the last minutes; tell whether it was not before."""
    if given.awarded_by_id is None or given.awarded_by_id != actor.person_id:
        raise ForbiddenError("award: somebody else gave it: you cannot undo it")
    if now - given.created_at > batches.UNDO:
        raise ConflictError("award: was given more than ten minutes ago: it can only be revoked")
    if not _undo(session, actor, given, now):
        return False
    _record(session, actor, "award.undo", given, {"reason": BY_MISTAKE}, now)
    return True


def undo(session: Session, actor: Actor, batch: Batch, *, now: datetime) -> bool:
    """Undo the next awards of a batch; tell whether more are left.

    Raises `ConflictError` when it is too late.
    """
    batches.require_own(actor, batch)
    if not batches.may_undo(batch, now):
        raise ConflictError(
            "list: was awarded more than ten minutes ago, or undone: nothing was done now"
        )
    batch.state = BatchState.UNDOING
    lines = batches.next_lines(session, batch, LineState.DONE)[:CHUNK]
    number = 0
    for line in lines:
        line.state = LineState.UNDONE
        if line.award is not None and _undo(session, actor, line.award, now):
            number += 1
    if number:
        after = {"awards": number, "reason": BY_MISTAKE}
        audits.record(session, actor, "award.undo", "batch", batch.uuid, now=now, after=after)
    more = len(lines) == CHUNK
    if not more:
        batch.state = BatchState.UNDONE
    session.flush()
    return more


def revoke_in_list(
    session: Session,
    actor: Actor,
    given: Award,
    reason: str,
    letters: Letters | None,
    now: datetime,
) -> bool:
    """Take one award of many back, which is recorded for all at once."""
    if not awards.revoke(session, given, reason, now=now, revoked_by=actor.person_id):
        return False
    if letters is not None:
        tell(session, given, letters, now=now)
    return True


def _undo(session: Session, actor: Actor, given: Award, now: datetime) -> bool:
    if not awards.revoke(session, given, BY_MISTAKE, now=now, revoked_by=actor.person_id):
        return False
    _free(given)  # a mistake of ours is nobody's fault: they may earn it
    session.flush()
    return True


def _free(award: Award) -> None:
    if not award.occurrence.startswith(FREED):
        award.occurrence = f"{FREED}{award.id}"


def _address(session: Session, person: Person) -> str:
    if person.opted_out or person.erased_at is not None:
        return ""
    chosen = persons.default_address(session, person, "")
    return (person.email or "") if isinstance(chosen, str) else chosen.address


def _record(
    session: Session,
    actor: Actor,
    action: str,
    given: Award,
    facts: dict[str, str | None],
    now: datetime,
) -> None:
    after = {"badge": given.badge.slug, "person": given.person.username, **facts}
    audits.record(session, actor, action, "award", given.uuid, now=now, after=after)
