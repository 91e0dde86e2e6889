# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds what is to be done behind the scenes, whoever was told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from issuer.models import PendingDecision
from issuer.services import backfills, exports, pushes
from issuer.services.tasks import Task

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def next_due(session: Session) -> dict[Task, datetime]:
    """Return the tasks for which something waits, and when the first of it is due."""
    decision = select(func.min(PendingDecision.next_try_at))
    found = {
        Task.DECIDE: session.scalar(decision),
        Task.PUSH: pushes.next_due(session),
        Task.EXPORT: exports.next_due(session),
        Task.BACKFILL: backfills.next_due(session),
    }
    return {task: moment for task, moment in found.items() if moment is not None}


def due(session: Session, *, now: datetime) -> list[Task]:
    """Return the tasks for which something is due."""
    return [task for task, moment in next_due(session).items() if moment <= now]
