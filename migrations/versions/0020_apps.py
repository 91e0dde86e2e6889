# SPDX-License-Identifier: AGPL-3.0-or-later
"""Apps that people let read their badges, their tokens, and credentials as they would be now.

Nobody wrote to the former table of tokens, so it is made anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "apps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=True),
        sa.Column("auth_method", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("about", JSON, nullable=False),
        sa.Column("redirect_uris", JSON, nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("renews", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apps")),
        sa.UniqueConstraint("client_id", name=op.f("uq_apps_client_id")),
    )
    op.create_index(op.f("ix_apps_last_used_at_created_at"), "apps", ["last_used_at", "created_at"])
    op.create_table(
        "app_accesses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("email_identity_id", sa.Integer(), nullable=True),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("code_expires_at", MOMENT, nullable=False),
        sa.Column("code_used_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=False),
        _key("app_accesses", "app_id", "apps"),
        _key("app_accesses", "person_id", "persons"),
        _key("app_accesses", "email_identity_id", "email_identities", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_accesses")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_app_accesses_code_hash")),
    )
    for column in ("app_id", "person_id", "email_identity_id", "ends_at"):
        op.create_index(op.f(f"ix_app_accesses_{column}"), "app_accesses", [column])
    op.create_table(
        "renewals",
        sa.Column("assertion_id", BIG, nullable=False),
        sa.Column("ob3", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        _key("renewals", "assertion_id", "assertions"),
        sa.PrimaryKeyConstraint("assertion_id", name=op.f("pk_renewals")),
    )
    op.drop_table("api_tokens")
    _tokens(
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("access_id", sa.Integer(), nullable=True),
        _key("api_tokens", "access_id", "app_accesses"),
    )
    for column in ("access_id", "expires_at"):
        op.create_index(op.f(f"ix_api_tokens_{column}"), "api_tokens", [column])


def downgrade() -> None:
    op.drop_table("api_tokens")
    _tokens()
    op.drop_table("renewals")
    op.drop_table("app_accesses")
    op.drop_table("apps")


def _tokens(*more: sa.schema.SchemaItem) -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("issuer_id", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        *more,
        _key("api_tokens", "issuer_id", "issuers", ondelete=None),
        _key("api_tokens", "person_id", "persons"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    for column in ("issuer_id", "person_id"):
        op.create_index(op.f(f"ix_api_tokens_{column}"), "api_tokens", [column])


def _key(
    table: str, column: str, target: str, ondelete: str | None = "CASCADE"
) -> sa.ForeignKeyConstraint:
    target_column = f"{target}.id"
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [target_column], name=name, ondelete=ondelete)
