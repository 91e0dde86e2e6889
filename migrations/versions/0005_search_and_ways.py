# SPDX-License-Identifier: AGPL-3.0-or-later
"""Search for badges and people, awards of a badge by month, and how far a badge is away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: Letters that are found without their accents; SQLite does the same by itself.
ACCENTED = "àáâãäåāăąçćčďđèéêëēęěğìíîïīıłñńňòóôõöøōőŕřśşšťţùúûüūůűýÿžźż"
BARE = "aaaaaaaaacccddeeeeeeegiiiiiilnnnoooooooorrsssttuuuuuuuyyzzz"

SQLITE = (
    """CREATE VIRTUAL TABLE badge_search USING fts5(name, tags, description, criteria,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')""",
    """CREATE TRIGGER badges_added AFTER INSERT ON badges BEGIN
    INSERT INTO badge_search (rowid, name, tags, description, criteria)
    VALUES (new.id, new.name, '', new.description, new.criteria_text);
    INSERT INTO badge_totals (badge_id, holders, awards) VALUES (new.id, 0, 0)
    ON CONFLICT (badge_id) DO NOTHING;
END""",
    """CREATE TRIGGER badges_changed AFTER UPDATE OF name, description, criteria_text ON badges
BEGIN
    UPDATE badge_search
    SET name = new.name, description = new.description, criteria = new.criteria_text
    WHERE rowid = new.id;
END""",
    """CREATE TRIGGER badges_removed AFTER DELETE ON badges BEGIN
    DELETE FROM badge_search WHERE rowid = old.id;
END""",
    """CREATE TRIGGER badge_tags_added AFTER INSERT ON badge_tags BEGIN
    UPDATE badge_search SET tags = (SELECT group_concat(tags.name, ' ') FROM tags
        JOIN badge_tags ON badge_tags.tag_id = tags.id WHERE badge_tags.badge_id = new.badge_id)
    WHERE rowid = new.badge_id;
END""",
    """CREATE TRIGGER badge_tags_removed AFTER DELETE ON badge_tags BEGIN
    UPDATE badge_search SET tags = (SELECT coalesce(group_concat(tags.name, ' '), '') FROM tags
        JOIN badge_tags ON badge_tags.tag_id = tags.id WHERE badge_tags.badge_id = old.badge_id)
    WHERE rowid = old.badge_id;
END""",
    """CREATE VIRTUAL TABLE person_search USING fts5(username, display_name,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')""",
    """CREATE TRIGGER persons_added AFTER INSERT ON persons BEGIN
    INSERT INTO person_search (rowid, username, display_name)
    VALUES (new.id, new.username, new.display_name);
END""",
    """CREATE TRIGGER persons_changed AFTER UPDATE OF username, display_name ON persons BEGIN
    UPDATE person_search SET username = new.username, display_name = new.display_name
    WHERE rowid = new.id;
END""",
    """CREATE TRIGGER persons_removed AFTER DELETE ON persons BEGIN
    DELETE FROM person_search WHERE rowid = old.id;
END""",
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

POSTGRESQL = (
    f"""CREATE FUNCTION plain_words(words text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(translate(lower(words), '{ACCENTED}', '{BARE}'),
        '[^[:alnum:]]+', ' ', 'g')
$$""",
    """CREATE TABLE badge_search (
    badge_id integer PRIMARY KEY REFERENCES badges (id) ON DELETE CASCADE,
    document tsvector NOT NULL)""",
    "CREATE INDEX ix_badge_search_document ON badge_search USING gin (document)",
    """CREATE FUNCTION renew_badge_search(badge integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO badge_search (badge_id, document)
    SELECT id, setweight(to_tsvector('simple', plain_words(name)), 'A')
        || setweight(to_tsvector('simple', plain_words(coalesce((
            SELECT string_agg(tags.name, ' ') FROM tags
            JOIN badge_tags ON badge_tags.tag_id = tags.id WHERE badge_tags.badge_id = badges.id),
            ''))), 'B')
        || setweight(to_tsvector('simple', plain_words(description || ' ' || criteria_text)), 'C')
    FROM badges WHERE id = badge
    ON CONFLICT (badge_id) DO UPDATE SET document = excluded.document
$$""",
    """CREATE FUNCTION badges_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM renew_badge_search(new.id);
    INSERT INTO badge_totals (badge_id, holders, awards) VALUES (new.id, 0, 0)
    ON CONFLICT (badge_id) DO NOTHING;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER badges_changed AFTER INSERT OR UPDATE OF name, description, criteria_text
ON badges FOR EACH ROW EXECUTE FUNCTION badges_changed()""",
    """CREATE FUNCTION badge_tags_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM renew_badge_search(coalesce(new.badge_id, old.badge_id));
    RETURN NULL;
END $$""",
    """CREATE TRIGGER badge_tags_changed AFTER INSERT OR DELETE
ON badge_tags FOR EACH ROW EXECUTE FUNCTION badge_tags_changed()""",
    """CREATE TABLE person_search (
    person_id integer PRIMARY KEY REFERENCES persons (id) ON DELETE CASCADE,
    document tsvector NOT NULL)""",
    "CREATE INDEX ix_person_search_document ON person_search USING gin (document)",
    """CREATE FUNCTION persons_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO person_search (person_id, document) VALUES (new.id,
        to_tsvector('simple', plain_words(new.username || ' ' || new.display_name)))
    ON CONFLICT (person_id) DO UPDATE SET document = excluded.document;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER persons_changed AFTER INSERT OR UPDATE OF username, display_name
ON persons FOR EACH ROW EXECUTE FUNCTION persons_changed()""",
    """CREATE FUNCTION awards_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO badge_months (badge_id, month, awards)
    SELECT badge_id, date_trunc('month', issued_at AT TIME ZONE 'UTC')::date, count(*)
    FROM made WHERE revoked_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (badge_id, month) DO UPDATE SET awards = badge_months.awards + excluded.awards;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER awards_added AFTER INSERT ON awards REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION awards_added()""",
    """CREATE FUNCTION awards_revoked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE badge_months SET awards = awards + CASE WHEN new.revoked_at IS NULL THEN 1 ELSE -1 END
    WHERE badge_id = new.badge_id
        AND month = date_trunc('month', new.issued_at AT TIME ZONE 'UTC')::date;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER awards_revoked AFTER UPDATE OF revoked_at ON awards FOR EACH ROW
WHEN ((old.revoked_at IS NULL) <> (new.revoked_at IS NULL)) EXECUTE FUNCTION awards_revoked()""",
)

FILL_SQLITE = (
    "INSERT INTO badge_search (rowid, name, tags, description, criteria) "
    "SELECT id, name, coalesce((SELECT group_concat(tags.name, ' ') FROM tags "
    "JOIN badge_tags ON badge_tags.tag_id = tags.id WHERE badge_tags.badge_id = badges.id), ''), "
    "description, criteria_text FROM badges",
    "INSERT INTO person_search (rowid, username, display_name) "
    "SELECT id, username, display_name FROM persons",
    "INSERT INTO badge_months (badge_id, month, awards) "
    "SELECT badge_id, substr(issued_at, 1, 7) || '-01', count(*) FROM awards "
    "WHERE revoked_at IS NULL GROUP BY 1, 2",
)
FILL_POSTGRESQL = (
    "SELECT renew_badge_search(id) FROM badges",
    "INSERT INTO person_search (person_id, document) SELECT id, "
    "to_tsvector('simple', plain_words(username || ' ' || display_name)) FROM persons",
    "INSERT INTO badge_months (badge_id, month, awards) "
    "SELECT badge_id, date_trunc('month', issued_at AT TIME ZONE 'UTC')::date, count(*) "
    "FROM awards WHERE revoked_at IS NULL GROUP BY 1, 2",
)
FILL = (
    "INSERT INTO badge_totals (badge_id, holders, awards) SELECT id, 0, 0 FROM badges "
    "WHERE id NOT IN (SELECT badge_id FROM badge_totals)",
)
TRIGGERS = {
    "badges": ("badges_added", "badges_changed", "badges_removed"),
    "badge_tags": ("badge_tags_added", "badge_tags_removed", "badge_tags_changed"),
    "persons": ("persons_added", "persons_changed", "persons_removed"),
    "awards": ("awards_added", "awards_revoked"),
}
FUNCTIONS = (
    "badges_changed()",
    "badge_tags_changed()",
    "persons_changed()",
    "awards_added()",
    "awards_revoked()",
    "renew_badge_search(integer)",
    "plain_words(text)",
)


def upgrade() -> None:
    op.create_table(
        "badge_months",
        sa.Column("badge_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("awards", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["badge_id"],
            ["badges.id"],
            name=op.f("fk_badge_months_badge_id_badges"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("badge_id", "month", name=op.f("pk_badge_months")),
    )
    # Filled when rules are next synchronised.
    op.add_column("rules", sa.Column("asks", sa.Text(), nullable=True))
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("rules", sa.Column("threshold", number, nullable=True))
    op.add_column("rules", sa.Column("topic", sa.Text(), nullable=True))
    op.create_index(op.f("ix_rules_asks"), "rules", ["asks"])
    op.create_index(
        op.f("ix_badge_totals_holders_badge_id"), "badge_totals", ["holders", "badge_id"]
    )
    connection = op.get_bind()
    known = connection.dialect.name == "postgresql"
    statements = (*POSTGRESQL, *FILL_POSTGRESQL) if known else (*SQLITE, *FILL_SQLITE)
    for statement in (*statements, *FILL):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    postgresql = connection.dialect.name == "postgresql"
    for table, triggers in TRIGGERS.items():
        for trigger in triggers:
            place = f" ON {table}" if postgresql else ""
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}{place}")
    for table in ("badge_search", "person_search"):
        connection.exec_driver_sql(f"DROP TABLE {table}")
    if postgresql:
        for function in FUNCTIONS:
            connection.exec_driver_sql(f"DROP FUNCTION {function}")
    op.drop_index(op.f("ix_badge_totals_holders_badge_id"), table_name="badge_totals")
    op.drop_index(op.f("ix_rules_asks"), table_name="rules")
    with op.batch_alter_table("rules") as batch:
        for column in ("topic", "threshold", "asks"):
            batch.drop_column(column)
    op.drop_table("badge_months")
