# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards that ran out: noted once each, and their holders told while it is news."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, select, tuple_
from sqlalchemy.orm import aliased, joinedload

from issuer.models import Award, EmailIdentity
from issuer.services import emails, mailing, persons
from issuer.words import Text, paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

BATCH = 200
#: Nobody is told of what ran out before that: a job that begins today has years to look at.
NEWS = timedelta(days=30)

Mark = tuple["datetime", int]


def find(session: Session, *, now: datetime, after: Mark | None = None) -> Sequence[Award]:
    """Return some awards that ran out and were not noted, the longest ago first."""
    statement = (
        select(Award)
        .where(Award.expires_at <= now, Award.expiry_noted_at.is_(None), Award.revoked_at.is_(None))
        .order_by(Award.expires_at, Award.id)
        .limit(BATCH)
        .options(joinedload(Award.badge), joinedload(Award.person))
    )
    if after is not None:
        statement = statement.where(tuple_(Award.expires_at, Award.id) > after)
    return session.scalars(statement).all()


def size(session: Session, *, now: datetime) -> int:
    """Return how many awards ran out and were not noted."""
    wanted = select(func.count()).where(
        Award.expires_at <= now, Award.expiry_noted_at.is_(None), Award.revoked_at.is_(None)
    )
    number: int = session.scalars(wanted).one()
    return number


def note(
    session: Session, given: Award, *, email_domain: str, site_name: str, tell: bool, now: datetime
) -> bool:
    """Note that an award has run out; queue a letter to its holder, if there is reason to.

    There is none for somebody who wants nothing, who has the badge anew, or after a month. Returns
    whether a letter was queued.
    """
    given.expiry_noted_at = now
    person, ended = given.person, given.expires_at
    is_news = ended is not None and ended > now - NEWS
    if not tell or not is_news or person.opted_out or person.erased_at is not None:
        return False
    if _is_held_anew(session, given, now):
        return False
    address = persons.default_address(session, person, email_domain)
    to = address.address if isinstance(address, EmailIdentity) else address
    badge, base = given.badge, given.badge.issuer.base_url
    text = paragraphs(
        Text("Hello %(person)s,", person=person.username),
        Text(
            "your badge “%(badge)s” was good until %(day)s. It stays on your page, and whoever "
            "checks it sees that it has run out.",
            badge=badge.name,
            day=f"{ended:%Y-%m-%d}",
        ),
        Text("How to earn it again: %(address)s", address=f"{base}/badges/{badge.slug}"),
        Text("Your badges: %(address)s", address=f"{base}/people/{person.username}"),
    )
    mailing.queue(
        session,
        to,
        Text("%(site)s: your badge %(badge)s has run out", site=site_name, badge=badge.name),
        text,
        topic="expiry",
        stream=emails.stream_of(person),
        now=now,
        language=person.locale,
    )
    return True


def _is_held_anew(session: Session, given: Award, now: datetime) -> bool:
    other = aliased(Award)
    found: bool | None = session.scalar(
        select(
            exists().where(
                other.badge_id == given.badge_id,
                other.person_id == given.person_id,
                other.id != given.id,
                other.revoked_at.is_(None),
                (other.expires_at.is_(None)) | (other.expires_at > now),
            )
        )
    )
    return bool(found)
