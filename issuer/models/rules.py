# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules and their history, and the counters they ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, BigInt, Json
from issuer.models.badges import Badge


class Rule(Base):
    """What awards a badge from messages; while it is active one of its revisions is in force."""

    __tablename__ = "rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"), index=True)
    source: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    # The revision in force, or that was last in force: newer ones are drafts. 0: none ever was.
    current: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    # Whether the site goes its own way: what the file of the rule says is noted, but not in force.
    edited: Mapped[bool] = mapped_column(default=False, server_default=false())
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

    def revision(self, number: int) -> RuleRevision | None:
        """Return a revision by its number."""
        return next((each for each in self.revisions if each.number == number), None)

    @property
    def in_force(self) -> str:
        """The text that is in force while the rule is active; empty where there is none."""
        found = self.revision(self.current)
        return found.text if found is not None else ""


class RuleRevision(Base):
    """A text of a rule, written in the browser by its author, or else in a file."""

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
