# SPDX-License-Identifier: AGPL-3.0-or-later
"""Endorsements as they are used: nobody wrote to the former table, so it is made anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LISTED = "status_list_id IS NOT NULL"
STANDING = "issuer_id IS NOT NULL AND revoked_at IS NULL"


def upgrade() -> None:
    op.drop_table("endorsements")
    _endorsements(
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("about_id", sa.Integer(), nullable=True),
        sa.Column("epoch_id", sa.Integer(), nullable=True),
        sa.Column("endorser", sa.Text(), nullable=False),
        sa.Column("endorser_name", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("jws", sa.Text(), nullable=True),
        sa.Column("ob3", sa.Text(), nullable=True),
        sa.Column("status_list_id", sa.Integer(), nullable=True),
        sa.Column("status_index", sa.Integer(), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "form IN ('own', 'hosted', 'signed', 'proof', 'jwt')",
            name=op.f("ck_endorsements_form"),
        ),
        sa.ForeignKeyConstraint(
            ["about_id"], ["issuers.id"], name=op.f("fk_endorsements_about_id_issuers")
        ),
        sa.ForeignKeyConstraint(
            ["epoch_id"], ["issuer_epochs.id"], name=op.f("fk_endorsements_epoch_id_issuer_epochs")
        ),
        sa.ForeignKeyConstraint(
            ["status_list_id"],
            ["status_lists.id"],
            name=op.f("fk_endorsements_status_list_id_status_lists"),
        ),
        sa.UniqueConstraint("uuid", name=op.f("uq_endorsements_uuid")),
    )
    op.create_index(op.f("ix_endorsements_about_id"), "endorsements", ["about_id"])
    op.create_index(
        "uq_endorsements_standing",
        "endorsements",
        ["issuer_id", "subject"],
        unique=True,
        sqlite_where=sa.text(STANDING),
        postgresql_where=sa.text(STANDING),
    )
    op.create_index(
        "uq_endorsements_status",
        "endorsements",
        ["status_list_id", "status_index"],
        unique=True,
        sqlite_where=sa.text(LISTED),
        postgresql_where=sa.text(LISTED),
    )


def downgrade() -> None:
    op.drop_table("endorsements")
    _endorsements()


def _endorsements(*more: sa.schema.SchemaItem) -> None:
    op.create_table(
        "endorsements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("issuer_id", sa.Integer(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=True),
        *more,
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["issuers.id"], name=op.f("fk_endorsements_issuer_id_issuers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endorsements")),
        sa.UniqueConstraint("document_id", name=op.f("uq_endorsements_document_id")),
    )
    op.create_index(op.f("ix_endorsements_issuer_id"), "endorsements", ["issuer_id"])
    op.create_index(op.f("ix_endorsements_subject"), "endorsements", ["subject"])
