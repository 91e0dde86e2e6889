# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards: given once, announced with the same commit, taken back for good."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from issuer.errors import ConflictError, InvalidInputError, NotFoundError, OptedOutError
from issuer.models import Assertion, Award, EmailIdentity
from issuer.services import ledgers, outbox, persons, pushes, totals
from issuer.services.checking import UNSEEN
from issuer.services.gifts import Cause, Gift, Given, announcement, find_badges, wrap
from issuer.services.standings import Holder
from openbadges.models.kinds import is_url

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Badge, Person

__all__ = ["Cause", "Gift", "Given"]

MAX_REASON = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """An award, and whether it is new."""

    award: Award
    created: bool


def award(
    session: Session,
    badge: Badge,
    person: Person,
    *,
    cause: Cause,
    email_domain: str,
    now: datetime,
    issued_at: datetime | None = None,
    occurrence: str = "",
) -> Outcome:
    """Give ``badge`` to ``person`` and queue the announcement; calling it again changes nothing.

    The unique constraint decides who was first. Raises `OptedOutError` for somebody who wants no
    badges and `ConflictError` for a retired badge.
    """
    if person.opted_out or person.erased_at is not None:
        raise OptedOutError("person %(person)r: wants no badges", person=person.username)
    if badge.retired_at is not None:
        raise ConflictError(
            "badge %(badge)r: is retired, nobody gets it any more", badge=badge.slug
        )
    session.flush()
    address = persons.default_address(session, person, email_domain)
    holder = Holder(person.id, person.key, person.username, away=False)
    if isinstance(address, EmailIdentity):
        holder = replace(holder, address_id=address.id, address=address.address)
    gift = Gift(
        badge_id=badge.id,
        username=person.username,
        holder=holder,
        cause=cause,
        issued_at=issued_at or now,
        occurrence=occurrence,
    )
    (made,) = give(session, [gift], email_domain=email_domain, now=now)
    found = session.scalars(
        select(Award).filter_by(badge_id=badge.id, person_id=person.id, occurrence=occurrence)
    ).one()
    return Outcome(found, created=made is not None)


def give(
    session: Session, gifts: Sequence[Gift], *, email_domain: str, now: datetime
) -> list[Given | None]:
    """Give badges to people with all that belongs to it; None where somebody has the badge.

    People are made where they are missing. Raises `InvalidInputError` for a badge that nobody can
    be given yet and for evidence that is nowhere.
    """
    if not gifts:
        return []
    for gift in gifts:
        check_evidence(gift.cause.evidence)
    badges = find_badges(session, {gift.badge_id for gift in gifts})
    people = persons.ensure_all(session, gifts, now=now)
    made = [
        wrap(gift, badges[gift.badge_id], people[gift.key], email_domain, now) for gift in gifts
    ]
    new = ledgers.write(session, made, now=now)
    return [
        Given(each.badge, each.person, each.award) if each.award.uuid in new else None
        for each in made
    ]


def check_evidence(evidence: Iterable[dict[str, str]]) -> None:
    """Raise `InvalidInputError` unless all evidence that has an address has one of the web."""
    for item in evidence:
        if "id" in item and not is_url(item["id"]):
            raise InvalidInputError(
                "evidence %(evidence)r: needs a web address", evidence=item["id"]
            )


def award_again(
    session: Session,
    badge: Badge,
    person: Person,
    *,
    cause: Cause,
    email_domain: str,
    now: datetime,
) -> Outcome:
    """Give a badge on somebody's word: also to a person from whom it was taken back.

    Raises as `award`.
    """
    given = session.scalars(
        select(Award).filter_by(badge_id=badge.id, person_id=person.id).order_by(Award.id)
    ).all()
    held = [each.occurrence for each in given if not each.is_revoked]
    occurrence = held[-1] if held else next_slot({each.occurrence for each in given})
    return award(
        session,
        badge,
        person,
        cause=cause,
        email_domain=email_domain,
        now=now,
        occurrence=occurrence,
    )


def next_slot(slots: Collection[str]) -> str:
    """Return under which occurrence somebody gets a badge by hand who had it as ``slots`` say.

    All of those were taken back. The usual one is free when it may be earned again.
    """
    return f"again-{len(slots)}" if "" in slots else ""


def find(session: Session, name: str) -> Award:
    """Return the award that an id, the id of one of its assertions, or an address names."""
    bare = name.rstrip("/").removesuffix(".json").removesuffix(".jws")
    if "://" in bare:
        named = session.scalars(select(Assertion).filter_by(document_id=bare)).one_or_none()
        if named is None:
            raise NotFoundError(
                "award %(award)r: no assertion of this site has that address", award=name
            )
        return named.award
    last = bare.rpartition("/")[2]
    try:
        uuid = UUID(last)
    except ValueError:
        raise InvalidInputError(
            "award %(award)r: not an id: give the address or the id of an assertion", award=name
        ) from None
    assertion = session.scalars(select(Assertion).filter_by(uuid=uuid)).one_or_none()
    if assertion is not None:
        return assertion.award
    found = session.scalars(select(Award).filter_by(uuid=uuid)).one_or_none()
    if found is None:
        raise NotFoundError("award %(award)r: there is none", award=name)
    return found


def check_reason(reason: str) -> str:
    """Return why an award is taken back, as it is published; raise `InvalidInputError`."""
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise InvalidInputError("reason: needs 1 to %(limit)s characters", limit=MAX_REASON)
    if UNSEEN.search(reason):
        raise InvalidInputError("reason: holds characters that cannot be seen")
    return reason


def revoke(
    session: Session, given: Award, reason: str, *, now: datetime, revoked_by: int | None = None
) -> bool:
    """Take an award back in every form at once; tell whether it was not before.

    The hosted assertion answers 410 and the revocation list names it from the commit on.
    """
    reason = check_reason(reason)
    # Two who take back the same award at once would count it out twice.
    session.refresh(given, ["revoked_at"], with_for_update={"of": Award})
    if given.is_revoked:
        return False
    given.revoked_at = now
    given.revocation_reason = reason
    given.revoked_by_id = revoked_by
    session.flush()
    totals.take_back(session, totals.Change.of(given))
    pushes.take_back(session, given, now=now)
    outbox.announce(
        session,
        outbox.REVOKE_TOPIC,
        announcement(given.badge, given.badge.issuer.base_url, given.person) | {"reason": reason},
        stream=given.person.key,
        now=now,
    )
    session.flush()
    return True
