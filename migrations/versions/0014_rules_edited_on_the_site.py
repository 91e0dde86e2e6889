# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which revision of a rule is in force, and whether it was written here or in a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NEWEST = """
UPDATE rules SET current = coalesce(
    (SELECT max(number) FROM rule_revisions WHERE rule_revisions.rule_id = rules.id), 1)
"""


def upgrade() -> None:
    one, no = sa.text("1"), sa.false()
    op.add_column("rules", sa.Column("current", sa.Integer(), nullable=False, server_default=one))
    op.add_column("rules", sa.Column("edited", sa.Boolean(), nullable=False, server_default=no))
    op.execute(NEWEST)


def downgrade() -> None:
    op.drop_column("rules", "edited")
    op.drop_column("rules", "current")
