# SPDX-License-Identifier: AGPL-3.0-or-later
# ruff: noqa: S608 (every part of these statements is written here)
"""How often each badge was awarded in each year, month, week and day; ranks of days; sizes of tags.

Reports read which badges were awarded most from an index, and the days of a month from the
histogram. The months of a badge were kept before; they are now among these periods. A tag, and
the catalogue as a whole, know how many of their badges can be earned.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: The first day of each period in which an award lies.
ON_POSTGRES = {
    name: f"date_trunc('{name}', issued_at AT TIME ZONE 'UTC')::date"
    for name in ("year", "month", "week", "day")
}
ON_SQLITE = {
    "year": "substr({0}issued_at, 1, 4) || '-01-01'",
    "month": "substr({0}issued_at, 1, 7) || '-01'",
    "week": "date(substr({0}issued_at, 1, 10), 'weekday 0', '-6 days')",
    "day": "substr({0}issued_at, 1, 10)",
}
SPANS = ", ".join(f"('{name}', {start})" for name, start in ON_POSTGRES.items())
ROWS = ", ".join(
    f"(new.badge_id, '{name}', {start.format('new.')}, 1)" for name, start in ON_SQLITE.items()
)
STARTS = " OR ".join(
    f"(period = '{name}' AND starts_on = {start.format('new.')})"
    for name, start in ON_SQLITE.items()
)

SQLITE = (
    "DROP TRIGGER awards_added",
    "DROP TRIGGER awards_revoked",
    f"""CREATE TRIGGER awards_added AFTER INSERT ON awards WHEN new.revoked_at IS NULL BEGIN
    INSERT INTO badge_periods (badge_id, period, starts_on, awards) VALUES {ROWS}
    ON CONFLICT (badge_id, period, starts_on) DO UPDATE SET awards = awards + 1;
END""",
    f"""CREATE TRIGGER awards_revoked AFTER UPDATE OF revoked_at ON awards
WHEN (old.revoked_at IS NULL) <> (new.revoked_at IS NULL) BEGIN
    UPDATE badge_periods SET awards = awards + iif(new.revoked_at IS NULL, 1, -1)
    WHERE badge_id = new.badge_id AND ({STARTS});
END""",
    *(
        "INSERT INTO badge_periods (badge_id, period, starts_on, awards) "
        f"SELECT badge_id, '{name}', {start.format('')}, count(*) "
        "FROM awards WHERE revoked_at IS NULL GROUP BY 1, 3"
        for name, start in ON_SQLITE.items()
    ),
)
#: Rows are changed in their order, so that nobody waits for another in a circle.
POSTGRESQL = (
    f"""CREATE OR REPLACE FUNCTION awards_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO badge_periods (badge_id, period, starts_on, awards)
    SELECT badge_id, period, starts_on, count(*)
    FROM made CROSS JOIN LATERAL (VALUES {SPANS}) AS span(period, starts_on)
    WHERE revoked_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (badge_id, period, starts_on)
    DO UPDATE SET awards = badge_periods.awards + excluded.awards;
    RETURN NULL;
END $$""",
    f"""CREATE OR REPLACE FUNCTION awards_revoked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO badge_periods (badge_id, period, starts_on, awards)
    SELECT new.badge_id, name, first, CASE WHEN new.revoked_at IS NULL THEN 1 ELSE -1 END
    FROM (SELECT new.issued_at) AS award CROSS JOIN LATERAL (VALUES {SPANS}) AS span(name, first)
    ORDER BY name, first
    ON CONFLICT (badge_id, period, starts_on)
    DO UPDATE SET awards = badge_periods.awards + excluded.awards;
    RETURN NULL;
END $$""",
    "INSERT INTO badge_periods (badge_id, period, starts_on, awards) "
    "SELECT badge_id, period, starts_on, count(*) FROM awards "
    f"CROSS JOIN LATERAL (VALUES {SPANS}) AS span(period, starts_on) "
    "WHERE revoked_at IS NULL GROUP BY 1, 2, 3",
)
COUNT_TAG = """UPDATE tags SET badges = (SELECT count(*) FROM badge_tags
        JOIN badges ON badges.id = badge_tags.badge_id
        WHERE badge_tags.tag_id = tags.id AND badges.retired_at IS NULL)"""
COUNT_ALL = """UPDATE catalogue_totals
    SET badges = (SELECT count(*) FROM badges WHERE retired_at IS NULL)"""
TAGS_SQLITE = (
    f"""CREATE TRIGGER badges_counted AFTER INSERT ON badges BEGIN
    {COUNT_ALL};
