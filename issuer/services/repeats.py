# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests that count once: whoever repeats one gets what came of the first.

The note is written in the transaction of the work itself: either both are there or neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from issuer.db import insert_once
from issuer.errors import InvalidInputError
from issuer.models import ApiRequest

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

KEPT = timedelta(days=1)
#: Characters that any header carries as they are.
KEY = re.compile(r"[!-~]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Once:
    """A request that must count once: its key, and a digest of what it asks for."""

    key: str
    digest: str


def checked(key: str) -> str:
    """Return a key; raise `InvalidInputError` for what is none."""
    if KEY.fullmatch(key) is None:
        raise InvalidInputError("Idempotency-Key: from 1 to 200 visible ASCII characters")
    return key


def earlier(
    session: Session, actor: Actor, once: Once | None, *, now: datetime
) -> ApiRequest | None:
    """Return the request of the same key that came before, or nothing; without a key always so.

    Raises `InvalidInputError` where it asked for something else.
    """
    if once is None:
        return None
    statement = (
        select(ApiRequest)
        .filter_by(person_id=actor.person_id, key=once.key)
        .where(ApiRequest.created_at > now - KEPT)
        .execution_options(populate_existing=True)
    )
    found = session.scalars(statement).one_or_none()
    if found is not None and found.digest != once.digest:
        raise InvalidInputError(
            "Idempotency-Key: was used for another request: a new request needs a new one"
        )
    return found


def begin(session: Session, actor: Actor, once: Once | None, *, now: datetime) -> ApiRequest | None:
    """Note a request, or return the one of the same key that came before; raises as `earlier`.

    Of two that come at once the second waits here until the first is done.
    """
    if once is None:
        return None
    session.execute(delete(ApiRequest).where(ApiRequest.created_at <= now - KEPT))
    values = {
        "person_id": actor.person_id,
        "key": once.key,
        "digest": once.digest,
        "created_at": now,
    }
    if insert_once(session, ApiRequest, values, unique=("person_id", "key")):
        return None
    return earlier(session, actor, once, now=now)


def end(
    session: Session,
    actor: Actor,
    once: Once | None,
    *,
    batch_id: int | None = None,
    invitation_id: int | None = None,
) -> None:
    """Note what came of a request."""
    if once is None:
        return
    found = select(ApiRequest).filter_by(person_id=actor.person_id, key=once.key)
    row = session.scalars(found).one()
    row.batch_id, row.invitation_id = batch_id, invitation_id
    session.flush()
