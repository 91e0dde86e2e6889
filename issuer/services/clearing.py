# SPDX-License-Identifier: AGPL-3.0-or-later
"""Takes away what can come to nothing any more: invitations that are over, claims without hope."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, or_, select, update

from issuer.models import Badge, Claim, ClaimState, Invitation, InvitationUse, Person

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

BATCH = 500
RETIRED = "This badge is retired: nobody gets it any more."
AWAY = "The account wants no badges."


def drop_invitations(session: Session, *, keep_days: int, now: datetime) -> int:
    """Delete some invitations that ended long ago and that nobody used; return how many."""
    before = now - timedelta(days=keep_days)
    over = (
        select(Invitation.id)
        .where(
            or_(Invitation.expires_at < before, Invitation.revoked_at < before),
            ~exists().where(InvitationUse.invitation_id == Invitation.id),
        )
        .limit(BATCH)
    )
    ids = session.scalars(over).all()
    session.execute(delete(Invitation).where(Invitation.id.in_(ids)))
    return len(ids)


def decline_claims(session: Session, *, now: datetime) -> int:
    """Decline some claims that nobody could accept; return how many."""
    number = 0
    for reason, hopeless in (
        (RETIRED, Claim.badge_id.in_(select(Badge.id).where(Badge.retired_at.is_not(None)))),
        (
            AWAY,
            Claim.person_id.in_(
                select(Person.id).where(Person.opted_out | Person.erased_at.is_not(None))
            ),
        ),
    ):
        is_open = Claim.state.in_([ClaimState.OPEN, ClaimState.ASKED_BACK])
        ids = session.scalars(select(Claim.id).where(is_open, hopeless).limit(BATCH)).all()
        session.execute(
            update(Claim)
            .where(Claim.id.in_(ids), is_open)
            .values(state=ClaimState.DECLINED, answer=reason, reviewed_at=now)
        )
        number += len(ids)
    return number
