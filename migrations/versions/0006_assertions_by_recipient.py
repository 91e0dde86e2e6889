# SPDX-License-Identifier: AGPL-3.0-or-later
"""Assertions are found by the hash of their recipient, as the old addresses name them."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_assertions_identity_hash"),
        "assertions",
        ["identity_hash"],
        postgresql_using="hash",
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_assertions_identity_hash"), table_name="assertions")