END""",
    f"""CREATE TRIGGER badges_discounted AFTER DELETE ON badges BEGIN
    {COUNT_ALL};
END""",
    f"""CREATE TRIGGER badge_tags_counted AFTER INSERT ON badge_tags BEGIN
    {COUNT_TAG} WHERE id = new.tag_id;
END""",
    f"""CREATE TRIGGER badge_tags_discounted AFTER DELETE ON badge_tags BEGIN
    {COUNT_TAG} WHERE id = old.tag_id;
END""",
    f"""CREATE TRIGGER badges_retired AFTER UPDATE OF retired_at ON badges
WHEN (old.retired_at IS NULL) <> (new.retired_at IS NULL) BEGIN
    {COUNT_TAG} WHERE id IN (SELECT tag_id FROM badge_tags WHERE badge_id = new.id);
    {COUNT_ALL};
END""",
    COUNT_TAG,
    COUNT_ALL,
)
#: The rows are locked first: what is counted afterwards sees what the former holder committed.
TAGS_POSTGRESQL = (
    f"""CREATE FUNCTION badges_counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM FROM catalogue_totals FOR UPDATE;
    {COUNT_ALL};
    RETURN NULL;
END $$""",
    """CREATE TRIGGER badges_counted AFTER INSERT OR DELETE OR UPDATE OF retired_at
ON badges FOR EACH STATEMENT EXECUTE FUNCTION badges_counted()""",
    f"""CREATE FUNCTION badge_tags_counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM FROM tags WHERE id = coalesce(new.tag_id, old.tag_id) FOR UPDATE;
    {COUNT_TAG} WHERE id = coalesce(new.tag_id, old.tag_id);
    RETURN NULL;
END $$""",
    """CREATE TRIGGER badge_tags_counted AFTER INSERT OR DELETE
ON badge_tags FOR EACH ROW EXECUTE FUNCTION badge_tags_counted()""",
    f"""CREATE FUNCTION badges_retired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM FROM tags WHERE id IN (SELECT tag_id FROM badge_tags WHERE badge_id = new.id)
    ORDER BY id FOR UPDATE;
    {COUNT_TAG} WHERE id IN (SELECT tag_id FROM badge_tags WHERE badge_id = new.id);
    RETURN NULL;
END $$""",
    """CREATE TRIGGER badges_retired AFTER UPDATE OF retired_at ON badges FOR EACH ROW
WHEN ((old.retired_at IS NULL) <> (new.retired_at IS NULL)) EXECUTE FUNCTION badges_retired()""",
    COUNT_TAG,
    COUNT_ALL,
)
RANKS = """
INSERT INTO rank_histogram (measure, period, starts_on, total, people)
SELECT '{0}', period, starts_on, {0}, count(*)
FROM totals JOIN persons ON persons.id = totals.person_id
WHERE period = 'day' AND {0} > 0 AND NOT opted_out AND erased_at IS NULL
GROUP BY period, starts_on, {0}
"""
#: What kept the ranks of days out of the function that gives awards.
FUNCTION = "give_awards(json, json, timestamptz)"
WITH_DAYS = "WHERE total > 0 AND person_id"
WITHOUT_DAYS = "WHERE total > 0 AND period <> 'day' AND person_id"

TAG_TRIGGERS = {
    "badge_tags_counted": "badge_tags",
    "badge_tags_discounted": "badge_tags",
    "badges_retired": "badges",
    "badges_counted": "badges",
    "badges_discounted": "badges",
}
FORMER_SQLITE = (
    "DROP TRIGGER awards_added",
    "DROP TRIGGER awards_revoked",
    """CREATE TRIGGER awards_added AFTER INSERT ON awards WHEN new.revoked_at IS NULL BEGIN
    INSERT INTO badge_months (badge_id, month, awards)
    VALUES (new.badge_id, substr(new.issued_at, 1, 7) || '-01', 1)
    ON CONFLICT (badge_id, month) DO UPDATE SET awards = awards + 1;
END""",
    """CREATE TRIGGER awards_revoked AFTER UPDATE OF revoked_at ON awards
