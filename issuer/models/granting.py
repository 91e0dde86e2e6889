# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may award, and how people come to badges without a rule: grants, invitations, claims."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, BigInt, Json
from issuer.models.badges import Badge
from issuer.models.persons import Person
from issuer.models.types import ClaimState


def hash_of_token(token: str) -> str:
    """Return by what an invitation is found."""
    return hashlib.sha256(token.encode()).hexdigest()


def _hash_of_own_token(context: Any) -> str:
    return hash_of_token(str(context.get_current_parameters()["token"]))


class Grant(Base):
    """The permission of a person or a group to award a badge."""

    __tablename__ = "grants"
    __table_args__ = (
        UniqueConstraint("badge_id", "person_id"),
        UniqueConstraint("badge_id", "group_name"),
        CheckConstraint("(person_id IS NULL) <> (group_name IS NULL)", name="holder"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    group_name: Mapped[str | None] = mapped_column(Text, index=True)
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    quota: Mapped[int | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]

    badge: Mapped[Badge] = relationship()


class Invitation(Base):
    """A link or QR code by which a badge may be claimed."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(Text, unique=True)  # readable: the link is shown again
    # Looked up instead of the token: how long that takes tells nothing about any token.
    token_hash: Mapped[str] = mapped_column(
        Text, unique=True, index=True, default=_hash_of_own_token
    )
    # What codes that were made together have in common; '' for a link by itself.
    batch: Mapped[str] = mapped_column(Text, default="", index=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    maximum_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    badge: Mapped[Badge] = relationship()
    created_by: Mapped[Person | None] = relationship()


class InvitationUse(Base):
    """Who used an invitation; once each."""

    __tablename__ = "invitation_uses"

    invitation_id: Mapped[int] = mapped_column(
        ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True, index=True)
    award_id: Mapped[int] = mapped_column(BigInt, ForeignKey("awards.id"), index=True)
    used_at: Mapped[datetime]


class Claim(Base):
    """What a person hands in to earn a claimable badge, and what the reviewer says."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint(
            "state IN ('open', 'asked-back', 'accepted', 'declined', 'withdrawn')", name="state"
        ),
        Index(None, "state", "created_at"),
        Index(None, "person_id", "created_at"),
        # A person has one claim of a badge under way, however often the form is sent.
        Index(
            "uq_claims_under_way",
            "badge_id",
            "person_id",
            unique=True,
            sqlite_where=text("state IN ('open', 'asked-back')"),
            postgresql_where=text("state IN ('open', 'asked-back')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    text: Mapped[str] = mapped_column(Text, default="")
    links: Mapped[list[str]] = mapped_column(Json, default=list)
    sendings: Mapped[int] = mapped_column(default=1)  # a reviewer answers the one they read
    state: Mapped[ClaimState] = mapped_column(Text, default=ClaimState.OPEN)
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    answer: Mapped[str] = mapped_column(Text, default="")
    award_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("awards.id"))
    created_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]

    badge: Mapped[Badge] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class Bounty(Base):
    """The offer of a claimable badge: how many, and until when."""

    __tablename__ = "bounties"

    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"), primary_key=True)
    maximum_awards: Mapped[int | None]
    accepted: Mapped[int] = mapped_column(default=0)  # claims so far
    ends_at: Mapped[datetime | None]
    instructions: Mapped[str] = mapped_column(Text, default="")
