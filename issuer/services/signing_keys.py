# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing keys: made, followed by others, retired and revoked; nothing is ever deleted.

A Profile names one key, so each new key begins an epoch of its issuer: a new Profile, and a new
edition of every badge under it. What was issued before stays as it is, and goes on verifying.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, select, update

from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import (
    Assertion,
    Badge,
    Endorsement,
    Issuer,
    IssuerEpoch,
    KeyState,
    SigningKey,
    StatusList,
)
from issuer.services import audits, credentials, documents, editions, issuers
from issuer.services.badges import UNSEEN

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore
    from issuer.services.permissions import Actor

MAX_REASON = 1000
#: Beyond this many nobody counts on.
COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Count:
    """A number, or the least that it is."""

    number: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Consequences:
    """What hangs on a key."""

    key: SigningKey
    assertions: Count  # that it signs
    badges: int  # of its issuer; each gets a new edition with a new key
    awarded: int  # of these, that are not retired
    is_for_proofs: bool = False  # of Open Badges 3.0: no Profile names it


@dataclass(frozen=True, slots=True)
class Renewal:
    """A key that signs from now on, and how many badges got a new edition."""

    key: SigningKey
    editions: int


def listed(session: Session) -> list[tuple[SigningKey, Count]]:
    """Return all keys, those that sign first and then the newest, with what hangs on them."""
    statement = select(SigningKey).order_by(
        SigningKey.state != KeyState.ACTIVE, SigningKey.id.desc()
    )
    return [(key, count(session, key)) for key in session.scalars(statement)]


def find(session: Session, kid: str) -> SigningKey:
    """Return the key with that id; raise `NotFoundError`."""
    found = session.scalars(select(SigningKey).filter_by(kid=kid)).one_or_none()
    if found is None:
        raise NotFoundError("key %(key)r: there is none: see 'accolades keys list'", key=kid)
    return found


def count(session: Session, key: SigningKey) -> Count:
    """Return how many assertions a key signs, counted no further than anybody wants to know."""
    some = select(Assertion.id).filter_by(key_id=key.id).limit(COUNTED + 1).subquery()
    number = session.scalars(select(func.count()).select_from(some)).one()
    return Count(min(number, COUNTED), exact=number <= COUNTED)


def consequences(session: Session, key: SigningKey) -> Consequences:
    """Return what hangs on a key."""
    held = select(func.count()).select_from(Badge).filter_by(issuer_id=key.issuer_id)
    return Consequences(
        key,
        count(session, key),
        session.scalars(held).one(),
        session.scalars(held.where(Badge.retired_at.is_(None))).one(),
        is_for_proofs(session, key),
    )


def is_for_proofs(session: Session, key: SigningKey) -> bool:
    """Whether a key makes proofs of Open Badges 3.0: another is made when one is needed next."""
    return not session.scalar(select(exists().where(IssuerEpoch.key_id == key.id)))


def rotate(
    session: Session,
    actor: Actor,
    issuer: Issuer,
    keys: KeyStore,
    *,
    now: datetime,
    former: str = "",
) -> Renewal:
    """Make a new key that signs for an issuer; the one before is retired and goes on verifying.

    Raises `ConflictError` where ``former`` was told and another key signs by now: whoever presses
    twice wants one key.
    """
    _lock(session, issuer.id)
    epoch = issuers.current_epoch(session, issuer)
    if former and epoch is not None and epoch.key.kid != former:
        raise ConflictError(
            "issuer %(issuer)r: got another key meanwhile: %(key)s signs now",
            issuer=issuer.slug,
            key=epoch.key.kid,
        )
    renewal = _renew(session, issuer, keys, now=now)
    after = {"issuer": issuer.slug, "editions": renewal.editions}
    audits.record(session, actor, "key.make", "key", renewal.key.kid, now=now, after=after)
    return renewal


