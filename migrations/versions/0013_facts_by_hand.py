# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which facts of a badge were written on the site, so that rule files leave them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    # A column is added in place, so that the table keeps its triggers on SQLite.
    op.add_column("badges", sa.Column("by_hand", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("badges", "by_hand")