WHEN (old.revoked_at IS NULL) <> (new.revoked_at IS NULL) BEGIN
    UPDATE badge_months SET awards = awards + iif(new.revoked_at IS NULL, 1, -1)
    WHERE badge_id = new.badge_id AND month = substr(new.issued_at, 1, 7) || '-01';
END""",
)
FORMER_POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION awards_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO badge_months (badge_id, month, awards)
    SELECT badge_id, date_trunc('month', issued_at AT TIME ZONE 'UTC')::date, count(*)
    FROM made WHERE revoked_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (badge_id, month) DO UPDATE SET awards = badge_months.awards + excluded.awards;
    RETURN NULL;
END $$""",
    """CREATE OR REPLACE FUNCTION awards_revoked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE badge_months SET awards = awards + CASE WHEN new.revoked_at IS NULL THEN 1 ELSE -1 END
    WHERE badge_id = new.badge_id
        AND month = date_trunc('month', new.issued_at AT TIME ZONE 'UTC')::date;
    RETURN NULL;
END $$""",
)


def upgrade() -> None:
    op.create_table(
        "badge_periods",
        sa.Column("badge_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        _number(),
        _foreign_key("badge_periods"),
        sa.PrimaryKeyConstraint("badge_id", "period", "starts_on", name=op.f("pk_badge_periods")),
    )
    op.create_index(
        op.f("ix_badge_periods_period_starts_on_awards_badge_id"),
        "badge_periods",
        ["period", "starts_on", "awards", "badge_id"],
    )
    connection = op.get_bind()
    postgresql = connection.dialect.name == "postgresql"
    op.create_table(
        "catalogue_totals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("badges", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_catalogue_totals_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_totals")),
    )
    connection.exec_driver_sql("INSERT INTO catalogue_totals (id, badges) VALUES (1, 0)")
    op.add_column("tags", sa.Column("badges", sa.Integer(), nullable=False, server_default="0"))
    statements = [*POSTGRESQL, *TAGS_POSTGRESQL] if postgresql else [*SQLITE, *TAGS_SQLITE]
    statements += [RANKS.format(measure) for measure in ("badges", "points")]
    for statement in statements:
        connection.exec_driver_sql(statement)
    if postgresql:
        _change_function(connection, WITHOUT_DAYS, WITH_DAYS)
    op.drop_table("badge_months")


def downgrade() -> None:
    op.create_table(
        "badge_months",
        sa.Column("badge_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        _number(),
        _foreign_key("badge_months"),
        sa.PrimaryKeyConstraint("badge_id", "month", name=op.f("pk_badge_months")),
    )
    connection = op.get_bind()
    postgresql = connection.dialect.name == "postgresql"
    for statement in FORMER_POSTGRESQL if postgresql else FORMER_SQLITE:
        connection.exec_driver_sql(statement)
    for trigger, table in TAG_TRIGGERS.items():
        place = f" ON {table}" if postgresql else ""
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}{place}")
    if postgresql:
        _change_function(connection, WITH_DAYS, WITHOUT_DAYS)
        connection.exec_driver_sql("DROP FUNCTION badge_tags_counted()")
        connection.exec_driver_sql("DROP FUNCTION badges_retired()")
        connection.exec_driver_sql("DROP FUNCTION badges_counted()")
    op.drop_table("catalogue_totals")
    connection.exec_driver_sql("ALTER TABLE tags DROP COLUMN badges")
    connection.exec_driver_sql("DELETE FROM rank_histogram WHERE period = 'day'")
    connection.exec_driver_sql(
        "INSERT INTO badge_months (badge_id, month, awards) "
        "SELECT badge_id, starts_on, awards FROM badge_periods WHERE period = 'month'"
    )
    op.drop_table("badge_periods")


def _number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("awards", kind, nullable=False)


def _foreign_key(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_badge_id_badges")
    return sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=name, ondelete="CASCADE")


def _change_function(connection: sa.Connection, before: str, after: str) -> None:
    """Make the function that gives awards anew with one condition changed, and nothing else."""
    asked = f"SELECT pg_get_functiondef('{FUNCTION}'::regprocedure)"
    written = str(connection.exec_driver_sql(asked).scalar_one())
    if before not in written:
        raise RuntimeError(f"{FUNCTION}: is not as revision 0007 made it: restore it first")
    connection.exec_driver_sql(written.replace(before, after))
