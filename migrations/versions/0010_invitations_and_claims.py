# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invitations are found by a hash and made in batches; claims are withdrawn, offers are counted."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CLAIM_STATES = "state IN ('open', 'asked-back', 'accepted', 'declined')"
MORE_CLAIM_STATES = "state IN ('open', 'asked-back', 'accepted', 'declined', 'withdrawn')"
UNDER_WAY = sa.text("state IN ('open', 'asked-back')")


def upgrade() -> None:
    # SQLite makes no table anew here: to drop the old one would drop the uses that refer to it.
    op.add_column(
        "invitations", sa.Column("token_hash", sa.Text(), nullable=False, server_default="")
    )
    op.add_column("invitations", sa.Column("batch", sa.Text(), nullable=False, server_default=""))
    invitations = sa.table(
        "invitations", sa.column("id"), sa.column("token"), sa.column("token_hash")
    )
    connection = op.get_bind()
    for number, token in connection.execute(sa.select(invitations.c.id, invitations.c.token)).all():
        connection.execute(
            invitations.update()
            .where(invitations.c.id == number)
            .values(token_hash=hashlib.sha256(token.encode()).hexdigest())
        )
    op.create_index(op.f("ix_invitations_token_hash"), "invitations", ["token_hash"], unique=True)
    op.create_index(op.f("ix_invitations_batch"), "invitations", ["batch"])
    op.add_column(
        "bounties", sa.Column("accepted", sa.Integer(), nullable=False, server_default="0")
    )
    with op.batch_alter_table("claims") as table:
        table.add_column(sa.Column("sendings", sa.Integer(), nullable=False, server_default="1"))
        table.drop_constraint(op.f("ck_claims_state"), type_="check")
        table.create_check_constraint(op.f("ck_claims_state"), MORE_CLAIM_STATES)
    op.create_index(
        "uq_claims_under_way",
        "claims",
        ["badge_id", "person_id"],
        unique=True,
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )


def downgrade() -> None:
    op.drop_index(
        "uq_claims_under_way",
        table_name="claims",
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
    claims = sa.table("claims", sa.column("state"))
    op.execute(claims.update().where(claims.c.state == "withdrawn").values(state="declined"))
    with op.batch_alter_table("claims") as table:
        table.drop_constraint(op.f("ck_claims_state"), type_="check")
        table.create_check_constraint(op.f("ck_claims_state"), CLAIM_STATES)
        table.drop_column("sendings")
    op.drop_column("bounties", "accepted")
    op.drop_index(op.f("ix_invitations_batch"), table_name="invitations")
    op.drop_index(op.f("ix_invitations_token_hash"), table_name="invitations")
    op.drop_column("invitations", "batch")
    op.drop_column("invitations", "token_hash")
