# SPDX-License-Identifier: AGPL-3.0-or-later
"""The statements of the message path on PostgreSQL: each does at one go what it can.

All data goes in as one JSON text, so that a statement stays the same, and prepared, for one
message and for a hundred. ``OFFSET 0`` keeps the planner on the index whatever it guesses.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: Our class of advisory locks, so that no other program's are meant.
LOCK_CLASS = 0x41434C

#: Takes the locks in their order, then keeps the messages with their people and packages. A lock
#: below zero is shared. What is counted afterwards sees all that the former holders committed.
KEEP = """
WITH taken AS MATERIALIZED (
    SELECT CASE WHEN place < 0 THEN pg_advisory_xact_lock_shared(%(lock_class)s, -place)::text
                ELSE pg_advisory_xact_lock(%(lock_class)s, place)::text END AS lock
    FROM unnest(%(locks)s::int[]) AS place
), ready AS MATERIALIZED (
    SELECT count(lock) AS locks FROM taken
), given AS MATERIALIZED (
    SELECT item.* FROM ready, json_to_recordset(%(messages)s::json) AS item(
        id text, topic_id bigint, sent timestamptz, agent_key text, agent text,
        headers jsonb, body jsonb, users text[], packages text[])
), kept AS (
    INSERT INTO messages (message_id, topic_id, sent_at, received_at, agent_key, agent_name,
                          headers, body)
    SELECT id, topic_id, sent, %(now)s, agent_key, agent, headers, body FROM given
    ON CONFLICT (message_id) DO NOTHING
    RETURNING id, message_id, topic_id
), people AS (
    INSERT INTO message_users (username, topic_id, message_ref)
    SELECT name, kept.topic_id, kept.id
    FROM kept JOIN given ON given.id = kept.message_id, unnest(given.users) AS name
), things AS (
    INSERT INTO message_packages (package, topic_id, message_ref)
    SELECT name, kept.topic_id, kept.id
    FROM kept JOIN given ON given.id = kept.message_id, unnest(given.packages) AS name
)
SELECT message_id, id FROM kept
"""

_ADVANCE = """
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(messages)s::jsonb) AS item(
        n int, topic text, category text, agent text, sent timestamptz,
        users text[], packages text[], anchors text[])
), hits AS (
    SELECT counter.id, count(DISTINCT given.n) AS messages
    FROM given CROSS JOIN unnest(given.anchors) AS looked
    CROSS JOIN LATERAL (
        SELECT counter_id FROM counter_anchors WHERE anchor = looked OFFSET 0) AS found
    CROSS JOIN LATERAL (
        SELECT id, facts FROM counters WHERE id = found.counter_id OFFSET 0) AS counter
    WHERE (NOT facts ? 'topics' OR facts->'topics' ? topic)
      AND (NOT facts ? 'not_topics' OR NOT facts->'not_topics' ? topic)
      AND (NOT facts ? 'categories' OR coalesce(facts->'categories' ? category, false))
      AND (NOT facts ? 'not_categories' OR NOT coalesce(facts->'not_categories' ? category, false))
      AND (NOT facts ? 'users' OR facts->'users' ?| users)
      AND (NOT facts ? 'not_users' OR NOT facts->'not_users' ?| users)
      AND (NOT facts ? 'agents' OR coalesce(facts->'agents' ? agent, false))
      AND (NOT facts ? 'not_agents' OR NOT coalesce(facts->'not_agents' ? agent, false))
      AND (NOT facts ? 'packages' OR facts->'packages' ?| packages)
      AND (NOT facts ? 'not_packages' OR NOT facts->'not_packages' ?| packages)
      AND (NOT facts ? 'start' OR (facts->>'start')::timestamptz <= sent)
      AND (NOT facts ? 'end' OR sent <= (facts->>'end')::timestamptz)
    GROUP BY counter.id
), advanced AS (
    UPDATE counters SET value = counters.value + hits.messages, updated_at = %(now)s
    FROM hits WHERE counters.id = hits.id AND counters.id = ANY (ARRAY(SELECT id FROM hits))
    RETURNING counters.key, counters.value
)
"""

#: Advances counters; nobody asks for them now.
ADVANCE = "".join((_ADVANCE, "SELECT count(*) FROM advanced"))

#: Advances counters, and tells all that the rules of the messages have to know.
SETTLE = "".join(
    (
        _ADVANCE,
        """
