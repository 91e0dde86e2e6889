# SPDX-License-Identifier: AGPL-3.0-or-later
"""What programs asked for once and may ask for again without doubling it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db import Base


class ApiRequest(Base):
    """A request that counts once, by the key that its sender gave it, and what came of it."""

    __tablename__ = "api_requests"
    __table_args__ = (
        # Decides which of two that come at the same moment is the first.
        UniqueConstraint("person_id", "key"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)  # of what was asked for
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("batches.id", ondelete="CASCADE"), index=True
    )
    invitation_id: Mapped[int | None] = mapped_column(
        ForeignKey("invitations.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
