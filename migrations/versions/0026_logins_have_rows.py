# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whoever is signed in has a row for it; logins of before have none, and are made anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "logins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("mark_hash", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["persons.id"],
            name=op.f("fk_logins_person_id_persons"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logins")),
        sa.UniqueConstraint("mark_hash", name=op.f("uq_logins_mark_hash")),
    )
    for column in ("person_id", "ends_at"):
        op.create_index(op.f(f"ix_logins_{column}"), "logins", [column])
    op.drop_table("ended_logins")


def downgrade() -> None:
    op.create_table(
        "ended_logins",
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_ended_logins")),
    )
    op.create_index(op.f("ix_ended_logins_ended_at"), "ended_logins", ["ended_at"])
    op.drop_table("logins")
