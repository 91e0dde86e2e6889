# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether somebody holds a badge, and what was taken back from them, is read from an index.

PostgreSQL also learns that a period and its first day go together: thinking them apart it expects
few totals of all time, and reads those of everybody for the first fifty of the leaderboard.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

VALID = sa.text("revoked_at IS NULL")
REVOKED = sa.text("revoked_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_awards_held",
        "awards",
        ["person_id", "badge_id", "issued_at", "id"],
        sqlite_where=VALID,
        postgresql_where=VALID,
    )
    op.create_index(
        "ix_awards_person_revoked",
        "awards",
        ["person_id", "revoked_at"],
        sqlite_where=REVOKED,
        postgresql_where=REVOKED,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE STATISTICS st_totals_period (mcv) ON period, starts_on FROM totals")
        op.execute("ANALYZE totals")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP STATISTICS st_totals_period")
    op.drop_index("ix_awards_person_revoked", table_name="awards")
    op.drop_index("ix_awards_held", table_name="awards")
