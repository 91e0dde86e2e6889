# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes awards with all that has to be written in the same transaction.

That is: the assertion, the announcement, the way to backpacks, and the totals that pages show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from issuer.db import insert_once
from issuer.models import Assertion, Award
from issuer.services import gifts, outbox, postgres, pushes, ranks, totals
from issuer.services.ranks import Places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.services.gifts import Given


def write(session: Session, awards: Sequence[Given], *, now: datetime) -> set[UUID]:
    """Write awards in their order; return the ids of those that nobody had written before."""
    if postgres.is_used(session):
        made, places = _write_at_once(session, awards, now)
    else:
        made = {given.award.uuid for given in awards if _write_one(session, given, now)}
        new = {given.person.id for given in awards if given.award.uuid in made}
        places = ranks.look_up(session, new, now=now)
    _announce(session, [given for given in awards if given.award.uuid in made], places, now)
    pushes.follow(session, made, now=now)
    return made


def _announce(session: Session, awards: Sequence[Given], places: Places, now: datetime) -> None:
    """Queue each award and the rank to which it leads.

    After the totals, which one transaction at a time may change for a person: so what is announced
    about one is numbered in the order in which it was committed.
    """
    if not awards:
        return
    announcements = []
    advances = ranks.advances(places, [given.person.id for given in awards])
    for given, advance in zip(awards, advances, strict=True):
        body = gifts.announcement(given.badge, given.badge.base_url, given.person)
        for topic, content in ((outbox.AWARD_TOPIC, body), (outbox.RANK_TOPIC, advance)):
            announcements.append((topic, content, given.person.key))
    outbox.queue_all(session, announcements, now=now)


def _write_at_once(
    session: Session, awards: Sequence[Given], now: datetime
) -> tuple[set[UUID], Places]:
    """Do for many awards what `_write_one` does for one, and tell where it leads their holders."""
    ((made, people, others),) = postgres.run(
        session,
        postgres.GIVE,
        awards=postgres.text([_award_record(n, given) for n, given in enumerate(awards)]),
        assertions=postgres.text([_assertion_record(n, given) for n, given in enumerate(awards)]),
        now=now,
    )
    ranked = [ranks.Ranked(*row) for row in people or ()]
    return set(made or ()), Places(ranked, dict(others or ()))


def _write_one(session: Session, given: Given, now: datetime) -> bool:
    values = {**_columns(given), "created_at": now}
    unique = ("badge_id", "person_id", "occurrence")
    if not insert_once(session, Award, values, unique=unique):
        return False
    row: int = session.scalars(select(Award.id).filter_by(uuid=given.award.uuid)).one()
    assertion = {**given.award.assertion, "award_id": row, "created_at": now}
    session.execute(insert(Assertion), assertion)
    change = totals.Change(
        award_id=row,
        badge_id=given.badge.id,
        person_id=given.person.id,
        points=given.badge.points,
        issued_at=given.award.issued_at,
    )
    totals.add(session, change)
    return True


def _columns(given: Given) -> dict[str, Any]:
    award, cause = given.award, given.award.cause
    return {
        "uuid": award.uuid,
        "badge_id": given.badge.id,
        "person_id": given.person.id,
        "occurrence": award.occurrence,
        "issued_at": award.issued_at,
        "expires_at": award.expires_at,
        "evidence": [dict(item) for item in cause.evidence],
        "narrative": cause.narrative,
        "source": cause.source,
        "cause_id": cause.id,
        "cause_url": cause.url,
        "awarded_by_id": cause.awarded_by,
    }


def _award_record(number: int, given: Given) -> dict[str, Any]:
    award = given.award
    return {
        **_columns(given),
        "n": number,
        "uuid": str(award.uuid),
        "issued_at": award.issued_at.isoformat(),
        "expires_at": award.expires_at.isoformat() if award.expires_at else None,
        "points": given.badge.points,
    }


def _assertion_record(number: int, given: Given) -> dict[str, Any]:
    assertion = given.award.assertion
    return {
        **assertion,
        "n": number,
        "award": str(given.award.uuid),
        "uuid": str(assertion["uuid"]),
        "subject_uuid": str(assertion["subject_uuid"]),
    }
