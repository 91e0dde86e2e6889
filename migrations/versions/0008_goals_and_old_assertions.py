# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far people are on the way to a badge, and assertions by the address they had before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # Filled when rules are next synchronised.
    op.add_column("rules", sa.Column("asks", sa.Text(), nullable=True))
    op.add_column("rules", sa.Column("threshold", BIG, nullable=True))
    op.create_index(op.f("ix_rules_asks"), "rules", ["asks"])
    op.create_index(
        op.f("ix_assertions_identity_hash"),
        "assertions",
        ["identity_hash"],
        postgresql_using="hash",
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_assertions_identity_hash"), table_name="assertions")
    op.drop_index(op.f("ix_rules_asks"), table_name="rules")
    with op.batch_alter_table("rules") as batch:
        batch.drop_column("threshold")
        batch.drop_column("asks")
