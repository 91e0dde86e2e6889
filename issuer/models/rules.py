# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules and their history, and the counters they ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, BigInt, Json
from issuer.models.badges import Badge


class Rule(Base):
    """What awards a badge from messages; the text in force is its newest revision."""

    __tablename__ = "rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"), index=True)
    source: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    # What its counters belong to and the value that earns the badge, where both are known.
    asks: Mapped[str | None] = mapped_column(Text, index=True)
    threshold: Mapped[int | None] = mapped_column(BigInt)
    # The ending of the topics that it counts: rules with different ones share a filter.
    topic: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(default=0)
    last_failure: Mapped[str | None] = mapped_column(Text)
    last_failure_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    badge: Mapped[Badge] = relationship()
    revisions: Mapped[list[RuleRevision]] = relationship(
        back_populates="rule", order_by="RuleRevision.number"
    )


class RuleRevision(Base):
    """The text of a rule from one moment to the next."""

    __tablename__ = "rule_revisions"
    __table_args__ = (UniqueConstraint("rule_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("rules.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[datetime]

    rule: Mapped[Rule] = relationship(back_populates="revisions")


class Counter(Base):
    """How many archived messages one question finds, advanced by each message that it finds."""

    __tablename__ = "counters"
    __table_args__ = (Index(None, "person_key", "filter"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)  # stands for the filter and the question
    filter: Mapped[str] = mapped_column(Text, index=True)  # whose counter it is: rules share it
    person_key: Mapped[str | None] = mapped_column(Text)  # where it counts one person's messages
    facts: Mapped[dict[str, Any]] = mapped_column(Json)  # what the question asks
    value: Mapped[int] = mapped_column(BigInt, default=0)
    updated_at: Mapped[datetime]


class CounterAnchor(Base):
    """By what a message finds the counters that it may advance."""

    __tablename__ = "counter_anchors"

    anchor: Mapped[str] = mapped_column(Text, primary_key=True)
    counter_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("counters.id", ondelete="CASCADE"), primary_key=True, index=True
    )
