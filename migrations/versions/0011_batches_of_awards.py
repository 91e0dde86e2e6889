# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lists of awards that are shown before they are given or taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
BY_HAND = sa.text("awarded_by_id IS NOT NULL")
NO_RULE = sa.text("source <> 'rule'")


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("badge_id", sa.Integer(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("options", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('award', 'revoke', 'revoke-badge')", name=op.f("ck_batches_kind")
        ),
        sa.CheckConstraint(
            "state IN ('file', 'shown', 'doing', 'done', 'undoing', 'undone')",
            name=op.f("ck_batches_state"),
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["persons.id"], name=op.f("fk_batches_made_by_id_persons")
        ),
        sa.ForeignKeyConstraint(
            ["badge_id"], ["badges.id"], name=op.f("fk_batches_badge_id_badges")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("uuid", name=op.f("uq_batches_uuid")),
    )
    op.create_index(
        op.f("ix_batches_made_by_id_created_at"), "batches", ["made_by_id", "created_at"]
    )
    op.create_table(
        "batch_lines",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("badge_name", sa.Text(), nullable=False),
        sa.Column("badge_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("narrative", sa.Text(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("award_id", BIG, nullable=True),
        sa.CheckConstraint(
            "state IN ('ready', 'refused', 'done', 'undone')", name=op.f("ck_batch_lines_state")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batches.id"],
            name=op.f("fk_batch_lines_batch_id_batches"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["badge_id"], ["badges.id"], name=op.f("fk_batch_lines_badge_id_badges")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_batch_lines_person_id_persons")
        ),
        sa.ForeignKeyConstraint(
            ["award_id"], ["awards.id"], name=op.f("fk_batch_lines_award_id_awards")
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_batch_lines")),
    )
    op.create_index(
        op.f("ix_batch_lines_batch_id_state_number"),
        "batch_lines",
        ["batch_id", "state", "number"],
    )
    op.create_index(op.f("ix_batch_lines_person_id"), "batch_lines", ["person_id"])
    for name, columns, where in (
        ("ix_awards_awarded_by", ["awarded_by_id", "id"], BY_HAND),
        ("ix_awards_source", ["source", "issued_at", "id"], NO_RULE),
    ):
        op.create_index(name, "awards", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in ("ix_awards_source", "ix_awards_awarded_by"):
        op.drop_index(name, table_name="awards")
    op.drop_table("batch_lines")
    op.drop_table("batches")
