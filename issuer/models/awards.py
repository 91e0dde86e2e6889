# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards, and the assertions that tell the world of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, BigInt, Json
from issuer.models.badges import Badge, BadgeEdition
from issuer.models.issuers import SigningKey
from issuer.models.persons import Person
from issuer.models.types import Source

#: How the occurrence of a revoked award begins that stands in nobody's way any more.
FREED = "freed-"
#: Awards that will run out, or did and nobody noted it yet.
UNNOTED = text("expires_at IS NOT NULL AND expiry_noted_at IS NULL AND revoked_at IS NULL")


class Award(Base):
    """Who got which badge when, and why."""

    __tablename__ = "awards"
    __table_args__ = (
        # Decides who was first; an earlier look decides nothing. Revoked rows count.
        UniqueConstraint("badge_id", "person_id", "occurrence"),
        CheckConstraint(
            "source IN ('rule', 'admin', 'invitation', 'claim', 'job', 'api', 'import')",
            name="source",
        ),
        Index(None, "person_id", "issued_at", "id"),
        Index(None, "badge_id", "issued_at", "id"),
        Index(None, "issued_at", "id"),
        Index(
            "ix_awards_revoked",
            "revoked_at",
            sqlite_where=text("revoked_at IS NOT NULL"),
            postgresql_where=text("revoked_at IS NOT NULL"),
        ),
        # What the feed of a badge tells of those that were taken back.
        Index(
            "ix_awards_badge_revoked",
            "badge_id",
            "revoked_at",
            sqlite_where=text("revoked_at IS NOT NULL"),
            postgresql_where=text("revoked_at IS NOT NULL"),
        ),
        # The same of a person.
        Index(
            "ix_awards_person_revoked",
            "person_id",
            "revoked_at",
            sqlite_where=text("revoked_at IS NOT NULL"),
            postgresql_where=text("revoked_at IS NOT NULL"),
        ),
        # Whether somebody holds a badge, and which of several awards of it is the newest.
        Index(
            "ix_awards_held",
            "person_id",
            "badge_id",
            "issued_at",
            "id",
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
        # By hand: few of all, and asked for by who gave them and by what they come from.
        Index(
            "ix_awards_awarded_by",
            "awarded_by_id",
            "id",
            sqlite_where=text("awarded_by_id IS NOT NULL"),
            postgresql_where=text("awarded_by_id IS NOT NULL"),
        ),
        Index(
            "ix_awards_source",
            "source",
            "issued_at",
            "id",
            sqlite_where=text("source <> 'rule'"),
            postgresql_where=text("source <> 'rule'"),
        ),
        # What the job looks for that tells holders.
        Index(
            "ix_awards_running_out",
            "expires_at",
            "id",
            sqlite_where=UNNOTED,
            postgresql_where=UNNOTED,
        ),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid4)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    # '' for ordinary badges, the event of repeatable ones, `again-<n>` after a revocation,
    # `freed-<id>` for a revoked one that may be earned again.
    occurrence: Mapped[str] = mapped_column(Text, default="")
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    expiry_noted_at: Mapped[datetime | None]  # when we saw that it has run out, and told the holder
    evidence: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    narrative: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[Source] = mapped_column(Text)
    cause_id: Mapped[str | None] = mapped_column(Text)  # id of the message, invitation, claim…
    cause_url: Mapped[str | None] = mapped_column(Text)
    awarded_by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    revocation_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]

    badge: Mapped[Badge] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    assertions: Mapped[list[Assertion]] = relationship(back_populates="award")

    @property
    def is_revoked(self) -> bool:
        """Whether the award was taken back."""
        return self.revoked_at is not None

    @property
    def may_come_again(self) -> bool:
        """Whether it was taken back and may be earned again."""
        return self.is_revoked and self.occurrence.startswith(FREED)

    def is_expired(self, now: datetime) -> bool:
        """Whether the award no longer counts at ``now``."""
        return self.expires_at is not None and self.expires_at <= now


class Assertion(Base):
    """The Open Badges document of an award for one address of its holder."""

    __tablename__ = "assertions"
    __table_args__ = (
        UniqueConstraint("award_id", "identity_hash"),
        Index(
            "uq_assertions_default",
            "award_id",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
        # One for each address; the default one may be for that of the account, which is no row.
        Index(
            "uq_assertions_address",
            "award_id",
            "email_identity_id",
            unique=True,
            sqlite_where=text("email_identity_id IS NOT NULL"),
            postgresql_where=text("email_identity_id IS NOT NULL"),
        ),
        Index(
            "uq_assertions_status",
            "status_list_id",
            "status_index",
            unique=True,
            sqlite_where=text("status_list_id IS NOT NULL"),
            postgresql_where=text("status_list_id IS NOT NULL"),
        ),
        # Assertions of the old system are asked for by it.
        Index(None, "identity_hash", postgresql_using="hash"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True)
    award_id: Mapped[int] = mapped_column(BigInt, ForeignKey("awards.id"))
    email_identity_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_identities.id", ondelete="SET NULL"), index=True
    )
    is_default: Mapped[bool] = mapped_column(default=True)
    identity_type: Mapped[str] = mapped_column(Text, default="email")
    salt: Mapped[str] = mapped_column(Text)
    identity_hash: Mapped[str] = mapped_column(Text)
    subject_uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid4)  # OB 3.0 `sub`
    edition_id: Mapped[int] = mapped_column(ForeignKey("badge_editions.id"), index=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("signing_keys.id"), index=True)
    document_id: Mapped[str] = mapped_column(Text, unique=True)
    document: Mapped[str] = mapped_column(Text)  # as served, byte for byte
    jws: Mapped[str | None] = mapped_column(Text)  # made at the first demand, then kept
    ob3: Mapped[str | None] = mapped_column(Text)
    ob3_jwt: Mapped[str | None] = mapped_column(Text)
    status_list_id: Mapped[int | None] = mapped_column(ForeignKey("status_lists.id"))
    status_index: Mapped[int | None]
    created_at: Mapped[datetime]

    award: Mapped[Award] = relationship(back_populates="assertions")
    edition: Mapped[BadgeEdition] = relationship()
    key: Mapped[SigningKey] = relationship()
