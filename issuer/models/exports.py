# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges on their way out: foreign backpacks, pushes to them, and archives to download."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db import Base, BigInt, Json
from issuer.models.types import PushState


class BackpackConnection(Base):
    """A person's account at a foreign backpack; its tokens are encrypted."""

    __tablename__ = "backpack_connections"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    protocol: Mapped[str] = mapped_column(Text)  # badgr, badge-connect, ob3
    base_url: Mapped[str] = mapped_column(Text)
    email_identity_id: Mapped[int | None] = mapped_column(ForeignKey("email_identities.id"))
    client: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    tokens: Mapped[str | None] = mapped_column(Text)  # encrypted
    automatic: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)


class Push(Base):
    """One assertion on its way to one backpack."""

    __tablename__ = "pushes"
    __table_args__ = (
        UniqueConstraint("connection_id", "assertion_id"),
        Index(None, "state", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    connection_id: Mapped[int] = mapped_column(
        ForeignKey("backpack_connections.id", ondelete="CASCADE")
    )
    assertion_id: Mapped[int] = mapped_column(BigInt, ForeignKey("assertions.id"), index=True)
    state: Mapped[PushState] = mapped_column(Text, default=PushState.WAITING)
    remote_id: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    answer: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Export(Base):
    """An archive of badges that a person asked for."""

    __tablename__ = "exports"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid4)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    form: Mapped[str] = mapped_column(Text)
    done: Mapped[int] = mapped_column(default=0)
    planned: Mapped[int] = mapped_column(default=0)
    path: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
