# SPDX-License-Identifier: AGPL-3.0-or-later
"""Totals that are kept, so that no page counts: per person and period, and their histogram."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db import Base, BigInt
from issuer.models.types import Period


class Total(Base):
    """Badges and points of a person in a period."""

    __tablename__ = "totals"
    __table_args__ = (
        Index(None, "period", "starts_on", "badges", "person_id"),
        Index(None, "period", "starts_on", "points", "person_id"),
    )

    person_id: Mapped[int] = mapped_column(
        ForeignKey("persons.id", ondelete="CASCADE"), primary_key=True
    )
    period: Mapped[Period] = mapped_column(Text, primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    badges: Mapped[int] = mapped_column(default=0)
    points: Mapped[int] = mapped_column(default=0)


class RankHistogram(Base):
    """How many people have a given total: the rank of one is the sum above it, plus one."""

    __tablename__ = "rank_histogram"

    measure: Mapped[str] = mapped_column(Text, primary_key=True)  # badges or points
    period: Mapped[Period] = mapped_column(Text, primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    people: Mapped[int] = mapped_column(default=0)


class BadgeTotal(Base):
    """How many hold a badge."""

    __tablename__ = "badge_totals"
    __table_args__ = (Index(None, "holders", "badge_id"),)

    badge_id: Mapped[int] = mapped_column(
        ForeignKey("badges.id", ondelete="CASCADE"), primary_key=True
    )
    holders: Mapped[int] = mapped_column(BigInt, default=0)
    awards: Mapped[int] = mapped_column(BigInt, default=0)


class CatalogueTotal(Base):
    """How many badges can be earned: one row, kept by a trigger (`derived`)."""

    __tablename__ = "catalogue_totals"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    badges: Mapped[int] = mapped_column(default=0)


class BadgePeriod(Base):
    """How often a badge was awarded in a year, month, week, day; kept by a trigger (`derived`)."""

    __tablename__ = "badge_periods"
    __table_args__ = (Index(None, "period", "starts_on", "awards", "badge_id"),)

    badge_id: Mapped[int] = mapped_column(
        ForeignKey("badges.id", ondelete="CASCADE"), primary_key=True
    )
    period: Mapped[Period] = mapped_column(Text, primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)  # in UTC; weeks on Monday
    awards: Mapped[int] = mapped_column(BigInt, default=0)
