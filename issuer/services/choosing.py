# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which badges somebody can choose from in a form, and which one they meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from issuer.errors import InvalidInputError
from issuer.models import Badge
from issuer.services import permissions
from issuer.services.listing import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor, Right

MOST = 1000


def choices(
    session: Session, actor: Actor, right: Right, *, now: datetime
) -> Sequence[Row[str, str]]:
    """Return slug and name of the badges for which somebody has a right, but retired ones."""
    statement = (
        select(Badge.slug, Badge.name)
        .where(permissions.within(actor, right, now=now), Badge.retired_at.is_(None))
        .order_by(func.lower(Badge.name), Badge.id)
        .limit(MOST)
    )
    return session.execute(statement).all()


def chosen(session: Session, typed: str) -> Badge:
    """Return the badge of a slug, of an id of the old systems, or of a whole name.

    Raises `InvalidInputError` where there is none, or more than one of that name.
    """
    text = plain(typed.strip())
    named = or_(Badge.slug == text, Badge.legacy_id == text, func.lower(Badge.name) == text.lower())
    found = session.scalars(select(Badge).where(named).limit(3)).all()
    exact = [badge for badge in found if badge.slug == text] or found
    if len(exact) != 1:
        if exact:
            raise InvalidInputError(
                "badge %(badge)r: several have that name: give the slug", badge=text[:80]
            )
        raise InvalidInputError("badge %(badge)r: there is none", badge=text[:80])
    return exact[0]
