# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backpacks as they are used: nobody wrote to the former tables, so they are made anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_table("pushes")
    op.drop_table("backpack_connections")
    op.create_table(
        "backpack_hosts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("redirect_url", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backpack_hosts")),
        sa.UniqueConstraint(
            "protocol", "base_url", name=op.f("uq_backpack_hosts_protocol_base_url")
        ),
    )
    _connections(
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", MOMENT, nullable=True),
        ondelete="SET NULL",
    )
    op.create_index(
        op.f("ix_backpack_connections_email_identity_id"),
        "backpack_connections",
        ["email_identity_id"],
    )
    _pushes(
        sa.Column("award_id", BIG, nullable=False),
        sa.Column("assertion_id", BIG, nullable=True),
        sa.Column("unsure", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["award_id"], ["awards.id"], name=op.f("fk_pushes_award_id_awards")
        ),
        unique="award_id",
    )
    op.create_index(op.f("ix_pushes_award_id"), "pushes", ["award_id"])


def downgrade() -> None:
    op.drop_table("pushes")
    op.drop_table("backpack_connections")
    op.drop_table("backpack_hosts")
    _connections(sa.Column("client", JSON, nullable=False), ondelete=None)
    _pushes(sa.Column("assertion_id", BIG, nullable=False), unique="assertion_id")


def _connections(*more: sa.Column[object], ondelete: str | None) -> None:
    op.create_table(
        "backpack_connections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("email_identity_id", sa.Integer(), nullable=True),
        sa.Column("tokens", sa.Text(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        *more,
        sa.ForeignKeyConstraint(
            ["email_identity_id"],
            ["email_identities.id"],
            name=op.f("fk_backpack_connections_email_identity_id_email_identities"),
            ondelete=ondelete,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["persons.id"],
            name=op.f("fk_backpack_connections_person_id_persons"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backpack_connections")),
    )
    op.create_index(
        op.f("ix_backpack_connections_person_id"), "backpack_connections", ["person_id"]
    )


def _pushes(*more: sa.schema.SchemaItem, unique: str) -> None:
    op.create_table(
        "pushes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_attempt_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        *more,
        sa.ForeignKeyConstraint(
            ["assertion_id"], ["assertions.id"], name=op.f("fk_pushes_assertion_id_assertions")
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["backpack_connections.id"],
            name=op.f("fk_pushes_connection_id_backpack_connections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushes")),
        sa.UniqueConstraint(
            "connection_id", unique, name=op.f(f"uq_pushes_connection_id_{unique}")
        ),
    )
    op.create_index(op.f("ix_pushes_assertion_id"), "pushes", ["assertion_id"])
    op.create_index(op.f("ix_pushes_state_next_attempt_at"), "pushes", ["state", "next_attempt_at"])
