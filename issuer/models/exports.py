# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges on their way out: foreign backpacks, pushes to them, and archives to download."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, BigInt, Json, Spoken
from issuer.models.awards import Assertion, Award
from issuer.models.types import PushState


class BackpackHost(Base):
    """A foreign place where this site is registered, for all who have a backpack there."""

    __tablename__ = "backpack_hosts"
    __table_args__ = (UniqueConstraint("protocol", "base_url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    protocol: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(Json)  # its addresses, and what it offers
    client: Mapped[str] = mapped_column(Text)  # our name and secret there, sealed
    redirect_url: Mapped[str] = mapped_column(Text)  # as it was registered
    created_at: Mapped[datetime]


class BackpackConnection(Base):
    """A person's account at a foreign backpack; its tokens are sealed."""

    __tablename__ = "backpack_connections"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    protocol: Mapped[str] = mapped_column(Text)  # badgr, badge-connect, ob3
    base_url: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text, default="")  # what the backpack calls its owner
    #: For which address badges are made out; None: as the public pages show them.
    email_identity_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_identities.id", ondelete="SET NULL"), index=True
    )
    tokens: Mapped[str | None] = mapped_column(Text)  # None: its owner has to sign in once more
    automatic: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Spoken)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    #: Until then one process works on it, or it is left alone.
    not_before: Mapped[datetime | None]


class Push(Base):
    """One award on its way to one backpack."""

    __tablename__ = "pushes"
    __table_args__ = (
        UniqueConstraint("connection_id", "award_id"),
        Index(None, "state", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    connection_id: Mapped[int] = mapped_column(
        ForeignKey("backpack_connections.id", ondelete="CASCADE")
    )
    award_id: Mapped[int] = mapped_column(BigInt, ForeignKey("awards.id"), index=True)
    assertion_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("assertions.id"), index=True
    )
    state: Mapped[PushState] = mapped_column(Text, default=PushState.WAITING)
    remote_id: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    #: It was begun and nobody noted how it ended: it may have arrived.
    unsure: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str | None] = mapped_column(Text)  # why it is as it is, in one of our words
    #: The same in words of the backpack, or as a sentence of ours about it.
    answer: Mapped[str | None] = mapped_column(Spoken)
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime | None]  # None where there is nothing to do, or no login
    finished_at: Mapped[datetime | None]

    award: Mapped[Award] = relationship()
    assertion: Mapped[Assertion | None] = relationship()


class Export(Base):
    """A large ZIP of a person's badges, which they asked for and a worker makes."""

    __tablename__ = "exports"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid4)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    #: For which address badges are made out; None: as the public pages show them.
    email_identity_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_identities.id", ondelete="CASCADE"), index=True
    )
    with_certificates: Mapped[bool] = mapped_column(default=False)
    words: Mapped[dict[str, Any]] = mapped_column(Json)  # in the language of whoever asked
    planned: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    name: Mapped[str | None] = mapped_column(Text)  # of the file, once it is whole
    size: Mapped[int | None] = mapped_column(BigInt)
    reason: Mapped[str | None] = mapped_column(Text)  # why there is none, in one of our words
    created_at: Mapped[datetime]
    #: When it may be taken, also from a process that died over it; None once it is finished.
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)


class WalletOffer(Base):
    """The secret by which one wallet fetches one badge, once and soon; only its hash is kept."""

    __tablename__ = "wallet_offers"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    assertion_id: Mapped[int] = mapped_column(BigInt, ForeignKey("assertions.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    taken_at: Mapped[datetime | None]
    #: The did:key that the wallet proved; empty where it proved none that could be judged.
    taken_by: Mapped[str] = mapped_column(Text, default="")

    assertion: Mapped[Assertion] = relationship()
