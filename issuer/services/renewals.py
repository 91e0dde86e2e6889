# SPDX-License-Identifier: AGPL-3.0-or-later
"""Credentials as they would be issued now: what left us stays as it is, and names where to ask.

A credential is renewed when its content would be another, or when its key signs no more. The
renewed one is kept, so that it too stays the same until something changes again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from issuer.models import Assertion, KeyState, Renewal, SigningKey
from issuer.services import credentials, publishing
from openbadges.serialization import dumps, loads_object

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore


def kept(session: Session, uuid: UUID, *, now: datetime) -> str | None:
    """Return the kept credential that still says what holds, or nothing; nothing is written.

    Raises as `publishing.find_assertion`.
    """
    found = publishing.find_assertion(session, uuid)
    if found.status_list_id is None:  # nobody asked for any credential of it yet
        return None
    return _current(session, found, credentials.unsigned(session, found, now=now))


def current(session: Session, uuid: UUID, keys: KeyStore, *, now: datetime) -> str:
    """Return an award as it would be issued now; where it is not as any before, it is kept.

    Raises as `credentials.proven`.
    """
    credentials.proven(session, uuid, keys, now=now)
    found = credentials.locked(session, uuid)
    document = credentials.unsigned(session, found, now=now)
    if (text := _current(session, found, document)) is not None:
        return text
    issuer = found.edition.badge.issuer
    text = credentials.prove(session, issuer, document, keys, now=now)
    session.merge(Renewal(assertion_id=found.id, ob3=text, made_at=now))
    session.flush()
    return text


def _current(session: Session, found: Assertion, document: dict[str, Any]) -> str | None:
    """Return the issued or the renewed credential, whichever says this with a key in use."""
    wanted = loads_object(dumps(document))
    renewed = session.get(Renewal, found.id, populate_existing=True)
    for text in (found.ob3, renewed.ob3 if renewed else None):
        if text is None:
            continue
        said = loads_object(text)
        proof = said.pop("proof")
        if said == wanted and _signs(session, str(proof["verificationMethod"])):
            return text
    return None


def _signs(session: Session, method: str) -> bool:
    kid = method.rpartition("#")[2]
    state = select(SigningKey.state).filter_by(kid=kid)
    return session.scalars(state).one_or_none() == KeyState.ACTIVE
