# SPDX-License-Identifier: AGPL-3.0-or-later
"""Counters that are advanced by each message; they are made anew from the archive when asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.drop_index(op.f("ix_counters_person_key"), table_name="counters")
    op.drop_table("counters")
    op.create_table(
        "counters",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("person_key", sa.Text(), nullable=True),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counters")),
        sa.UniqueConstraint("key", name=op.f("uq_counters_key")),
    )
    op.create_index(
        op.f("ix_counters_person_key_filter"), "counters", ["person_key", "filter"], unique=False
    )
    op.create_index(op.f("ix_counters_filter"), "counters", ["filter"], unique=False)
    op.create_table(
        "counter_anchors",
        sa.Column("anchor", sa.Text(), nullable=False),
        sa.Column("counter_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["counter_id"],
            ["counters.id"],
            name=op.f("fk_counter_anchors_counter_id_counters"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("anchor", "counter_id", name=op.f("pk_counter_anchors")),
    )
    op.create_index(
        op.f("ix_counter_anchors_counter_id"), "counter_anchors", ["counter_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_counter_anchors_counter_id"), table_name="counter_anchors")
    op.drop_table("counter_anchors")
    op.drop_index(op.f("ix_counters_filter"), table_name="counters")
    op.drop_index(op.f("ix_counters_person_key_filter"), table_name="counters")
    op.drop_table("counters")
    op.create_table(
        "counters",
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.Text(), nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.Column("message_ref", BIG, nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["rules.id"], name=op.f("fk_counters_rule_id_rules"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", "person_key", name=op.f("pk_counters")),
    )
    op.create_index(op.f("ix_counters_person_key"), "counters", ["person_key"], unique=False)
