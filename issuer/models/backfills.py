# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules on their way through the archive, for those who earned their badges before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db import Base


class Backfill(Base):
    """A rule whose badge is awarded to all who earned it before, by a worker."""

    __tablename__ = "backfills"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(Text, index=True)  # of the rule
    since: Mapped[datetime | None]
    planned: Mapped[int] = mapped_column(default=0)  # messages, where that is known
    done: Mapped[int] = mapped_column(default=0)
    awarded: Mapped[int] = mapped_column(default=0)  # by all attempts
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(Text)  # why it did not come to its end
    created_at: Mapped[datetime]
    #: When it may be taken, also from a process that died over it; None once it is finished.
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
