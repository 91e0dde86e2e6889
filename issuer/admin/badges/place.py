# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the pages of badges stand, and the badge that a page is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.access import current_actor
from issuer.admin.parts import part
from issuer.errors import NotFoundError
from issuer.models import Badge
from issuer.services import permissions
from issuer.services.listing import plain
from issuer.services.permissions import Right

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

blueprint = part("badges", "badges")


def mine(session: Session, slug: str) -> Badge:
    """Return a badge that whoever looks may change.

    Raises `NotFoundError`, and `ForbiddenError` for a badge of others.
    """
    badge = session.scalars(select(Badge).filter_by(slug=plain(slug))).one_or_none()
    if badge is None:
        raise NotFoundError("badge %(badge)r: there is none", badge=slug[:80])
    permissions.require(session, current_actor(), Right.BADGES, badge, now=datetime.now(UTC))
    return badge
