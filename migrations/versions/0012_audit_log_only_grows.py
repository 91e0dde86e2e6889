# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: S608 (every part of these statements is written here)
"""The audit log only grows: the database itself refuses to change or delete what it holds.

Three things may still happen to a row, and to its actor alone: the name becomes that of somebody
erased, the address from which it was done is forgotten with it, and the row follows its actor when
accounts are merged, to the account that has the name as an old one.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

#: What stays for ever, and what may become of the rest (`issuer.services.erasing.SOMEBODY`).
LASTING = ("id", "happened_at", "action", "subject_type", "subject_id", "before", "after")
ERASED = "(erased)"
MESSAGE = "audit_log: rows are only added"
# `{is_not}` compares so that NULL equals NULL, on each database in its own words.
TOUCHED = " OR ".join(
    [
        *(f"old.{name} {{is_not}} new.{name}" for name in LASTING),
        f"(old.actor {{is_not}} new.actor AND new.actor <> '{ERASED}')",
        f"(old.origin {{is_not}} new.origin AND NOT (new.origin = '' AND new.actor = '{ERASED}'))",
        "(old.actor_id {is_not} new.actor_id AND NOT EXISTS (SELECT 1 FROM old_names "
        "JOIN persons ON persons.key = old_names.key "
        "WHERE persons.id = old.actor_id AND old_names.person_id = new.actor_id))",
    ]
)

SQLITE = (
    f"""CREATE TRIGGER audit_log_lasts BEFORE UPDATE ON audit_log
WHEN {TOUCHED.format(is_not="IS NOT")} BEGIN
    SELECT RAISE(ABORT, '{MESSAGE}');
END""",
    f"""CREATE TRIGGER audit_log_stays BEFORE DELETE ON audit_log BEGIN
    SELECT RAISE(ABORT, '{MESSAGE}');
END""",
    # INSERT OR REPLACE deletes without asking the trigger above.
    f"""CREATE TRIGGER audit_log_grows BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = new.id) BEGIN
    SELECT RAISE(ABORT, '{MESSAGE}');
END""",
)
POSTGRESQL = (
    f"""CREATE FUNCTION audit_log_lasts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF tg_op <> 'UPDATE' THEN
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
    ELSIF {TOUCHED.format(is_not="IS DISTINCT FROM")} THEN
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN new;
END $$""",
    """CREATE TRIGGER audit_log_lasts BEFORE UPDATE OR DELETE ON audit_log
FOR EACH ROW EXECUTE FUNCTION audit_log_lasts()""",
    """CREATE TRIGGER audit_log_stays BEFORE TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_lasts()""",
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in POSTGRESQL if connection.dialect.name == "postgresql" else SQLITE:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for trigger in ("audit_log_lasts", "audit_log_stays"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger} ON audit_log")
        connection.exec_driver_sql("DROP FUNCTION audit_log_lasts()")
        return
    for trigger in ("audit_log_lasts", "audit_log_stays", "audit_log_grows"):
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
