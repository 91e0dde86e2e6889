# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reviews: claims are answered once, by somebody who may, and never by whoever made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import aliased, joinedload

from issuer.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from issuer.models import Badge, Claim, ClaimState, Person, Source
from issuer.services import audits, awards, bounties, permissions
from issuer.services.badges import UNSEEN
from issuer.services.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

MAX_ANSWER = 2000
DECISIONS = (ClaimState.ACCEPTED, ClaimState.ASKED_BACK, ClaimState.DECLINED)
#: By what the queue can be sorted.
COLUMNS: Mapping[str, Any] = {
    "sent": Claim.created_at,
    "badge": func.lower(Badge.name),
    "person": Person.key,
}

_reviewer = aliased(Person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a reviewer says of a claim; ``sending`` tells which version of it they read."""

    decision: ClaimState
    text: str
    sending: int


def listed(
    actor: Actor, *, now: datetime, query: str = "", state: str = "", badge: str = ""
) -> Select[Any]:
    """Select the claims that somebody may answer or has answered; hidden people are in none."""
    statement: Any = (
        select(
            Claim,
            Badge.slug,
            Badge.name,
            Person.username,
            Person.display_name,
            _reviewer.username.label("reviewer"),
        )
        .join(Badge, Badge.id == Claim.badge_id)
        .join(Person, Person.id == Claim.person_id)
        .outerjoin(_reviewer, _reviewer.id == Claim.reviewer_id)
        .where(
            permissions.within(actor, Right.REVIEW, now=now),
            Person.opted_out.is_(False),
            Person.erased_at.is_(None),
            Claim.state != ClaimState.WITHDRAWN,
        )
    )
    if state:
        statement = statement.where(Claim.state == state)
    if badge:
        statement = statement.where(Badge.slug == badge)
    if query:
        columns = (Badge.name, Badge.slug, Person.username, Person.display_name, Claim.text)
        statement = statement.where(
            or_(*(each.icontains(query, autoescape=True) for each in columns))
        )
    selected: Select[Any] = statement
    return selected


def find(session: Session, actor: Actor, number: int, *, now: datetime) -> Claim:
    """Return a claim with its badge and person; raise `NotFoundError` and `ForbiddenError`."""
    statement = (
        select(Claim)
        .filter_by(id=number)
        .options(joinedload(Claim.badge).joinedload(Badge.issuer), joinedload(Claim.person))
    )
    claim = session.scalars(statement).one_or_none()
    if claim is None or claim.state == ClaimState.WITHDRAWN or claim.person.opted_out:
        raise NotFoundError("claim %(claim)s: there is none, or it was withdrawn", claim=number)
    permissions.require(session, actor, Right.REVIEW, claim.badge, now=now)
    return claim


def decide(
    session: Session,
    claim: Claim,
    answer: Answer,
    *,
    actor: Actor,
    email_domain: str,
    now: datetime,
) -> awards.Outcome | None:
    """Answer a claim; return the award where it was accepted.

    Of two reviewers the first decides. Raises `ForbiddenError` for one's own claim, and
    `ConflictError` where it was answered or changed meanwhile, or all awards are given.
    """
    if claim.person_id == actor.person_id:
        raise ForbiddenError(
            "claim %(claim)s: is your own: let somebody else answer it", claim=claim.id
        )
    text = "\n".join(answer.text.splitlines()).strip()
    if len(text) > MAX_ANSWER or UNSEEN.search(text):
        raise InvalidInputError(
            "answer: at most %(limit)s characters that can be seen", limit=MAX_ANSWER
        )
    if not text and answer.decision is not ClaimState.ACCEPTED:
        raise InvalidInputError("answer: say why, for the person who claimed the badge")
    _note(session, claim, answer, text, actor, now)
    outcome = None
    if answer.decision is ClaimState.ACCEPTED:
        outcome = _award(session, claim, actor, email_domain, now)
    audits.record(
        session,
        actor,
        f"claim.{answer.decision}",
        "claim",
        claim.id,
        now=now,
        # What was said stands in the claim, and goes with its person.
        before={"state": ClaimState.OPEN},
        after={
            "state": answer.decision,
            "badge": claim.badge.slug,
            "person": claim.person.username,
        },
    )
    session.flush()
    return outcome


def _note(
    session: Session, claim: Claim, answer: Answer, text: str, actor: Actor, now: datetime
) -> None:
    changed = session.execute(
        update(Claim)
        .where(
            Claim.id == claim.id,
            Claim.state == ClaimState.OPEN,
            Claim.sendings == answer.sending,
        )
        .values(state=answer.decision, answer=text, reviewer_id=actor.person_id, reviewed_at=now)
        .returning(Claim.id)
    ).first()
    session.refresh(claim)
    if changed is not None:
        return
    if claim.state == ClaimState.OPEN:
        raise ConflictError(
            "claim %(claim)s: was changed while you read it: read it again", claim=claim.id
        )
    raise ConflictError(
        "claim %(claim)s: somebody else answered it, or it was withdrawn", claim=claim.id
    )


def _award(
    session: Session, claim: Claim, actor: Actor, email_domain: str, now: datetime
) -> awards.Outcome:
    cause = awards.Cause(
        source=Source.CLAIM,
        id=str(claim.id),
        narrative=claim.text,
        evidence=[{"id": link} for link in claim.links],
        awarded_by=actor.person_id,
    )
    badge, person = claim.badge, claim.person
    bounties.take(session, badge)
    if badge.repeatable:
        outcome = awards.award(
            session,
            badge,
            person,
            cause=cause,
            email_domain=email_domain,
            now=now,
            occurrence=f"claim-{claim.id}",
        )
    else:
        outcome = awards.award_again(
            session, badge, person, cause=cause, email_domain=email_domain, now=now
        )
    if not outcome.created:
        raise ConflictError(
            "badge %(badge)r: %(person)s has it already: decline this claim",
            badge=badge.name,
            person=person.username,
        )
    claim.award_id = outcome.award.id
    return outcome
