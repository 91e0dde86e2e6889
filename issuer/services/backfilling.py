# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a rule would have given, had it been in force for all messages of the archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.errors import ConflictError, OptedOutError
from issuer.models import Award, Badge, Person, Source
from issuer.services import awards, badges, persons
from issuer.services.awards import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.processing import Policy
    from rules.model import Rule


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody who earned the badge of a rule, with the message that did it."""

    username: str
    message_id: str
    earned_at: datetime
    occurrence: str


def without_holders(session: Session, rule: Rule, hits: Iterable[Hit]) -> Iterator[Hit]:
    """Yield those who would get the badge: they do not have it, and did not opt out.

    A revoked award counts as held, as it does for messages.
    """
    for hit in hits:
        statement = (
            select(Person.opted_out, Person.erased_at, Award.id)
            .select_from(Person)
            .outerjoin(Badge, Badge.slug == rule.slug)
            .outerjoin(
                Award,
                (Award.person_id == Person.id)
                & (Award.badge_id == Badge.id)
                & (Award.occurrence == hit.occurrence),
            )
            .where(Person.key == hit.username.lower())
        )
        found = session.execute(statement).first()
        if found is None or not (found.opted_out or found.erased_at or found.id):
            yield hit


def give(
    session: Session, rule: Rule, hits: Iterable[Hit], policy: Policy, *, now: datetime
) -> list[Hit]:
    """Award the badge to those who earned it, dated by the message; return who is new.

    Doing it again changes nothing, so that a backfill that was stopped is simply begun anew.
    Raises `NotFoundError` when the site has no such badge, `ConflictError` when it is retired.
    """
    badge = badges.find(session, rule.slug)
    if badge.retired_at is not None:
        raise ConflictError(
            "badge %(badge)r: is retired, nobody gets it any more", badge=badge.slug
        )
    given = []
    for hit in hits:
        url = policy.message_address(hit.message_id)
        evidence = ({"id": url, "name": "The message that earned it"},) if url else ()
        try:
            outcome = awards.award(
                session,
                badge,
                persons.ensure(session, hit.username, now=now),
                cause=Cause(source=Source.RULE, id=hit.message_id, url=url, evidence=evidence),
                email_domain=policy.email_domain,
                issued_at=hit.earned_at,
                occurrence=hit.occurrence,
                now=now,
            )
        except OptedOutError:
            continue
        if outcome.created:
            given.append(hit)
    return given
