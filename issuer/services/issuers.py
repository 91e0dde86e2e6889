# SPDX-License-Identifier: AGPL-3.0-or-later
"""Issuers and their keys: made once, and the documents that name them frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import select

from issuer.errors import NotFoundError
from issuer.models import Issuer, IssuerEpoch, KeyState, SigningKey
from issuer.services import documents
from openbadges.keys import RSA_SIGNATURE

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who an issuer is, as its Profile will say for ever."""

    slug: str
    name: str
    url: str
    email: str
    description: str
    base_url: str


def find(session: Session, slug: str) -> Issuer:
    """Return the issuer with that slug; raise `NotFoundError`."""
    statement = select(Issuer).filter_by(slug=slug)
    # PostgreSQL is not asked for what its texts cannot hold.
    issuer = session.scalars(statement).one_or_none() if slug.isprintable() else None
    if issuer is None:
        raise NotFoundError(f"issuer {slug!r}: there is none: run 'accolades keys generate' first")
    return issuer


def ensure(
    session: Session, identity: Identity, keys: KeyStore, *, now: datetime, image_id: int | None
) -> Issuer:
    """Return the issuer with that slug; where there is none, make it with a first signing key."""
    try:
        return find(session, identity.slug)
    except NotFoundError:
        issuer = Issuer(
            slug=identity.slug,
            name=identity.name,
            url=identity.url,
            email=identity.email,
            description=identity.description,
            base_url=identity.base_url,
            image_id=image_id,
            sentinels=[f"urn:uuid:{uuid4()}", f"urn:uuid:{uuid4()}"],
            created_at=now,
        )
    session.add(issuer)
    session.flush()
    add_epoch(session, issuer, keys, now=now)
    return issuer


def add_epoch(session: Session, issuer: Issuer, keys: KeyStore, *, now: datetime) -> IssuerEpoch:
    """Begin an epoch with a new signing key: a new Profile that names it.

    The private half is written before the row, so that no row ever names a key that is lost.
    """
    last = current_epoch(session, issuer)
    number = last.number + 1 if last else 1
    public = keys.make(RSA_SIGNATURE, year=now.year, taken=kids(session))
    kid = public.id
    if last is not None and last.key.state == KeyState.ACTIVE:
        last.key.state, last.key.valid_until = KeyState.RETIRED, now
        session.flush()
    pem = public.to_pem()
    key = SigningKey(
        kid=kid,
        issuer=issuer,
        algorithm=public.algorithm,
        public_pem=pem,
        document=documents.cryptographic_key(issuer, kid, number, pem).text,
        valid_from=now,
        created_at=now,
    )
    profile = documents.profile(issuer, kid, number)
    epoch = IssuerEpoch(
        issuer=issuer,
        number=number,
        key=key,
        document_id=profile.id,
        document=profile.text,
        created_at=now,
    )
    session.add_all([key, epoch])
    session.flush()
    return epoch


def current_epoch(session: Session, issuer: Issuer) -> IssuerEpoch | None:
    """Return the epoch in which badges are issued now, or None before the first key."""
    statement = select(IssuerEpoch).filter_by(issuer_id=issuer.id)
    return session.scalars(statement.order_by(IssuerEpoch.number.desc()).limit(1)).one_or_none()


def kids(session: Session) -> set[str]:
    """Return the ids of all keys that were ever used here."""
    return set(session.scalars(select(SigningKey.kid)))
