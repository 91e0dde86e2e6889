# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where credentials stand in the lists of what was revoked, and those lists as they are now.

A place is given out in the order of a secret permutation: who knows one knows nothing of the next.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import func, select, union_all

from issuer.addresses import Addresses
from issuer.errors import NotFoundError
from issuer.models import Assertion, Award, Endorsement, Issuer, StatusList
from openbadges.ob3 import proofs, statuses
from openbadges.serialization import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy import CompoundSelect
    from sqlalchemy.orm import Session

    from openbadges.keys import Signer

    #: What has a place in a list.
    Listed = Assertion | Endorsement

SIZE = statuses.MIN_SIZE
ROUNDS = 4


def place(session: Session, assertion: Listed, issuer: Issuer, *, now: datetime) -> tuple[int, int]:
    """Return the list and the index of a statement; it is given one place for ever."""
    place_all(session, [assertion], issuer, now=now)
    return place_of(assertion)


def place_of(assertion: Listed) -> tuple[int, int]:
    """Return the list and the index that a statement was given; raise `NotFoundError`."""
    if assertion.status_list_id is None or assertion.status_index is None:
        raise NotFoundError(
            "assertion %(assertion)s: has no place in a list", assertion=assertion.uuid
        )
    return assertion.status_list_id, assertion.status_index


def place_all(
    session: Session, assertions: Iterable[Listed], issuer: Issuer, *, now: datetime
) -> None:
    """Give a place to each statement of an issuer that has none."""
    found = None
    for assertion in assertions:
        if assertion.status_list_id is not None:
            continue
        if found is None or found.next_position >= found.size:
            session.flush()
            found = _open(session, issuer, now=now)
        assertion.status_index = permuted(
            found.next_position, found.size, bytes.fromhex(found.permutation_seed)
        )
        assertion.status_list_id = found.id
        found.next_position += 1
    session.flush()


def permuted(position: int, size: int, seed: bytes) -> int:
    """Return the place of a position: each of ``size`` places once, a power of two of them.

    A Feistel network over its halves, each round keyed by the seed.
    """
    bits = size.bit_length() - 1
    right_bits = bits // 2
    left, right = position >> right_bits, position & ((1 << right_bits) - 1)
    left_bits = bits - right_bits
    for number in range(ROUNDS):
        digest = hmac.digest(seed, b"%d %d" % (number, right), hashlib.sha256)
        mixed = left ^ (int.from_bytes(digest[:4], "big") & ((1 << left_bits) - 1))
        left, right = right, mixed
        left_bits, right_bits = right_bits, left_bits
    return (left << right_bits) | right


def current(session: Session, number: int) -> str | None:
    """Return a list as it was signed last, unless something was revoked since.

    Raises `NotFoundError`.
    """
    found = session.get(StatusList, number)
    if found is None:
        raise NotFoundError("status list %(number)s: there is none", number=number)
    # Nothing that was revoked comes back, so that as many are the same ones.
    count = session.scalar(select(func.count()).select_from(_revoked(number).subquery()))
    return found.signed if count == found.signed_count else None


def credential(
    session: Session,
    number: int,
    signer: Callable[[Issuer], tuple[str, Signer, str]],
    *,
    now: datetime,
    keep: bool,
) -> str:
    """Return a list as a signed credential; signed anew only when something was revoked since.

    ``signer`` tells the name, the key and the method of an issuer. Raises `NotFoundError`.
    """
    if (signed := current(session, number)) is not None:
        return signed
    found = session.get_one(StatusList, number)
    indexes = [index for index in session.scalars(_revoked(number)) if index is not None]
    issuer = session.get_one(Issuer, found.issuer_id)
    did, key, method = signer(issuer)
    bare = statuses.status_credential(
        Addresses(issuer.base_url).status(number),
        did,
        statuses.encode(found.size, indexes),
        valid_from=found.created_at,
    )
    text = dumps(proofs.add_proof(bare, key, method, created=now)).decode()
    if keep:
        found.signed, found.signed_at, found.signed_count = text, now, len(indexes)
        session.flush()
    return text


def _revoked(number: int) -> CompoundSelect[int | None]:
    awarded = (
        select(Assertion.status_index)
        .join(Award, Assertion.award_id == Award.id)
        .where(Assertion.status_list_id == number, Award.revoked_at.is_not(None))
    )
    endorsed = select(Endorsement.status_index).where(
        Endorsement.status_list_id == number, Endorsement.revoked_at.is_not(None)
    )
    return union_all(awarded, endorsed)


def _open(session: Session, issuer: Issuer, *, now: datetime) -> StatusList:
    """Return a list with room, locked until the end of the transaction."""
    statement = (
        select(StatusList)
        .where(StatusList.issuer_id == issuer.id, StatusList.next_position < StatusList.size)
        .order_by(StatusList.id)
        .limit(1)
        .with_for_update()
    )
    found = session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        found = StatusList(
            issuer_id=issuer.id,
            size=SIZE,
            permutation_seed=secrets.token_hex(32),
            created_at=now.replace(microsecond=0),
        )
        session.add(found)
        session.flush()
    return found
