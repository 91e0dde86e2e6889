# SPDX-License-Identifier: AGPL-3.0-or-later
"""Erases a person: what they are and did goes, what others hold of their badges may stay true.

The name of the account is kept, and nothing else: without it the next message of the bus would
make the same person anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sqlalchemy import delete, select, update

from issuer.adapters.portraits import Portraits
from issuer.adapters.posters import CARDS
from issuer.errors import InvalidInputError
from issuer.models import (
    ApiRequest,
    ApiToken,
    AppAccess,
    ArchivedMessage,
    Assertion,
    AuditEntry,
    Award,
    BackpackConnection,
    Claim,
    Counter,
    CounterAnchor,
    EmailIdentity,
    Export,
    Grant,
    Invitation,
    InvitationUse,
    Login,
    MessageUser,
    OutboxMessage,
    PendingDecision,
    TeamMember,
    Total,
    WalletOffer,
)
from issuer.services import awards, batches, emails, endorsements, mailing, runs, visibility

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.adapters.objects import ObjectFolder
    from issuer.config import Settings
    from issuer.models import Person

Policy = Literal["anonymise", "revoke"]

REASON = "The holder had their account erased."
#: What stands where a name stood.
SOMEBODY = "(erased)"
#: Tables that hold nothing but a person's own doing.
OWN = (
    Login,
    BackpackConnection,
    Export,
    ApiRequest,
    WalletOffer,
    ApiToken,
    AppAccess,
    TeamMember,
    Claim,
    Grant,
    InvitationUse,
    Total,
)


def erase(session: Session, person: Person, policy: Policy, *, now: datetime) -> list[UUID]:
    """Erase a person; return the assertions they had, whose made pictures may name them.

    By ``policy`` the assertions go on verifying and name nobody, or are revoked.
    """
    if person.erased_at is not None:
        return []
    held = session.scalars(select(Award).filter_by(person_id=person.id)).all()
    if policy == "revoke":
        for award in held:
            awards.revoke(session, award, REASON, now=now)
    assertions = select(Assertion.uuid).join(Award, Assertion.award_id == Award.id)
    uuids = list(session.scalars(assertions.where(Award.person_id == person.id)))
    visibility.opt_out(session, person)
    names = select(Assertion.document_id).join(Award, Assertion.award_id == Award.id)
    own = names.where(Award.person_id == person.id)
    endorsements.forget(session, own, REASON, now=now)
    _forget_why(session, person)
    _forget_doings(session, person)
    _forget_traces(session, person)
    _forget_facts(person, now)
    session.add(
        AuditEntry(
            happened_at=now,
            actor=SOMEBODY,
            action="erase",
            subject_type="person",
            subject_id=str(person.id),
            after={"policy": policy, "awards": len(held)},
        )
    )
    session.flush()
    return uuids


def drop_pictures(
    settings: Settings, objects: ObjectFolder, uuids: Iterable[UUID], portrait: str | None
) -> None:
    """Drop the pictures that were painted of somebody's assertions, and the kept portrait."""
    for uuid in uuids:
        objects.drop_made(CARDS, uuid.hex)
    if portrait:
        Portraits(settings, objects).forget(portrait)


def check_name(person: Person, typed: str) -> None:
    """Raise `InvalidInputError` unless the name of the account was typed."""
    if typed.strip().lower() != person.key:
        raise InvalidInputError(
            "name: type %(person)r to erase this account", person=person.username
        )


def _forget_why(session: Session, person: Person) -> None:
    """Drop what awards were given for; the documents that were issued stay as they are."""
    session.execute(
        update(Award)
        .filter_by(person_id=person.id)
        .values(narrative="", evidence=[], cause_url=None, cause_id=None)
        .execution_options(synchronize_session=False)
    )


def _forget_doings(session: Session, person: Person) -> None:
    for table in OWN:
        session.execute(delete(table).filter_by(person_id=person.id))
    session.execute(
        update(Invitation).filter_by(created_by_id=person.id).values(created_by_id=None)
    )
    batches.forget_person(session, person.id)
    session.execute(update(Claim).filter_by(reviewer_id=person.id).values(reviewer_id=None))
    # After the backpacks, which name addresses.
    session.execute(delete(EmailIdentity).filter_by(person_id=person.id))
    mailing.drop(session, emails.stream_of(person))


def _forget_traces(session: Session, person: Person) -> None:
    """Drop by what messages of the bus are found for a person, and what was counted of them.

    The messages themselves were said in public and stay as they were said.
    """
    counters = select(Counter.id).filter_by(person_key=person.key)
    session.execute(delete(CounterAnchor).where(CounterAnchor.counter_id.in_(counters)))
    session.execute(delete(Counter).filter_by(person_key=person.key))
    session.execute(delete(MessageUser).filter_by(username=person.key))
    session.execute(
        update(ArchivedMessage)
        .filter_by(agent_key=person.key)
        .values(agent_key=None, agent_name=None)
    )
    runs.forget(session, person.username)
    session.execute(delete(PendingDecision).filter_by(username=person.username))
    session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.stream == person.key, OutboxMessage.sent_at.is_not(None)
        )
    )
    session.execute(
        update(AuditEntry).filter_by(actor_id=person.id).values(actor=SOMEBODY, origin="")
    )


def _forget_facts(person: Person, now: datetime) -> None:
    person.display_name = person.bio = person.website = ""
    person.email = person.subject = person.avatar_hash = None
    person.locale = person.theme = person.last_login_at = None
    person.pinned = []
    person.opted_out = True
    person.erased_at = now
