# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges, their editions and pictures, and how they are arranged: tags, series, teams."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, Json
from issuer.models.issuers import Issuer, IssuerEpoch


class Image(Base):
    """A picture, named by its content; the bytes lie in the object folder."""

    __tablename__ = "images"
    __table_args__ = (CheckConstraint("media_type IN ('image/png', 'image/svg+xml')", name="type"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(Text, unique=True)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    author: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


badge_tags = Table(
    "badge_tags",
    Base.metadata,
    Column("badge_id", ForeignKey("badges.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Tag(Base):
    """A word by which badges are found."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    # How many badges of it can be earned; kept by triggers (`derived`).
    badges: Mapped[int] = mapped_column(default=0, server_default="0")


class Badge(Base):
    """A badge as it is now; what was issued under it lies in its editions."""

    __tablename__ = "badges"
    __table_args__ = (Index(None, "created_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    legacy_id: Mapped[str] = mapped_column(Text, unique=True)  # as fedbadges makes it of the name
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    criteria_text: Mapped[str] = mapped_column(Text, default="")
    criteria_url: Mapped[str | None] = mapped_column(Text)
    discussion_url: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str | None] = mapped_column(Text)
    alignments: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    version: Mapped[int] = mapped_column(default=1)
    points: Mapped[int] = mapped_column(default=1)
    repeatable: Mapped[bool] = mapped_column(default=False)
    claimable: Mapped[bool] = mapped_column(default=False)
    expires_after: Mapped[int | None]  # seconds
    retired_at: Mapped[datetime | None]
    # Names of facts that were written on the site: rule files leave them as they are.
    by_hand: Mapped[list[str]] = mapped_column(Json, default=list)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("issuers.id"), index=True)
    png_id: Mapped[int | None] = mapped_column(ForeignKey("images.id"))
    svg_id: Mapped[int | None] = mapped_column(ForeignKey("images.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    issuer: Mapped[Issuer] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=badge_tags, order_by=Tag.name)
    png: Mapped[Image | None] = relationship(foreign_keys=[png_id])
    svg: Mapped[Image | None] = relationship(foreign_keys=[svg_id])
    milestone: Mapped[Milestone | None] = relationship(back_populates="badge")


class BadgeEdition(Base):
    """A BadgeClass document as it was issued; it never changes again."""

    __tablename__ = "badge_editions"
    __table_args__ = (UniqueConstraint("badge_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"))
    number: Mapped[int]  # 1 is served at the bare URL
    epoch_id: Mapped[int] = mapped_column(ForeignKey("issuer_epochs.id"), index=True)
    png_id: Mapped[int] = mapped_column(ForeignKey("images.id"))
    svg_id: Mapped[int | None] = mapped_column(ForeignKey("images.id"))
    document_id: Mapped[str] = mapped_column(Text, unique=True)
    document: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]

    badge: Mapped[Badge] = relationship()
    epoch: Mapped[IssuerEpoch] = relationship()
    png: Mapped[Image] = relationship(foreign_keys=[png_id])
    svg: Mapped[Image | None] = relationship(foreign_keys=[svg_id])


class Team(Base):
    """A group of people that is shown together."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime]


class TeamMember(Base):
    """One person in one team."""

    __tablename__ = "team_members"

    team_id: Mapped[int] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("persons.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    joined_at: Mapped[datetime]


class Series(Base):
    """Badges that follow each other."""

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"), index=True)
    created_at: Mapped[datetime]

    milestones: Mapped[list[Milestone]] = relationship(
        back_populates="series", order_by="Milestone.position"
    )


class Milestone(Base):
    """The place of a badge in its series."""

    __tablename__ = "milestones"
    __table_args__ = (UniqueConstraint("series_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"), unique=True)
    position: Mapped[int]

    series: Mapped[Series] = relationship(back_populates="milestones")
    badge: Mapped[Badge] = relationship(back_populates="milestone")
