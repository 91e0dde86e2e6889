# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit log: who did what to what, written with the change itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from issuer.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject_type: str,
    subject_id: object,
    *,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Note what ``actor`` did, like ``badge.retire``; only what differs is kept of two states."""
    if before is not None and after is not None:
        differing = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        before = {name: value for name, value in before.items() if name in differing}
        after = {name: value for name, value in after.items() if name in differing}
    session.add(
        AuditEntry(
            happened_at=now,
            actor_id=actor.person_id,
            actor=actor.username,
            action=action,
            subject_type=subject_type,
            subject_id=str(subject_id),
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
            origin=actor.origin,
        )
    )
