# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards: given once, announced with the same commit, taken back for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import select

from issuer.db import insert_once
from issuer.errors import ConflictError, InvalidInputError, NotFoundError, OptedOutError
from issuer.models import Assertion, Award, EmailIdentity, Source
from issuer.services import documents, outbox, persons, ranks, totals
from issuer.services.badges import UNSEEN, current_edition
from openbadges.identity import email_identity, new_salt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Badge, BadgeEdition, Person

MAX_REASON = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """An award, and whether it is new."""

    award: Award
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why an award is made."""

    source: Source
    id: str | None = None  # of the message, invitation, claim…
    url: str | None = None
    narrative: str = ""
    evidence: Sequence[dict[str, str]] = ()
    awarded_by: int | None = None  # a person's row


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
        raise OptedOutError(f"person {person.username!r}: wants no badges")
    if badge.retired_at is not None:
        raise ConflictError(f"badge {badge.slug!r}: is retired, nobody gets it any more")
    for item in cause.evidence:
        if not item.get("id", "https://").startswith(("https://", "http://")):
            raise InvalidInputError(f"evidence {item['id']!r}: needs a web address")
    # Never later than now: a verifier refuses a date in the future (Open Badges 2.0, N7).
    moment = min(issued_at or now, now).replace(microsecond=0)
    expires = moment + timedelta(seconds=badge.expires_after) if badge.expires_after else None
    values = {
        "uuid": uuid4(),
        "badge_id": badge.id,
        "person_id": person.id,
        "occurrence": occurrence,
        "issued_at": moment,
        "expires_at": expires,
        "evidence": [dict(item) for item in cause.evidence],
        "narrative": cause.narrative,
        "source": cause.source,
        "cause_id": cause.id,
        "cause_url": cause.url,
        "awarded_by_id": cause.awarded_by,
        "created_at": now,
    }
    unique = ("badge_id", "person_id", "occurrence")
    created = insert_once(session, Award, values, unique=unique)
    found = session.scalars(
        select(Award).filter_by(badge_id=badge.id, person_id=person.id, occurrence=occurrence)
    ).one()
    if created:
        address = persons.default_address(session, person, email_domain)
        make_assertion(session, found, current_edition(session, badge), address, now=now)
        session.flush()
        totals.add(session, found)
        # After the totals, which one transaction at a time may change for a person: so what is
        # announced about one is numbered in the order in which it was committed.
        _announce_award(session, found, now)
        ranks.announce_advance(session, found, now=now)
    return Outcome(found, created)


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
    occurrence = held[-1] if held else f"again-{len(given)}" if given else ""
    return award(
        session,
        badge,
        person,
        cause=cause,
        email_domain=email_domain,
        now=now,
        occurrence=occurrence,
    )


def make_assertion(
    session: Session,
    given: Award,
    edition: BadgeEdition,
    address: EmailIdentity | str,
    *,
    now: datetime,
    is_default: bool = True,
) -> Assertion:
    """Freeze the document of an award for one address; only its salted hash is kept in it."""
    plain = address if isinstance(address, str) else address.address
    recipient = email_identity(plain, new_salt())
    uuid = uuid4()
    document = documents.assertion(given, edition, uuid, recipient)
    assertion = Assertion(
        uuid=uuid,
        award=given,
        email_identity_id=address.id if isinstance(address, EmailIdentity) else None,
        is_default=is_default,
        salt=recipient.salt,
        identity_hash=recipient.identity,
        edition=edition,
        key_id=edition.epoch.key_id,
        document_id=document.id,
        document=document.text,
        created_at=now,
    )
    session.add(assertion)
    return assertion


def find(session: Session, name: str) -> Award:
    """Return the award that an id, the id of one of its assertions, or an address names."""
    bare = name.rstrip("/").removesuffix(".json").removesuffix(".jws")
    if "://" in bare:
        named = session.scalars(select(Assertion).filter_by(document_id=bare)).one_or_none()
        if named is None:
            raise NotFoundError(f"award {name!r}: no assertion of this site has that address")
        return named.award
    last = bare.rpartition("/")[2]
    try:
        uuid = UUID(last)
    except ValueError:
        raise InvalidInputError(
            f"award {name!r}: not an id: give the address or the id of an assertion"
        ) from None
    assertion = session.scalars(select(Assertion).filter_by(uuid=uuid)).one_or_none()
    if assertion is not None:
        return assertion.award
    found = session.scalars(select(Award).filter_by(uuid=uuid)).one_or_none()
    if found is None:
        raise NotFoundError(f"award {name!r}: there is none")
    return found


def revoke(
    session: Session, given: Award, reason: str, *, now: datetime, revoked_by: int | None = None
) -> bool:
    """Take an award back in every form at once; tell whether it was not before.

    The hosted assertion answers 410 and the revocation list names it from the commit on.
    """
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise InvalidInputError(f"reason: needs 1 to {MAX_REASON} characters")
    if UNSEEN.search(reason):
        raise InvalidInputError("reason: holds characters that cannot be seen")
    if given.is_revoked:
        return False
    given.revoked_at = now
    given.revocation_reason = reason
    given.revoked_by_id = revoked_by
    session.flush()
    totals.take_back(session, given)
    outbox.announce(
        session,
        outbox.REVOKE_TOPIC,
        _announcement(given) | {"reason": reason},
        stream=given.person.key,
        now=now,
    )
    session.flush()
    return True


def _announce_award(session: Session, given: Award, now: datetime) -> None:
    body = _announcement(given)
    outbox.announce(session, outbox.AWARD_TOPIC, body, stream=given.person.key, now=now)


def _announcement(given: Award) -> dict[str, object]:
    """Return the body of `badges.badge.award` as the subscribers of the old system know it."""
    badge, person = given.badge, given.person
    return {
        "badge": {
            "badge_id": badge.legacy_id,
            "name": badge.name,
            "description": badge.description,
            "image_url": f"{badge.issuer.base_url}/badges/{badge.slug}/image",
        },
        "user": {"username": person.username, "badges_user_id": person.id},
    }
