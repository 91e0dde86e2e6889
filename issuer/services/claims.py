# SPDX-License-Identifier: AGPL-3.0-or-later
"""Claims: what members hand in to earn a badge, until somebody answers them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from issuer.errors import ConflictError, InvalidInputError, NotFoundError, OptedOutError
from issuer.models import Assertion, Award, Claim, ClaimState
from issuer.services import bounties
from issuer.services.badges import UNSEEN
from issuer.services.links import address_of
from issuer.words import Text, several

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.models import Badge, Person

MAX_TEXT = 4000
MAX_LINKS = 5
MAX_LINK = 500
MAX_UNDER_WAY = 20
MAX_SHOWN = 200
UNDER_WAY = (ClaimState.OPEN, ClaimState.ASKED_BACK)


@dataclass(frozen=True, slots=True)
class Said:
    """What a member says they did, and the pages that show it."""

    text: str
    links: tuple[str, ...]

    @classmethod
    def of(cls, text: str, links: Iterable[str]) -> Said:
        """Read what was typed; raise `InvalidInputError` with every mistake."""
        text = "\n".join(text.splitlines()).strip()
        given = tuple(dict.fromkeys(link.strip() for link in links if link.strip()))
        mistakes = []
        if not text or len(text) > MAX_TEXT or UNSEEN.search(text):
            mistakes.append(
                Text(
                    "what you did: needs 1 to %(limit)s characters that can be seen", limit=MAX_TEXT
                )
            )
        if len(given) > MAX_LINKS:
            mistakes.append(Text("links: %(limit)s are enough", limit=MAX_LINKS))
        read = tuple(address_of(link, MAX_LINK) for link in given)
        mistakes += [
            Text(
                "link %(link)r: must be like https://example.org/, at most %(limit)s characters",
                link=link[:80],
                limit=MAX_LINK,
            )
            for link, address in zip(given[:MAX_LINKS], read, strict=False)
            if not address
        ]
        if mistakes:
            raise InvalidInputError(several(mistakes))
        return cls(text, read)


def send(session: Session, badge: Badge, person: Person, said: Said, *, now: datetime) -> Claim:
    """Hand in a claim, or hand in anew one that is under way; nobody has two of one badge.

    Raises `ConflictError` where the badge is not to be had in this way or is held, and
    `OptedOutError` for somebody who wants no badges.
    """
    if person.opted_out or person.erased_at is not None:
        raise OptedOutError("person %(person)r: wants no badges", person=person.username)
    if not badge.repeatable and held(session, badge, person):
        raise ConflictError("badge %(badge)r: you have it already", badge=badge.name)
    known = _lock_under_way(session, badge, person)
    if known is None:
        return _first(session, badge, person, said, now)
    if (known.text, tuple(known.links), known.state) != (said.text, said.links, ClaimState.OPEN):
        known.text, known.links = said.text, list(said.links)
        known.state = ClaimState.OPEN
        known.sendings += 1
        session.flush()
    return known


def withdraw(session: Session, person: Person, number: int) -> Claim:
    """Take back a claim that nobody answered; what it said is forgotten.

    Raises `NotFoundError` for one of others and `ConflictError` for one that was answered.
    """
    changed = session.execute(
        update(Claim)
        .where(Claim.id == number, Claim.person_id == person.id, Claim.state.in_(UNDER_WAY))
        .values(state=ClaimState.WITHDRAWN, text="", links=[])
        .returning(Claim.id)
    ).first()
    statement = select(Claim).filter_by(id=number, person_id=person.id)
    claim = session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if claim is None:
        raise NotFoundError("claim %(claim)s: is none of yours", claim=number)
    if changed is None:
        raise ConflictError(
            "claim %(claim)s: was answered meanwhile, or withdrawn before", claim=number
        )
    return claim


def of_person(session: Session, person: Person) -> Sequence[Claim]:
    """Return the claims of a person, the newest first."""
    statement = (
        select(Claim)
        .filter_by(person_id=person.id)
        .options(joinedload(Claim.badge))
        .order_by(Claim.created_at.desc(), Claim.id.desc())
        .limit(MAX_SHOWN)
    )
    return session.scalars(statement).all()


def latest(session: Session, badge: Badge, person: Person) -> Claim | None:
    """Return the newest claim that a person made of a badge and did not withdraw."""
    statement = (
        select(Claim)
        .filter_by(badge_id=badge.id, person_id=person.id)
        .where(Claim.state != ClaimState.WITHDRAWN)
        .order_by(Claim.id.desc())
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def assertion_of(session: Session, claim: Claim) -> UUID | None:
    """Return the public assertion of the award to which a claim led."""
    if claim.award_id is None:
        return None
    statement = select(Assertion.uuid).filter_by(award_id=claim.award_id, is_default=True)
    return session.scalars(statement).one_or_none()


def held(session: Session, badge: Badge, person: Person) -> bool:
    """Whether a person has a badge, and it was not taken back."""
    statement = select(Award.id).filter_by(badge_id=badge.id, person_id=person.id, revoked_at=None)
    return session.scalars(statement.limit(1)).first() is not None


def clean(session: Session, now: datetime, keep_days: int) -> int:
    """Forget claims that led to nothing, so many days after the last word; return how many."""
    said = func.coalesce(Claim.reviewed_at, Claim.created_at)
    gone = session.execute(
        delete(Claim)
        .where(
            Claim.state.in_((ClaimState.DECLINED, ClaimState.WITHDRAWN)),
            said < now - timedelta(days=keep_days),
        )
        .returning(Claim.id)
    ).all()
    return len(gone)


def _first(session: Session, badge: Badge, person: Person, said: Said, now: datetime) -> Claim:
    bounties.require_open(session, badge, now=now)
    waiting = select(func.count()).select_from(Claim).filter_by(person_id=person.id)
    if (session.scalar(waiting.where(Claim.state.in_(UNDER_WAY))) or 0) >= MAX_UNDER_WAY:
        raise ConflictError(
            "claims: %(limit)s of yours wait: let them be answered first", limit=MAX_UNDER_WAY
        )
    claim = Claim(
        badge_id=badge.id,
        person_id=person.id,
        text=said.text,
        links=list(said.links),
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(claim)
    except IntegrityError as error:
        raise ConflictError(
            "badge %(badge)r: you claimed it a moment ago", badge=badge.name
        ) from error
    return claim


def _lock_under_way(session: Session, badge: Badge, person: Person) -> Claim | None:
    statement = (
        select(Claim)
        .filter_by(badge_id=badge.id, person_id=person.id)
        .where(Claim.state.in_(UNDER_WAY))
        .with_for_update()
    )
    return session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
