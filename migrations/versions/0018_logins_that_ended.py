# SPDX-License-Identifier: AGPL-3.0-or-later
"""A login that somebody ended is over, also for a copy of its cookie."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ended_logins",
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_ended_logins")),
    )
    op.create_index(op.f("ix_ended_logins_ended_at"), "ended_logins", ["ended_at"])


def downgrade() -> None:
    op.drop_table("ended_logins")
