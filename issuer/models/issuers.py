# SPDX-License-Identifier: AGPL-3.0-or-later
"""Issuers, their signing keys, and the epochs in which a Profile names one key."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, Json
from issuer.models.types import EndorsementForm, KeyState


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
    __table_args__ = (
        CheckConstraint("form IN ('own', 'hosted', 'signed', 'proof', 'jwt')", name="form"),
        Index(None, "subject"),
        # An issuer of ours says one thing of another; what it took back does not count.
        Index(
            "uq_endorsements_standing",
            "issuer_id",
            "subject",
            unique=True,
            sqlite_where=text("issuer_id IS NOT NULL AND revoked_at IS NULL"),
            postgresql_where=text("issuer_id IS NOT NULL AND revoked_at IS NULL"),
        ),
        Index(
            "uq_endorsements_status",
            "status_list_id",
            "status_index",
            unique=True,
            sqlite_where=text("status_list_id IS NOT NULL"),
            postgresql_where=text("status_list_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid4)
    document_id: Mapped[str] = mapped_column(Text, unique=True)
    # What is endorsed, as version 2.0 names it; and whose it is, where it is one of ours.
    subject: Mapped[str] = mapped_column(Text)
    about_id: Mapped[int | None] = mapped_column(ForeignKey("issuers.id"), index=True)
    # Who of ours says it, under which Profile; nobody of ours where another issuer says it.
    issuer_id: Mapped[int | None] = mapped_column(ForeignKey("issuers.id"), index=True)
    epoch_id: Mapped[int | None] = mapped_column(ForeignKey("issuer_epochs.id"))
    endorser: Mapped[str] = mapped_column(Text)  # the id of who says it
    endorser_name: Mapped[str] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text, default="")
    form: Mapped[EndorsementForm] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)  # as served, or as it came: byte for byte
    jws: Mapped[str | None] = mapped_column(Text)  # of our own, made at the first demand
    ob3: Mapped[str | None] = mapped_column(Text)
    status_list_id: Mapped[int | None] = mapped_column(ForeignKey("status_lists.id"))
    status_index: Mapped[int | None]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    # What the verifier said of another issuer's when it was last asked.
    verdict: Mapped[str] = mapped_column(Text, default="valid")
    checked_at: Mapped[datetime]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str | None] = mapped_column(Text)

    issuer: Mapped[Issuer | None] = relationship(foreign_keys=[issuer_id])
    about: Mapped[Issuer | None] = relationship(foreign_keys=[about_id])
    epoch: Mapped[IssuerEpoch | None] = relationship()

    @property
    def is_own(self) -> bool:
        """Whether one of our issuers says it."""
        return self.issuer_id is not None

    def holds(self, now: datetime) -> bool:
        """Whether it held when it was last looked at, and its time is not over."""
        if self.revoked_at is not None or self.verdict != "valid":
            return False
        return self.expires_at is None or self.expires_at > now


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
    signed_count: Mapped[int] = mapped_column(default=0)  # how many it revoked when it was signed
    created_at: Mapped[datetime]
