# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages show, in few statements; whoever opted out or was erased is in none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.errors import GoneError, NotFoundError
from issuer.models import (
    Assertion,
    Award,
    Badge,
    Issuer,
    KeyState,
    Period,
    Person,
    SigningKey,
    Total,
)
from issuer.services import persons
from issuer.services.cards import (
    AssertionPage,
    BadgeCard,
    IssuerPage,
    PersonCard,
    PersonPage,
)
from issuer.services.listing import award_cards, badge_cards, page_of_awards, plain

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


def shown_person(session: Session, username: str) -> Person:
    """Return the person of that name or former name who may be shown.

    Raises `NotFoundError` for unknown people and, in the same words, for those who opted out;
    `GoneError` for those who were erased.
    """
    person = persons.find(session, plain(username))
    if person.erased_at is not None:
        raise GoneError(f"person {username!r}: was removed")
    if person.opted_out:
        raise NotFoundError(f"person {username!r}: not known here")
    return person


def person_page(
    session: Session, person: Person, *, after: str = "", limit: int = 60
) -> PersonPage:
    """Return what is shown of a person, with their badges after the cursor."""
    total = session.scalars(
        select(Total).filter_by(person_id=person.id, period=Period.ALL).limit(1)
    ).one_or_none()
    statement = award_cards().where(Award.person_id == person.id)
    return PersonPage(
        person=person,
        badges=total.badges if total else 0,
        points=total.points if total else 0,
        pinned=_pinned(session, person),
        awards=page_of_awards(session, statement, after, limit),
    )


def assertion_page(session: Session, uuid: UUID) -> AssertionPage:
    """Return what a share page shows; raise `NotFoundError`."""
    row = session.execute(
        select(Assertion, Award, Badge, Issuer, Person)
        .join(Award, Assertion.award_id == Award.id)
        .join(Badge, Award.badge_id == Badge.id)
        .join(Issuer, Badge.issuer_id == Issuer.id)
        .join(Person, Award.person_id == Person.id)
        .where(Assertion.uuid == uuid)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"assertion {uuid}: there is none")
    assertion, award, badge, issuer, person = row
    hidden = person.opted_out or person.erased_at is not None
    return AssertionPage(
        assertion=assertion,
        award=award,
        badge=badge,
        issuer=issuer,
        person=None if hidden else PersonCard(person.username, person.display_name),
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


def _pinned(session: Session, person: Person) -> tuple[BadgeCard, ...]:
    """Return the badges that a person shows first, in their order, if they still hold them."""
    if not person.pinned:
        return ()
    held = select(Award.badge_id).where(
        Award.person_id == person.id, Award.revoked_at.is_(None), Award.badge_id.in_(person.pinned)
    )
    rows = session.execute(badge_cards().add_columns(Badge.id).where(Badge.id.in_(held))).all()
    cards = {row.id: BadgeCard(*row[:6]) for row in rows}
    return tuple(cards[number] for number in person.pinned if number in cards)
