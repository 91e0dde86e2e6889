# SPDX-License-Identifier: AGPL-3.0-or-later
"""Announcements that are tried again later, or can never be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WAITING = sa.text("sent_at IS NULL AND refused_at IS NULL")
REFUSED = sa.text("refused_at IS NOT NULL")
UNSENT = sa.text("sent_at IS NULL")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_outbox_unsent", table_name="outbox")
    op.drop_index("ix_outbox_stream_id", table_name="outbox")
    for name, columns, where in (
        ("ix_outbox_waiting", ["id"], WAITING),
        ("ix_outbox_waiting_stream", ["stream", "id"], WAITING),
        ("ix_outbox_refused", ["id"], REFUSED),
    ):
        op.create_index(name, "outbox", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in ("ix_outbox_refused", "ix_outbox_waiting_stream", "ix_outbox_waiting"):
        op.drop_index(name, table_name="outbox")
    op.create_index("ix_outbox_stream_id", "outbox", ["stream", "id"])
    op.create_index(
        "ix_outbox_unsent", "outbox", ["id"], sqlite_where=UNSENT, postgresql_where=UNSENT
    )
    with op.batch_alter_table("outbox") as batch:
        batch.drop_column("refused_at")
        batch.drop_column("due_at")