, wanted AS (
    SELECT key, value FROM advanced WHERE key = ANY (%(wanted)s)
    UNION ALL
    SELECT key, value FROM counters
    WHERE key = ANY (%(wanted)s) AND NOT key = ANY (ARRAY(SELECT key FROM advanced))
), known AS MATERIALIZED (
    SELECT rule.slug, rule.id, rule.active, rule.badge_id, badge.repeatable,
           badge.retired_at IS NOT NULL AS retired
    FROM unnest(%(slugs)s::text[]) AS triggered
    CROSS JOIN LATERAL (SELECT * FROM rules WHERE slug = triggered OFFSET 0) AS rule
    CROSS JOIN LATERAL (SELECT * FROM badges WHERE id = rule.badge_id OFFSET 0) AS badge
), named AS MATERIALIZED (
    SELECT key AS name, id FROM persons WHERE key = ANY (%(names)s)
    UNION ALL
    SELECT key, person_id FROM old_names
    WHERE key = ANY (%(names)s) AND NOT EXISTS (SELECT FROM persons p WHERE p.key = old_names.key)
), people AS MATERIALIZED (
    SELECT named.name, named.id, persons.key, persons.username,
           persons.opted_out OR persons.erased_at IS NOT NULL AS away,
           email.id AS address_id, email.address
    FROM named JOIN persons ON persons.id = named.id
    LEFT JOIN LATERAL (
        SELECT e.id, e.address FROM email_identities e
        WHERE e.person_id = named.id AND e.is_default AND e.verified_at IS NOT NULL
        ORDER BY e.id LIMIT 1) AS email ON true
), held AS (
    SELECT pair.i
    FROM unnest(%(pair_slugs)s::text[], %(pair_names)s::text[], %(pair_ids)s::text[])
         WITH ORDINALITY AS pair(slug, name, message_id, i)
    JOIN known ON known.slug = pair.slug
    JOIN people ON people.name = pair.name
    CROSS JOIN LATERAL (
        SELECT FROM awards WHERE badge_id = known.badge_id AND person_id = people.id
        AND occurrence = CASE WHEN known.repeatable THEN pair.message_id ELSE '' END
        OFFSET 0) AS award
)
SELECT (SELECT json_object_agg(key, value) FROM wanted),
       (SELECT json_agg(json_build_array(slug, id, active, badge_id, repeatable, retired))
        FROM known),
       (SELECT json_agg(json_build_array(name, id, key, username, away, address_id, address))
        FROM people),
       (SELECT json_agg(i) FROM held)
""",
    )
)

#: Makes counters; of the questions with one name, the archive's index gives the first value.
OPEN = """
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(questions)s::jsonb) AS item(
        key text, filter text, person text, facts jsonb, anchors text[], kind text, name text,
        at text[], value bigint)
), made AS (
    INSERT INTO counters (key, filter, person_key, facts, value, updated_at)
    SELECT key, filter, person, facts, CASE kind
        WHEN 'users' THEN (SELECT count(*) FROM message_users
            WHERE username = given.name AND topic_id = ANY (
                ARRAY(SELECT id FROM topics WHERE topics.name = ANY (given.at))))
        WHEN 'agents' THEN (SELECT count(*) FROM messages
            WHERE agent_key = given.name AND topic_id = ANY (
                ARRAY(SELECT id FROM topics WHERE topics.name = ANY (given.at))))
        WHEN 'packages' THEN (SELECT count(*) FROM message_packages
            WHERE package = given.name AND topic_id = ANY (
                ARRAY(SELECT id FROM topics WHERE topics.name = ANY (given.at))))
        ELSE value END, %(now)s
    FROM given
    ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at
    RETURNING id, key, value
), anchored AS (
    INSERT INTO counter_anchors (anchor, counter_id)
    SELECT anchor, made.id FROM made JOIN given ON given.key = made.key, unnest(anchors) AS anchor
    ON CONFLICT DO NOTHING
)
SELECT key, value FROM made
"""


def is_used(session: Session) -> bool:
    """Whether the session works on PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def run(session: Session, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a statement of the message path and return its rows."""
    return [tuple(row) for row in session.connection().exec_driver_sql(statement, values)]


def text(value: object) -> str:
    """Return a value as the JSON that goes into a statement."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
