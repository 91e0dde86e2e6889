# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges on their way to wallets: a secret that fetches one credential, once and soon.

The secret alone decides who gets the credential; what a wallet proves of itself is noted, so that
the holder sees which one it was. The credential is the same for everybody who fetches it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from issuer.errors import GoneError, InvalidInputError, NotFoundError
from issuer.models import Assertion, Award, WalletOffer
from issuer.services import credentials, minting
from openbadges.errors import MalformedError, UnsupportedError, VerificationError
from openbadges.ob3.presentations import proven_holder
from openbadges.serialization import loads_object

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore
    from issuer.models import Person

LASTS = timedelta(minutes=15)
#: So long a holder sees what was fetched.
SHOWN = timedelta(days=30)
TOKEN_BYTES = 20
MAX_TOKEN = 100
#: Each offer takes so many of the oldest away that nobody is shown any more.
CLEANED = 20
LATELY = 5


@dataclass(frozen=True, slots=True)
class Made:
    """An offer with its secret, which nobody can be told again."""

    token: str
    offer: WalletOffer


def make(
    session: Session,
    person: Person,
    award_id: int,
    address: int | None,
    keys: KeyStore,
    *,
    now: datetime,
) -> Made:
    """Offer an award of a person, made out to one of their addresses, to whoever has the secret.

    Raises `GoneError` where it was taken back, else as `minting.for_address` and
    `credentials.proven`.
    """
    rows = minting.for_address(session, person, [award_id], address, now=now)
    if not rows:
        raise GoneError("award %(award)s: was taken back", award=award_id)
    assertion = session.get_one(Assertion, rows[0])
    # What cannot be signed is said here and not on the telephone.
    credentials.proven(session, assertion.uuid, keys, now=now)
    _clean(session, now)
    token = _text(secrets.token_bytes(TOKEN_BYTES))
    offer = WalletOffer(
        token_hash=_hash(token),
        person_id=person.id,
        assertion=assertion,
        created_at=now,
        expires_at=now + LASTS,
    )
    session.add(offer)
    session.flush()
    return Made(token, offer)


def find(session: Session, token: str, *, now: datetime) -> WalletOffer:
    """Return the offer of a secret, taken or not; raise `NotFoundError`, or `GoneError` if late."""
    statement = (
        select(WalletOffer)
        .filter_by(token_hash=_hash(token[:MAX_TOKEN]))
        .options(joinedload(WalletOffer.assertion, innerjoin=True))
    )
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("wallet: there is nothing at this address: ask for a new code")
    if found.expires_at <= now:
        raise GoneError("wallet: the code has expired: ask for a new one")
    return found


def challenge(token: str) -> str:
    """Return what a wallet has to sign: told to nobody but whoever has the secret."""
    return _text(hashlib.sha256(b"challenge " + token.encode()).digest()[:16])


def take(
    session: Session,
    token: str,
    presentation: dict[str, Any],
    keys: KeyStore,
    *,
    base_url: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the credential of an offer, to the first who asks with a presentation.

    Raises as `find`, `GoneError` where it was fetched before or taken back, `InvalidInputError`
    for a presentation that is wrong: that uses nothing up.
    """
    offer = find(session, token, now=now)
    holder = _holder(presentation, token, base_url)
    first = session.execute(
        update(WalletOffer)
        .where(WalletOffer.id == offer.id, WalletOffer.taken_at.is_(None))
        .values(taken_at=now, taken_by=holder)
        .returning(WalletOffer.id)
    ).first()
    if first is None:
        raise GoneError("wallet: the code was used before: ask for a new one")
    return loads_object(credentials.proven(session, offer.assertion.uuid, keys, now=now))


def lately(session: Session, person: Person, award_id: int) -> Sequence[WalletOffer]:
    """Return which wallets fetched an award of a person in the last days, the newest first."""
    statement = (
        select(WalletOffer)
        .join(Assertion, WalletOffer.assertion_id == Assertion.id)
        .join(Award, Assertion.award_id == Award.id)
        .where(
            WalletOffer.person_id == person.id,
            WalletOffer.taken_at.is_not(None),
            Award.id == award_id,
        )
        .order_by(WalletOffer.taken_at.desc(), WalletOffer.id.desc())
        .limit(LATELY)
    )
    return session.scalars(statement).all()


def _holder(presentation: dict[str, Any], token: str, base_url: str) -> str:
    """Return the name that a wallet proves; empty where that cannot be judged."""
    domains = {base_url, f"{base_url}/", urlsplit(base_url).netloc}
    try:
        return proven_holder(presentation, challenge=challenge(token), domains=domains)
    except (MalformedError, UnsupportedError):
        return ""  # Nothing hangs on it: the secret is known.
    except VerificationError as error:
        raise InvalidInputError(str(error)) from error


def _clean(session: Session, now: datetime) -> None:
    """Forget some offers that nobody is shown any more."""
    old = (
        select(WalletOffer.id)
        .where(WalletOffer.expires_at < now - SHOWN)
        .order_by(WalletOffer.expires_at)
        .limit(CLEANED)
    )
    session.execute(delete(WalletOffer).where(WalletOffer.id.in_(session.scalars(old).all())))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _text(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
