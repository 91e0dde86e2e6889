# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules and their history, and the counts they keep."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, BigInt
from issuer.models.badges import Badge


class Rule(Base):
    """What awards a badge from messages; the text in force is its newest revision."""

    __tablename__ = "rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"), index=True)
    source: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
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
    """How far a person is with a rule; the row is also the lock under which the rule counts."""

    __tablename__ = "counters"

    rule_id: Mapped[int] = mapped_column(
        ForeignKey("rules.id", ondelete="CASCADE"), primary_key=True
    )
    person_key: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    value: Mapped[int] = mapped_column(BigInt, default=0)
    message_ref: Mapped[int | None] = mapped_column(BigInt)  # the last message that it includes
    updated_at: Mapped[datetime]
