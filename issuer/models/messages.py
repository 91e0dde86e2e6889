# SPDX-License-Identifier: AGPL-3.0-or-later
"""The archive of bus messages, what could not be read, and what we have yet to say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, BigInt, Json

#: What is yet to be sent, and what never can be: the only rows that a sender looks for.
WAITING = text("sent_at IS NULL AND refused_at IS NULL")
REFUSED = text("refused_at IS NOT NULL")


class Topic(Base):
    """A topic, once, so that half a billion messages need not repeat it."""

    __tablename__ = "topics"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    category: Mapped[str | None] = mapped_column(Text, index=True)


class ArchivedMessage(Base):
    """One bus message, once."""

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "topic_id", "id"),
        Index(None, "agent_key", "topic_id", "id"),
        Index(None, "sent_at"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    message_id: Mapped[str] = mapped_column(Text, unique=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"))
    sent_at: Mapped[datetime]
    received_at: Mapped[datetime]
    agent_key: Mapped[str | None] = mapped_column(Text)  # lower-case
    agent_name: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    body: Mapped[dict[str, Any]] = mapped_column(Json)

    topic: Mapped[Topic] = relationship()
    users: Mapped[list[MessageUser]] = relationship(order_by="MessageUser.username")
    packages: Mapped[list[MessagePackage]] = relationship(order_by="MessagePackage.package")


class MessageUser(Base):
    """A user named by a message. The topic is repeated: most counts are of one user and topic."""

    __tablename__ = "message_users"

    username: Mapped[str] = mapped_column(Text, primary_key=True)  # lower-case
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"), primary_key=True)
    message_ref: Mapped[int] = mapped_column(
        BigInt, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class MessagePackage(Base):
    """A package named by a message."""

    __tablename__ = "message_packages"

    package: Mapped[str] = mapped_column(Text, primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id"), primary_key=True)
    message_ref: Mapped[int] = mapped_column(
        BigInt, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class QuarantinedMessage(Base):
    """A message that can never be handled as it came, with the reason."""

    __tablename__ = "quarantine"
    __table_args__ = (Index(None, "received_at", "id"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(Text, unique=True)  # the same message lands once
    message_id: Mapped[str | None] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    times: Mapped[int] = mapped_column(default=1)
    received_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None] = mapped_column(Text)


class OutboxMessage(Base):
    """What we announce, written with what it is about and sent afterwards."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index(
            "ix_outbox_waiting_stream",
            "stream",
            "id",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        Index("ix_outbox_refused", "id", sqlite_where=REFUSED, postgresql_where=REFUSED),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    message_id: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text, default="message")  # or e-mail, push…
    topic: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    stream: Mapped[str] = mapped_column(Text, default="")  # sent in order within it
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # not tried again before
    sent_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]  # can never be sent as it is
