# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is kept of badges in Python: how they fare, and what a worker has still to decide."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db import Base, BigInt, Json


class PythonBadgeState(Base):
    """How a badge in Python fares; there is a row once it has failed."""

    __tablename__ = "python_badges"

    slug: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_failure: Mapped[str | None] = mapped_column(Text)
    last_failure_at: Mapped[datetime | None]


class PendingDecision(Base):
    """An event that a badge decides later, with the state as it was then."""

    __tablename__ = "pending_decisions"
    __table_args__ = (UniqueConstraint("badge", "event_id", "username"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    badge: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str] = mapped_column(Text)
    username: Mapped[str] = mapped_column(Text)
    state: Mapped[dict[str, Any]] = mapped_column(Json)
    happened_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    next_try_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime]
