# SPDX-License-Identifier: AGPL-3.0-or-later
"""An award has one assertion for each address of its holder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "uq_assertions_address",
        "assertions",
        ["award_id", "email_identity_id"],
        unique=True,
        sqlite_where=sa.text("email_identity_id IS NOT NULL"),
        postgresql_where=sa.text("email_identity_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_assertions_address", table_name="assertions")
