# SPDX-License-Identifier: AGPL-3.0-or-later
"""What operators and admins need: settings, the audit log, runs of jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db import Base, BigInt, Json


class Setting(Base):
    """A setting that admins change while the site runs."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    updated_at: Mapped[datetime]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))


class AuditEntry(Base):
    """Who did what to what, before and after; rows are only added."""

    __tablename__ = "audit_log"
    __table_args__ = (Index(None, "happened_at", "id"), Index(None, "subject_type", "subject_id"))

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    happened_at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    actor: Mapped[str] = mapped_column(Text)  # readable when there is no person: cli, rule, job
    action: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)
    origin: Mapped[str] = mapped_column(Text, default="")  # address, command


class JobRun(Base):
    """One run of a scheduled job."""

    __tablename__ = "job_runs"
    __table_args__ = (Index(None, "name", "started_at"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    looked_at: Mapped[int] = mapped_column(BigInt, default=0)
    awarded: Mapped[int] = mapped_column(BigInt, default=0)
    errors: Mapped[int] = mapped_column(default=0)
    position: Mapped[str | None] = mapped_column(Text)  # where an interrupted run goes on
    report: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
