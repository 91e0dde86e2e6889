# SPDX-License-Identifier: AGPL-3.0-or-later
"""Issuers, their signing keys, and the epochs in which a Profile names one key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, Json
from issuer.models.types import KeyState


class Issuer(Base):
    """Who issues badges: an Open Badges Profile."""

    __tablename__ = "issuers"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    image_id: Mapped[int | None] = mapped_column(ForeignKey("images.id"))
    base_url: Mapped[str] = mapped_column(Text)  # the origin of its documents, for ever
    # Entries that revoke nothing: a list of one entry is misread by the reference validator.
    sentinels: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime]


class SigningKey(Base):
    """A key pair; the private half lies outside the database."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'retired', 'revoked')", name="state"),
        Index(
            "uq_signing_keys_active",
            "issuer_id",
            "algorithm",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kid: Mapped[str] = mapped_column(Text, unique=True)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuers.id"))
    algorithm: Mapped[str] = mapped_column(Text)
    state: Mapped[KeyState] = mapped_column(Text, default=KeyState.ACTIVE)
    public_pem: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)  # the CryptographicKey as it is served
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]

    issuer: Mapped[Issuer] = relationship()


class IssuerEpoch(Base):
    """The Profile while one key signs; its document never changes again."""

    __tablename__ = "issuer_epochs"
    __table_args__ = (UniqueConstraint("issuer_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuers.id"))
    number: Mapped[int]  # 1 is served at the bare URL
    key_id: Mapped[int] = mapped_column(ForeignKey("signing_keys.id"))
    document_id: Mapped[str] = mapped_column(Text, unique=True)
    document: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]

    issuer: Mapped[Issuer] = relationship()
    key: Mapped[SigningKey] = relationship()


class Endorsement(Base):
    """What an issuer, ours or another, says about a badge, an issuer or an assertion."""

    __tablename__ = "endorsements"
    __table_args__ = (Index(None, "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(Text, unique=True)
    subject: Mapped[str] = mapped_column(Text)  # the IRI of the endorsed object
    issuer_id: Mapped[int | None] = mapped_column(ForeignKey("issuers.id"), index=True)
    document: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str | None] = mapped_column(Text)


class StatusList(Base):
    """A bit string of revocations, a BitstringStatusListCredential when it is served."""

    __tablename__ = "status_lists"

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuers.id"), index=True)
    purpose: Mapped[str] = mapped_column(Text, default="revocation")
    size: Mapped[int]
    # Given out in the order of a secret permutation, so that an index tells nothing of its holder.
    next_position: Mapped[int] = mapped_column(default=0)
    permutation_seed: Mapped[str] = mapped_column(Text)
    signed: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