def retire(
    session: Session, actor: Actor, key: SigningKey, keys: KeyStore, *, now: datetime
) -> SigningKey | None:
    """End a key without another in its place: its issuer issues nothing more.

    Where it made proofs, another takes its place, which is returned. Raises `ConflictError` for a
    key that does not sign, or while badges are awarded with it.
    """
    _lock(session, key.issuer_id)
    session.refresh(key)
    if key.state != KeyState.ACTIVE:
        raise ConflictError(
            "key %(key)s: is %(state)s, it signs nothing new", key=key.kid, state=key.state
        )
    told = consequences(session, key)
    if told.awarded and not told.is_for_proofs:
        raise ConflictError(
            "key %(key)s: %(number)s badges of its issuer are still awarded: retire them first, "
            "or rotate the key",
            key=key.kid,
            number=told.awarded,
        )
    key.state, key.valid_until = KeyState.RETIRED, now
    _note(session, actor, "key.retire", key, KeyState.ACTIVE, now)
    return _next_proof_key(session, actor, key.issuer, keys, now) if told.is_for_proofs else None


def revoke(
    session: Session,
    actor: Actor,
    key: SigningKey,
    reason: str,
    keys: KeyStore,
    *,
    now: datetime,
) -> Renewal | None:
    """Take a key back: nothing that it signed verifies any more, hosted assertions still do.

    Where it signs now, another is made first, so that badges are awarded all the while. Raises
    `ConflictError` for one that was revoked, `InvalidInputError` without a reason.
    """
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON or UNSEEN.search(reason):
        raise InvalidInputError(
            "reason: needs 1 to %(limit)s characters that can be seen", limit=MAX_REASON
        )
    _lock(session, key.issuer_id)
    session.refresh(key)
    former = key.state
    if former == KeyState.REVOKED:
        raise ConflictError("key %(key)s: was revoked before", key=key.kid)
    renewal = None
    makes_proofs = is_for_proofs(session, key)
    if makes_proofs:
        _forget_proofs(session, key)
    elif former == KeyState.ACTIVE:
        renewal = rotate(session, actor, key.issuer, keys, now=now)
    key.state, key.revoked_at, key.revocation_reason = KeyState.REVOKED, now, reason
    key.valid_until = key.valid_until or now
    key.document = documents.withdrawn_key(key.document)
    _note(session, actor, "key.revoke", key, former, now, reason=reason)
    if makes_proofs and former == KeyState.ACTIVE:
        renewal = Renewal(_next_proof_key(session, actor, key.issuer, keys, now), 0)
    return renewal


def _renew(session: Session, issuer: Issuer, keys: KeyStore, *, now: datetime) -> Renewal:
    _lock(session, issuer.id)
    epoch = issuers.add_epoch(session, issuer, keys, now=now)
    return Renewal(epoch.key, editions.renew_all(session, issuer, now=now))


def _next_proof_key(
    session: Session, actor: Actor, issuer: Issuer, keys: KeyStore, now: datetime
) -> SigningKey:
    """Make the next key of proofs at once, and not when something is signed.

    A verifier reads the keys before the list of revocations: one that began with that list would
    be unknown to the first who asks.
    """
    made = credentials.proof_key(session, issuer, keys, now=now)
    after = {"issuer": issuer.slug}
    audits.record(session, actor, "key.make", "key", made.kid, now=now, after=after)
    return made


def _forget_proofs(session: Session, key: SigningKey) -> None:
    """Let what a key proved be proven anew, by another, when somebody next asks for it."""
    session.execute(
        update(Assertion).where(Assertion.ob3.contains(f"#{key.kid}")).values(ob3=None),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(Endorsement).filter_by(issuer_id=key.issuer_id).values(ob3=None),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(StatusList).filter_by(issuer_id=key.issuer_id).values(signed=None, signed_at=None)
    )


def _lock(session: Session, issuer_id: int) -> None:
    """Let nobody else change the keys of an issuer until the transaction ends."""
    session.flush()
    session.execute(select(Issuer.id).filter_by(id=issuer_id).with_for_update())


def _note(
    session: Session,
    actor: Actor,
    action: str,
    key: SigningKey,
    former: KeyState,
    now: datetime,
    **more: str,
) -> None:
    before, after = {"state": str(former)}, {"state": str(key.state), **more}
    audits.record(session, actor, action, "key", key.kid, now=now, before=before, after=after)
    session.flush()
