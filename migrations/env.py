# SPDX-License-Identifier: AGPL-3.0-or-later
"""How migrations run: on the connection that the caller gives, one runner at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import context
from sqlalchemy.dialects import postgresql

import issuer.models  # noqa: F401  (registers the tables)
from issuer.db import Base, UtcDateTime

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

LOCK = 0x6163636F  # any number that nobody else uses for an advisory lock


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """Write our types as SQLAlchemy's own, so that a migration never depends on our code."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, sa.JSON) and not isinstance(item, postgresql.JSONB):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if isinstance(item, sa.BigInteger):
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False


def run(connection: sa.Connection) -> None:
    """Run what is asked for on one connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        compare_type=True,
        transaction_per_migration=False,
        # SQLite too can undo what it did to tables; else each step would be a transaction of its
        # own, and who upgrades at the same moment would come between two of them.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL lock_timeout = '30s'"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()


run(context.config.attributes["connection"])
