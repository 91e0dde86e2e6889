# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody is about to do to many awards at once: shown first, then done line by line."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, BigInt, Json
from issuer.models.awards import Award
from issuer.models.badges import Badge
from issuer.models.persons import Person
from issuer.models.types import BatchKind, BatchState, LineState


class Batch(Base):
    """A list that somebody handed in, and how far it is; what was shown is what will be done."""

    __tablename__ = "batches"
    __table_args__ = (
        CheckConstraint("kind IN ('award', 'revoke', 'revoke-badge')", name="kind"),
        CheckConstraint(
            "state IN ('file', 'shown', 'doing', 'done', 'undoing', 'undone')", name="state"
        ),
        Index(None, "made_by_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid4)
    kind: Mapped[BatchKind] = mapped_column(Text)
    state: Mapped[BatchState] = mapped_column(Text)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    badge_id: Mapped[int | None] = mapped_column(ForeignKey("badges.id"))
    content: Mapped[str | None] = mapped_column(Text)  # of a file, until its columns are chosen
    options: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    made_by: Mapped[Person] = relationship()
    badge: Mapped[Badge | None] = relationship()


class BatchLine(Base):
    """One line of it: who and what, why not, or the award that it led to."""

    __tablename__ = "batch_lines"
    __table_args__ = (
        CheckConstraint("state IN ('ready', 'refused', 'done', 'undone')", name="state"),
        Index(None, "batch_id", "state", "number"),
        Index(None, "person_id"),
    )

    batch_id: Mapped[int] = mapped_column(
        ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)  # as it was written
    badge_name: Mapped[str] = mapped_column(Text, default="")
    badge_id: Mapped[int | None] = mapped_column(ForeignKey("badges.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    account: Mapped[str] = mapped_column(Text, default="")  # made where there is no person
    evidence: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    narrative: Mapped[str] = mapped_column(Text, default="")
    issued_at: Mapped[datetime | None]
    state: Mapped[LineState] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")  # why nothing is done
    detail: Mapped[str] = mapped_column(Text, default="")
    award_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("awards.id"))

    badge: Mapped[Badge | None] = relationship()
    person: Mapped[Person | None] = relationship()
    award: Mapped[Award | None] = relationship()
