# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invitations: links and one-time codes by which a badge is claimed, each use counted once.

The token of a link is kept in readable form, because whoever made a link has to see it again; it
gives one badge and nothing else, can be revoked, and is written to no log.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import joinedload

from issuer.errors import (
    ConflictError,
    InvalidInputError,
    InvitationClosedError,
    NotFoundError,
    OptedOutError,
)
from issuer.models import Award, Badge, Invitation, InvitationUse, Source
from issuer.models.granting import hash_of_token
from issuer.services import audits, awards, badges
from issuer.services.badges import UNSEEN
from issuer.words import Text, several

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from issuer.models import Person
    from issuer.services.permissions import Actor

#: 160 bits, in letters and digits that can be told on the telephone.
TOKEN_BYTES = 20
MAX_TOKEN = 100
MAX_CODES = 500
MAX_USES = 1_000_000
MAX_NOTE = 200


class Closing(StrEnum):
    """Why nobody gets a badge by an invitation any more."""

    REVOKED = "revoked"
    RETIRED = "retired"  # the badge
    EXPIRED = "expired"
    USED_UP = "used-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be made: one link, or that many codes for one use each."""

    expires_at: datetime | None
    maximum_uses: int | None = None  # of a link; None: any number
    codes: int = 0
    note: str = ""

    @property
    def promised(self) -> int | None:
        """How many awards it may lead to."""
        return self.codes or self.maximum_uses


def make(
    session: Session, badge: Badge, wanted: Wanted, *, actor: Actor, now: datetime
) -> Sequence[Invitation]:
    """Make a link, or codes that belong together, and note who did.

    Raises `InvalidInputError` for what nobody could use, `ConflictError` for a retired badge.
    """
    _check(wanted, now)
    if badge.retired_at is not None:
        raise ConflictError(
            "badge %(badge)r: is retired, nobody gets it any more", badge=badge.slug
        )
    badges.current_edition(session, badge)
    batch = _token() if wanted.codes else ""
    made = [
        Invitation(
            token=_token(),
            batch=batch,
            badge_id=badge.id,
            created_by_id=actor.person_id,
            note=wanted.note.strip(),
            maximum_uses=1 if wanted.codes else wanted.maximum_uses,
            created_at=now,
            expires_at=wanted.expires_at,
        )
        for _ in range(wanted.codes or 1)
    ]
    session.add_all(made)
    session.flush()
    facts = {
        "badge": badge.slug,
        "codes": wanted.codes,
        "maximum_uses": made[0].maximum_uses,
        "expires_at": wanted.expires_at.isoformat() if wanted.expires_at else None,
        "note": made[0].note,
    }
    audits.record(session, actor, "invitation.make", "invitation", made[0].id, now=now, after=facts)
    return made


def find(session: Session, token: str) -> Invitation:
    """Return the invitation of a token, with its badge; raise `NotFoundError`."""
    statement = (
        select(Invitation)
        .filter_by(token_hash=hash_of_token(token[:MAX_TOKEN]))
        .options(joinedload(Invitation.badge).joinedload(Badge.issuer))
        .options(joinedload(Invitation.created_by))
    )
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("invitation: there is none at this address: look at the link again")
    return found


def closing(invitation: Invitation, *, now: datetime) -> Closing | None:
    """Return why an invitation is closed, or nothing while it is open."""
    most, until = invitation.maximum_uses, invitation.expires_at
    for reason, holds in (
        (Closing.REVOKED, invitation.revoked_at is not None),
        (Closing.RETIRED, invitation.badge.retired_at is not None),
        (Closing.EXPIRED, until is not None and until <= now),
        (Closing.USED_UP, most is not None and invitation.uses >= most),
    ):
        if holds:
            return reason
    return None


def is_open(*, now: datetime) -> ColumnElement[bool]:
    """Return the condition on `Invitation` for those by which a badge is still to be had."""
    return and_(
        Invitation.revoked_at.is_(None),
        or_(Invitation.expires_at.is_(None), Invitation.expires_at > now),
        or_(Invitation.maximum_uses.is_(None), Invitation.uses < Invitation.maximum_uses),
    )


