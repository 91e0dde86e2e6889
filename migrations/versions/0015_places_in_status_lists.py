# SPDX-License-Identifier: AGPL-3.0-or-later
"""A place in a list of revocations belongs to one credential."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "status_lists", sa.Column("signed_count", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_index(
        "uq_assertions_status",
        "assertions",
        ["status_list_id", "status_index"],
        unique=True,
        sqlite_where=sa.text("status_list_id IS NOT NULL"),
        postgresql_where=sa.text("status_list_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_assertions_status", table_name="assertions")
    op.drop_column("status_lists", "signed_count")
