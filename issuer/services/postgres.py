# SPDX-License-Identifier: AGPL-3.0-or-later
"""The statements of the message path on PostgreSQL: each does at one go what it can.

All data goes in as JSON and arrays, so that a statement stays the same, and prepared, for one
message and for a hundred.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

#: Our class of advisory locks, so that no other program's are meant.
LOCK_CLASS = 0x41434C

#: Takes messages in and tells what their rules have to know, in one go: the function that revision
#: 0007 of the tables brings. Each of its statements sees what others committed before it.
TAKE = """
SELECT * FROM take_messages(
    %(messages)s::json, %(facts)s::json, %(locks)s::int[], %(lock_class)s, %(now)s,
    %(wanted)s::text[], %(slugs)s::text[], %(names)s::text[], %(pair_rules)s::int[],
    %(pair_names)s::int[], %(pair_messages)s::int[])
"""

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


#: Writes awards with all that belongs to them, by the other function of that revision.
GIVE = "SELECT * FROM give_awards(%(awards)s::json, %(assertions)s::json, %(now)s)"

#: Queues announcements in their order.
QUEUE = """
INSERT INTO outbox (message_id, kind, topic, body, stream, attempts, created_at)
SELECT message_id, 'message', topic, body, stream, 0, %(now)s
FROM ROWS FROM (json_to_recordset(%(rows)s::json) AS (
    message_id text, topic text, body jsonb, stream text)) WITH ORDINALITY
    AS item(message_id, topic, body, stream, place)
ORDER BY place
"""


def is_used(session: Session) -> bool:
    """Whether the session works on PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def run(session: Session, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a statement of the message path and return its rows."""
    result = session.connection().exec_driver_sql(statement, values)
    return [tuple(row) for row in result] if result.returns_rows else []


#: Made once: `json.dumps` makes a new one for each call that is not a plain one.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def text(value: object) -> str:
    """Return a value as the JSON that goes into a statement."""
    return _ENCODER.encode(value)


def array(items: Iterable[object]) -> str:
    """Return numbers, or words of letters, digits and dashes, as an array of PostgreSQL.

    The driver looks at each item of a list; here nothing has to be quoted.
    """
    return f"{{{','.join(map(str, items))}}}"