def claim(
    session: Session, token: str, person: Person, *, email_domain: str, now: datetime
) -> awards.Outcome:
    """Give the badge of an invitation to a person; whoever has it keeps it, and no use is counted.

    However many claim at once, there are never more uses than permitted. Raises `NotFoundError`,
    `InvitationClosedError`, `OptedOutError`, and `ConflictError` for a person from whom the badge
    was taken back.
    """
    invitation = find(session, token)
    if person.opted_out or person.erased_at is not None:
        raise OptedOutError("person %(person)r: wants no badges", person=person.username)
    held = held_by(session, invitation, person)
    if held is not None:
        return awards.Outcome(held, created=False)
    if closing(invitation, now=now) or not _use(session, invitation, now):
        raise InvitationClosedError("invitation: nobody gets a badge by it any more")
    outcome = awards.award(
        session,
        invitation.badge,
        person,
        cause=awards.Cause(
            source=Source.INVITATION,
            id=str(invitation.id),  # never the token: this is told to others
            awarded_by=invitation.created_by_id,
        ),
        email_domain=email_domain,
        now=now,
        occurrence=_occurrence(invitation),
    )
    if outcome.created:
        session.add(
            InvitationUse(
                invitation_id=invitation.id,
                person_id=person.id,
                award_id=outcome.award.id,
                used_at=now,
            )
        )
    else:  # given in another way since we looked
        session.execute(
            update(Invitation).filter_by(id=invitation.id).values(uses=Invitation.uses - 1)
        )
    session.flush()
    return outcome


def held_by(session: Session, invitation: Invitation, person: Person) -> Award | None:
    """Return what a person already has of that which an invitation gives.

    Raises `ConflictError` where it was taken back: no link undoes that.
    """
    statement = select(Award).filter_by(badge_id=invitation.badge_id, person_id=person.id)
    if invitation.badge.repeatable:
        statement = statement.filter_by(occurrence=_occurrence(invitation))
    given = session.scalars(statement.order_by(Award.id.desc())).all()
    for award in given:
        if not award.is_revoked:
            return award
    if _occurrence(invitation) in {award.occurrence for award in given}:
        raise ConflictError(
            "badge %(badge)r: was taken back from you: ask those who award it for a new one",
            badge=invitation.badge.name,
        )
    return None


def revoke(session: Session, invitation: Invitation, *, actor: Actor, now: datetime) -> int:
    """Close an invitation, and all codes that were made with it; return how many were open."""
    closed = session.execute(
        update(Invitation)
        .where(together(invitation), Invitation.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(Invitation.id)
    ).all()
    if closed:
        facts = {"badge": invitation.badge.slug, "codes": len(closed) if invitation.batch else 0}
        audits.record(
            session, actor, "invitation.revoke", "invitation", invitation.id, now=now, after=facts
        )
    session.flush()
    session.refresh(invitation)
    return len(closed)


def together(invitation: Invitation) -> ColumnElement[bool]:
    """Return the condition on `Invitation` for one and all that were made with it."""
    if invitation.batch:
        return Invitation.batch == invitation.batch
    return Invitation.id == invitation.id


def clean(session: Session, now: datetime, keep_days: int) -> int:
    """Forget invitations that have been closed for so many days, and who used them.

    The awards stay. Returns how many are gone.
    """
    before = now - timedelta(days=keep_days)
    used_up = and_(Invitation.maximum_uses.is_not(None), Invitation.uses >= Invitation.maximum_uses)
    long_closed = or_(
        Invitation.revoked_at < before,
        Invitation.expires_at < before,
        and_(used_up, Invitation.created_at < before),
    )
    gone = session.execute(delete(Invitation).where(long_closed).returning(Invitation.id)).all()
    session.flush()
    return len(gone)


def _use(session: Session, invitation: Invitation, now: datetime) -> bool:
    """Count a use if there is one left; the row stays locked until the claim is written."""
    taken = session.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id, is_open(now=now))
        .values(uses=Invitation.uses + 1)
        .returning(Invitation.id)
    ).first()
    return taken is not None


def _occurrence(invitation: Invitation) -> str:
    """Return for what a repeatable badge is given: once for all codes that belong together."""
    if not invitation.badge.repeatable:
        return ""
    return f"invitation-{invitation.batch or invitation.id}"


def _check(wanted: Wanted, now: datetime) -> None:
    mistakes = []
    if wanted.expires_at is not None and wanted.expires_at <= now:
        mistakes.append(Text("expiry: lies in the past"))
    if wanted.maximum_uses is not None and not 1 <= wanted.maximum_uses <= MAX_USES:
        mistakes.append(Text("uses: from 1 to %(limit)s, or any number", limit=MAX_USES))
    if not 0 <= wanted.codes <= MAX_CODES:
        mistakes.append(Text("codes: from 1 to %(limit)s at once", limit=MAX_CODES))
    if len(wanted.note.strip()) > MAX_NOTE or UNSEEN.search(wanted.note):
        mistakes.append(Text("note: at most %(limit)s characters that can be seen", limit=MAX_NOTE))
    if mistakes:
        raise InvalidInputError(several(mistakes))


def _token() -> str:
    return base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().lower()
