# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages show, in few statements; whoever opted out or was erased is in none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import aliased, contains_eager

from issuer.errors import NotFoundError
from issuer.models import (
    Assertion,
    Award,
    Badge,
    BadgeEdition,
    Image,
    Issuer,
    IssuerEpoch,
    KeyState,
    Person,
    SigningKey,
    Source,
)
from issuer.services import documents
from issuer.services.cards import AssertionPage, BadgeCard, IssuerPage
from issuer.services.listing import badge_cards, card_of, plain

if TYPE_CHECKING:
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


def assertion_page(session: Session, uuid: UUID) -> AssertionPage:
    """Return what a share page shows; raise `NotFoundError`."""
    giver = aliased(Person)
    row = session.execute(
        select(
            Assertion, Award, Badge, Issuer, Person, BadgeEdition, Image.sha256, IssuerEpoch, giver
        )
        .join(Award, Assertion.award_id == Award.id)
        .join(Assertion.edition)
        .join(BadgeEdition.png)
        .join(BadgeEdition.epoch)
        .join(Assertion.key)
        .join(Badge, Award.badge_id == Badge.id)
        .join(Issuer, Badge.issuer_id == Issuer.id)
        .join(Person, Award.person_id == Person.id)
        .outerjoin(
            giver,
            (Award.awarded_by_id == giver.id)
            & (Award.source == Source.ADMIN)
            & giver.opted_out.is_(False)
            & giver.erased_at.is_(None),
        )
        .where(Assertion.uuid == uuid)
        # What its pictures and its signature are made of, so that nothing has to be read again.
        .options(
            contains_eager(Assertion.key),
            contains_eager(Assertion.edition).contains_eager(BadgeEdition.png),
        )
    ).one_or_none()
    if row is None:
        raise NotFoundError("assertion %(assertion)s: there is none", assertion=uuid)
    assertion, award, badge, issuer, person, edition, picture, epoch, by = row
    hidden = person.opted_out or person.erased_at is not None
    return AssertionPage(
        assertion=assertion,
        award=award,
        badge=badge,
        issuer=issuer,
        edition=edition,
        profile=epoch,
        picture=picture,
        told=documents.told(assertion.document, edition.document, epoch.document),
        person=None if hidden else card_of(person),
        awarded_by=None if hidden or by is None else card_of(by),
    )


def issuer_page(session: Session, slug: str, *, limit: int = 12) -> IssuerPage:
    """Return an issuer with its newest badges and its keys; raise `NotFoundError`."""
    issuer = session.scalars(select(Issuer).filter_by(slug=plain(slug))).one_or_none()
    if issuer is None:
        raise NotFoundError("issuer %(issuer)r: there is none", issuer=slug)
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
