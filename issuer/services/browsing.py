# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages show, in few statements; whoever opted out or was erased is in none of it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.errors import NotFoundError
from issuer.models import (
    Assertion,
    Award,
    Badge,
    BadgeEdition,
    Image,
    Issuer,
    KeyState,
    Person,
    SigningKey,
)
from issuer.services.cards import (
    AssertionPage,
    BadgeCard,
    IssuerPage,
    PersonCard,
)
from issuer.services.listing import badge_cards, plain

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    from sqlalchemy.orm import Session


def newest_badges(
    session: Session, limit: int, issuer_id: int | None = None
) -> tuple[BadgeCard, ...]:
    """Return the newest badges that can still be earned, of one issuer or of all."""
    statement = badge_cards().order_by(Badge.created_at.desc(), Badge.id.desc()).limit(limit)
    if issuer_id is not None:
        statement = statement.where(Badge.issuer_id == issuer_id)
    return tuple(BadgeCard(*row) for row in session.execute(statement))


def badges_made(
    session: Session, first: date, last: date, limit: int = 12
) -> tuple[BadgeCard, ...]:
    """Return the newest badges that were made from the first day to the last."""
    begin = datetime.combine(first, time.min, tzinfo=UTC)
    end = datetime.combine(last + timedelta(days=1), time.min, tzinfo=UTC)
    statement = badge_cards().where(Badge.created_at >= begin, Badge.created_at < end)
    newest = statement.order_by(Badge.created_at.desc(), Badge.id.desc()).limit(limit)
    return tuple(BadgeCard(*row) for row in session.execute(newest))


def assertion_page(session: Session, uuid: UUID) -> AssertionPage:
    """Return what a share page shows; raise `NotFoundError`."""
    row = session.execute(
        select(Assertion, Award, Badge, Issuer, Person, BadgeEdition, Image.sha256)
        .join(Award, Assertion.award_id == Award.id)
        .join(BadgeEdition, Assertion.edition_id == BadgeEdition.id)
        .join(Image, BadgeEdition.png_id == Image.id)
        .join(Badge, Award.badge_id == Badge.id)
        .join(Issuer, Badge.issuer_id == Issuer.id)
        .join(Person, Award.person_id == Person.id)
        .where(Assertion.uuid == uuid)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"assertion {uuid}: there is none")
    assertion, award, badge, issuer, person, edition, picture = row
    hidden = person.opted_out or person.erased_at is not None
    return AssertionPage(
        assertion=assertion,
        award=award,
        badge=badge,
        issuer=issuer,
        edition=edition,
        picture=picture,
        person=None if hidden else PersonCard(person.username, person.display_name),
        has_portrait=not hidden and person.avatar_hash is not None,
    )


def issuer_page(session: Session, slug: str, *, limit: int = 12) -> IssuerPage:
    """Return an issuer with its newest badges and its keys; raise `NotFoundError`."""
    issuer = session.scalars(select(Issuer).filter_by(slug=plain(slug))).one_or_none()
    if issuer is None:
        raise NotFoundError(f"issuer {slug!r}: there is none")
    keys = (
        select(SigningKey)
        .filter_by(issuer_id=issuer.id)
        .order_by(SigningKey.state != KeyState.ACTIVE, SigningKey.id.desc())
        .limit(limit)
    )
    return IssuerPage(
        issuer=issuer,
        badges=newest_badges(session, limit, issuer.id),
        keys=tuple(session.scalars(keys)),
    )
