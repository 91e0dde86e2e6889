# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards that ran out are noted once, and found without looking at the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UNNOTED = sa.text("expires_at IS NOT NULL AND expiry_noted_at IS NULL AND revoked_at IS NULL")


def upgrade() -> None:
    # Adding a column leaves the table, and on SQLite its triggers, as they are.
    op.add_column("awards", sa.Column("expiry_noted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_awards_running_out",
        "awards",
        ["expires_at", "id"],
        sqlite_where=UNNOTED,
        postgresql_where=UNNOTED,
    )


def downgrade() -> None:
    op.drop_index("ix_awards_running_out", table_name="awards")
    op.execute("ALTER TABLE awards DROP COLUMN expiry_noted_at")
