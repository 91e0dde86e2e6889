# SPDX-License-Identifier: AGPL-3.0-or-later
"""Offers: which badges members may claim, how many awards there are for it, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from issuer.db import insert_once
from issuer.errors import ConflictError, InvalidInputError
from issuer.models import Badge, Bounty
from issuer.services import audits
from issuer.services.badges import UNSEEN
from issuer.words import Text, several

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

MAX_INSTRUCTIONS = 4000
MAX_AWARDS = 1_000_000


class Shut(StrEnum):
    """Why a badge cannot be claimed."""

    NOT_OFFERED = "not-offered"
    RETIRED = "retired"
    ENDED = "ended"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Whether a badge may be claimed, and how."""

    claimable: bool
    instructions: str = ""
    maximum_awards: int | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is offered of a badge now."""

    terms: Terms
    accepted: int
    shut: Shut | None

    @property
    def left(self) -> int | None:
        """How many awards are left; None: any number."""
        most = self.terms.maximum_awards
        return None if most is None else max(0, most - self.accepted)


def find(session: Session, badge: Badge, *, now: datetime) -> Offer:
    """Return what is offered of a badge."""
    bounty = session.get(Bounty, badge.id) or Bounty(badge_id=badge.id, accepted=0, instructions="")
    terms = Terms(
        claimable=badge.claimable,
        instructions=bounty.instructions,
        maximum_awards=bounty.maximum_awards,
        ends_at=bounty.ends_at,
    )
    return Offer(terms=terms, accepted=bounty.accepted, shut=_shut(badge, bounty, now))


def require_open(session: Session, badge: Badge, *, now: datetime) -> None:
    """Raise `ConflictError` unless a badge can be claimed now."""
    shut = find(session, badge, now=now).shut
    if shut is not None:
        raise ConflictError("badge %(badge)r: %(reason)s", badge=badge.name, reason=_WORDS[shut])


def change(session: Session, badge: Badge, terms: Terms, *, actor: Actor, now: datetime) -> None:
    """Change what is offered of a badge, and note who did; raise `InvalidInputError`."""
    mistakes = []
    if terms.maximum_awards is not None and not 1 <= terms.maximum_awards <= MAX_AWARDS:
        mistakes.append(Text("awards: from 1 to %(limit)s, or any number", limit=MAX_AWARDS))
    if len(terms.instructions) > MAX_INSTRUCTIONS or UNSEEN.search(terms.instructions):
        mistakes.append(
            Text(
                "instructions: at most %(limit)s characters that can be seen",
                limit=MAX_INSTRUCTIONS,
            )
        )
    if mistakes:
        raise InvalidInputError(several(mistakes))
    values = {"badge_id": badge.id, "accepted": 0, "instructions": ""}
    insert_once(session, Bounty, values, unique=("badge_id",))
    bounty = session.get_one(Bounty, badge.id, with_for_update=True, populate_existing=True)
    before = _facts(badge, bounty)
    badge.claimable = terms.claimable
    bounty.instructions = "\n".join(terms.instructions.splitlines()).strip()
    bounty.maximum_awards, bounty.ends_at = terms.maximum_awards, terms.ends_at
    session.flush()
    after = _facts(badge, bounty)
    if before != after:
        audits.record(
            session,
            actor,
            "bounty.change",
            "badge",
            badge.slug,
            now=now,
            before=before,
            after=after,
        )


def take(session: Session, badge: Badge) -> None:
    """Count an award of an offer; raise `ConflictError` where none is left.

    The row stays locked until the award is written: of two who take the last one gets it.
    """
    if session.scalars(select(Bounty.badge_id).filter_by(badge_id=badge.id)).first() is None:
        return  # no limits were set
    room = or_(Bounty.maximum_awards.is_(None), Bounty.accepted < Bounty.maximum_awards)
    taken = session.execute(
        update(Bounty)
        .where(Bounty.badge_id == badge.id, room)
        .values(accepted=Bounty.accepted + 1)
        .returning(Bounty.badge_id)
    ).first()
    if taken is None:
        raise ConflictError(
            "badge %(badge)r: %(reason)s", badge=badge.name, reason=_WORDS[Shut.FULL]
        )


_WORDS = {
    Shut.NOT_OFFERED: Text("cannot be claimed"),
    Shut.RETIRED: Text("is retired, nobody gets it any more"),
    Shut.ENDED: Text("the time in which it could be claimed is over"),
    Shut.FULL: Text("all awards that were offered are given"),
}


def _shut(badge: Badge, bounty: Bounty, now: datetime) -> Shut | None:
    for reason, holds in (
        (Shut.NOT_OFFERED, not badge.claimable),
        (Shut.RETIRED, badge.retired_at is not None),
        (Shut.ENDED, bounty.ends_at is not None and bounty.ends_at <= now),
        (
            Shut.FULL,
            bounty.maximum_awards is not None and bounty.accepted >= bounty.maximum_awards,
        ),
    ):
        if holds:
            return reason
    return None


def _facts(badge: Badge, bounty: Bounty) -> dict[str, object]:
    return {
        "claimable": badge.claimable,
        "instructions": bounty.instructions,
        "maximum_awards": bounty.maximum_awards,
        "ends_at": bounty.ends_at.isoformat() if bounty.ends_at else None,
    }
