# SPDX-License-Identifier: AGPL-3.0-or-later
"""Functions of the message path: one takes messages into the archive, one writes awards.

As statements with many parts they would be planned and started anew each time, which costs more
than the work; in a function each part keeps its plan. On PostgreSQL only.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# - Locks first, in their order; one below zero is shared. Each statement of the function sees what
#   others committed before it began, so what is counted afterwards sees all that the former holders
#   of a lock committed.
# - The planner must not think that a table is small and read all of it for each row that is asked
#   for: tables grow, plans stay. Hence `enable_seqscan`, and `OFFSET 0` around what an index finds;
#   what is so short is not worth compiling, whatever it seems to cost, hence `jit`.
# - What is asked for stands in arrays; a pair names a rule, a person and a message by their places.
# - Returned: the ids and rows of the messages that are new; the values of counters by key; of each
#   rule its slug, row, state and badge; of each person the name asked for, row, name and address;
#   the places of the pairs whose person has the badge.
TAKE = """
CREATE FUNCTION take_messages(
    messages json, facts json, locks int[], lock_class int, now timestamptz, wanted text[],
    slugs text[], names text[], pair_rules int[], pair_names int[], pair_messages int[],
    OUT ids text[], OUT refs bigint[], OUT counted json, OUT states json, OUT people json,
    OUT held int[]
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz := now;
    badge_ids int[];
    repeats boolean[];
    person_ids int[];
    given text[];
BEGIN
    PERFORM CASE WHEN place < 0 THEN pg_advisory_xact_lock_shared(lock_class, -place)
                 ELSE pg_advisory_xact_lock(lock_class, place) END
    FROM unnest(locks) AS place;

    WITH kept AS (
        INSERT INTO messages (message_id, topic_id, sent_at, received_at, agent_key, agent_name,
                              headers, body)
        SELECT item.id, item.topic_id, item.sent, moment, item.agent_key, item.agent,
               item.headers, item.body
        FROM json_to_recordset(take_messages.messages) AS item(
            id text, topic_id int, sent timestamptz, agent_key text, agent text, headers jsonb,
            body jsonb)
        ON CONFLICT (message_id) DO NOTHING
        RETURNING id, message_id
    )
    SELECT array_agg(kept.message_id), array_agg(kept.id) INTO ids, refs FROM kept;
    IF ids IS NULL THEN
        RETURN;
    END IF;

    INSERT INTO message_users (username, topic_id, message_ref)
    SELECT name, item.topic_id, kept.ref
    FROM unnest(ids, refs) AS kept(id, ref)
    JOIN json_to_recordset(facts) AS item(id text, topic_id int, users text[]) ON item.id = kept.id
    CROSS JOIN unnest(item.users) AS name;

    INSERT INTO message_packages (package, topic_id, message_ref)
    SELECT name, item.topic_id, kept.ref
    FROM unnest(ids, refs) AS kept(id, ref)
    JOIN json_to_recordset(facts) AS item(id text, topic_id int, packages text[])
        ON item.id = kept.id
    CROSS JOIN unnest(item.packages) AS name;

    WITH hits AS MATERIALIZED (
        SELECT counter.id, count(DISTINCT item.id) AS number
        FROM json_to_recordset(facts) AS item(
            id text, topic text, category text, agent text, sent timestamptz, users text[],
            packages text[], anchors text[])
        CROSS JOIN unnest(item.anchors) AS looked
        CROSS JOIN LATERAL (
            SELECT a.counter_id FROM counter_anchors a WHERE a.anchor = looked OFFSET 0) AS found
        CROSS JOIN LATERAL (
            SELECT c.id, c.facts AS asks FROM counters c WHERE c.id = found.counter_id OFFSET 0
            ) AS counter
        WHERE item.id = ANY (ids)
          AND (NOT asks ? 'topics' OR asks->'topics' ? topic)
          AND (NOT asks ? 'not_topics' OR NOT asks->'not_topics' ? topic)
          AND (NOT asks ? 'categories' OR coalesce(asks->'categories' ? category, false))
          AND (NOT asks ? 'not_categories'
               OR NOT coalesce(asks->'not_categories' ? category, false))
          AND (NOT asks ? 'users' OR asks->'users' ?| users)
          AND (NOT asks ? 'not_users' OR NOT asks->'not_users' ?| users)
          AND (NOT asks ? 'agents' OR coalesce(asks->'agents' ? agent, false))
          AND (NOT asks ? 'not_agents' OR NOT coalesce(asks->'not_agents' ? agent, false))
          AND (NOT asks ? 'packages' OR asks->'packages' ?| packages)
          AND (NOT asks ? 'not_packages' OR NOT asks->'not_packages' ?| packages)
          AND (NOT asks ? 'start' OR (asks->>'start')::timestamptz <= sent)
          AND (NOT asks ? 'end' OR sent <= (asks->>'end')::timestamptz)
        GROUP BY counter.id
    )
    UPDATE counters SET value = counters.value + hits.number, updated_at = moment
    FROM hits
    WHERE counters.id = hits.id AND counters.id = ANY (ARRAY(SELECT hits.id FROM hits));

    IF cardinality(slugs) = 0 THEN
        RETURN;
    END IF;
    SELECT json_object_agg(key, value) INTO counted FROM counters WHERE key = ANY (wanted);

    SELECT json_agg(json_build_array(rule.slug, rule.id, rule.active, rule.badge_id,
                                     badge.repeatable, badge.retired_at IS NOT NULL)
                    ) FILTER (WHERE rule.id IS NOT NULL),
           array_agg(coalesce(rule.badge_id, 0) ORDER BY asked.place),
           array_agg(coalesce(badge.repeatable, false) ORDER BY asked.place)
    INTO states, badge_ids, repeats
    FROM unnest(slugs) WITH ORDINALITY AS asked(slug, place)
    LEFT JOIN LATERAL (
        SELECT r.id, r.slug, r.active, r.badge_id FROM rules r WHERE r.slug = asked.slug OFFSET 0
        ) AS rule ON true
    LEFT JOIN LATERAL (
        SELECT b.repeatable, b.retired_at FROM badges b WHERE b.id = rule.badge_id OFFSET 0
        ) AS badge ON true;

    SELECT json_agg(json_build_array(asked.name, person.id, person.key, person.username,
                                     person.opted_out OR person.erased_at IS NOT NULL,
                                     email.id, email.address)
                    ) FILTER (WHERE person.id IS NOT NULL),
           array_agg(coalesce(person.id, 0) ORDER BY asked.place)
    INTO people, person_ids
    FROM unnest(names) WITH ORDINALITY AS asked(name, place)
    LEFT JOIN LATERAL (
        SELECT p.id, p.key, p.username, p.opted_out, p.erased_at FROM persons p
        WHERE p.id = coalesce(
            (SELECT present.id FROM persons present WHERE present.key = asked.name),
            (SELECT former.person_id FROM old_names former WHERE former.key = asked.name)) OFFSET 0
        ) AS person ON true
    LEFT JOIN LATERAL (
        SELECT e.id, e.address FROM email_identities e
        WHERE e.person_id = person.id AND e.is_default AND e.verified_at IS NOT NULL
        ORDER BY e.id LIMIT 1) AS email ON true;

    given := ARRAY(SELECT item->>'id' FROM json_array_elements(facts) AS item);
    SELECT array_agg(pair.place) INTO held
    FROM unnest(pair_rules, pair_names, pair_messages) WITH ORDINALITY
        AS pair(rule, person, message, place)
    WHERE EXISTS (
        SELECT FROM awards WHERE badge_id = badge_ids[pair.rule]
        AND person_id = person_ids[pair.person]
        AND occurrence = CASE WHEN repeats[pair.rule] THEN given[pair.message] ELSE '' END);
END
$$
"""

# - Locks are taken in the order of people, ranks and badges, so that nobody waits for somebody who
#   waits for him.
# - Returned: the ids of the awards that nobody had written before; of each person who got one the
#   row, what is announced of him and how many badges he has now; how many people have how many
#   badges, from the fewest that one of those had before.
GIVE = """
CREATE FUNCTION give_awards(
    awards json, assertions json, now timestamptz,
    OUT made uuid[], OUT people json, OUT others json
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz := now;
    refs bigint[];
    least bigint;
BEGIN
    WITH new AS (
        INSERT INTO awards (uuid, badge_id, person_id, occurrence, issued_at, expires_at, evidence,
                            narrative, source, cause_id, cause_url, awarded_by_id, created_at)
        SELECT item.uuid, item.badge_id, item.person_id, item.occurrence, item.issued_at,
               item.expires_at, item.evidence, item.narrative, item.source, item.cause_id,
               item.cause_url, item.awarded_by_id, moment
        FROM json_to_recordset(give_awards.awards) AS item(
            n int, uuid uuid, badge_id int, person_id int, occurrence text, issued_at timestamptz,
            expires_at timestamptz, evidence jsonb, narrative text, source text, cause_id text,
            cause_url text, awarded_by_id int)
        ORDER BY item.n
        ON CONFLICT (badge_id, person_id, occurrence) DO NOTHING
        RETURNING id, uuid
    )
    SELECT array_agg(new.uuid), array_agg(new.id) INTO made, refs FROM new;
    IF made IS NULL THEN
        RETURN;
    END IF;

    INSERT INTO assertions (uuid, award_id, email_identity_id, is_default, identity_type, salt,
                            identity_hash, subject_uuid, edition_id, key_id, document_id, document,
                            created_at)
    SELECT item.uuid, new.ref, item.email_identity_id, item.is_default, item.identity_type,
           item.salt, item.identity_hash, item.subject_uuid, item.edition_id, item.key_id,
           item.document_id, item.document, moment
    FROM json_to_recordset(give_awards.assertions) AS item(
        n int, award uuid, uuid uuid, email_identity_id int, is_default bool, identity_type text,
        salt text, identity_hash text, subject_uuid uuid, edition_id int, key_id int,
        document_id text, document text)
    JOIN unnest(made, refs) AS new(uuid, ref) ON new.uuid = item.award
    ORDER BY item.n;

    WITH changes AS MATERIALIZED (
        SELECT item.person_id, period, starts_on, count(*) AS badges, sum(item.points) AS points
        FROM json_to_recordset(give_awards.awards) AS item(
            uuid uuid, person_id int, issued_at timestamptz, points int)
        CROSS JOIN LATERAL (VALUES
            ('all', date '0001-01-01'),
            ('year', date_trunc('year', item.issued_at AT TIME ZONE 'UTC')::date),
            ('month', date_trunc('month', item.issued_at AT TIME ZONE 'UTC')::date),
            ('week', date_trunc('week', item.issued_at AT TIME ZONE 'UTC')::date),
            ('day', date_trunc('day', item.issued_at AT TIME ZONE 'UTC')::date)
            ) AS span(period, starts_on)
        WHERE item.uuid = ANY (made)
        GROUP BY item.person_id, period, starts_on
    ), sums AS (
        INSERT INTO totals (person_id, period, starts_on, badges, points)
        SELECT person_id, period, starts_on, badges, points FROM changes
        ORDER BY person_id, period, starts_on
        ON CONFLICT (person_id, period, starts_on) DO UPDATE
        SET badges = totals.badges + excluded.badges, points = totals.points + excluded.points
        RETURNING person_id, period, starts_on, badges, points
    ), hidden AS MATERIALIZED (
        SELECT person.id FROM (SELECT DISTINCT person_id FROM changes) AS given
        CROSS JOIN LATERAL (
            SELECT p.id, p.opted_out, p.erased_at FROM persons p WHERE p.id = given.person_id
            OFFSET 0) AS person
        WHERE person.opted_out OR person.erased_at IS NOT NULL
    ), moved AS (
        INSERT INTO rank_histogram (measure, period, starts_on, total, people)
        SELECT measure, period, starts_on, total, sum(change)
        FROM sums JOIN changes USING (person_id, period, starts_on) CROSS JOIN LATERAL (VALUES
            ('badges', sums.badges - changes.badges, -1), ('badges', sums.badges, 1),
            ('points', sums.points - changes.points, -1), ('points', sums.points, 1)
            ) AS move(measure, total, change)
        WHERE total > 0 AND period <> 'day' AND person_id NOT IN (SELECT id FROM hidden)
        GROUP BY measure, period, starts_on, total HAVING sum(change) <> 0
        ORDER BY measure, period, starts_on, total
        ON CONFLICT (measure, period, starts_on, total) DO UPDATE
        SET people = rank_histogram.people + excluded.people
    )
    SELECT json_agg(json_build_array(person.id, person.username, person.bio, person.website,
                                     sums.badges)),
           min(sums.badges - changes.badges)
    INTO people, least
    FROM sums JOIN changes USING (person_id, period, starts_on)
    CROSS JOIN LATERAL (
        SELECT p.id, p.username, p.bio, p.website FROM persons p WHERE p.id = sums.person_id
        OFFSET 0) AS person
    WHERE sums.period = 'all';

    INSERT INTO badge_totals (badge_id, holders, awards)
    SELECT item.badge_id, count(DISTINCT item.person_id) FILTER (WHERE NOT EXISTS (
               SELECT FROM awards former
               WHERE former.badge_id = item.badge_id AND former.person_id = item.person_id
               AND former.revoked_at IS NULL AND former.id <> ALL (refs))),
           count(*)
    FROM json_to_recordset(give_awards.awards) AS item(uuid uuid, badge_id int, person_id int)
    WHERE item.uuid = ANY (made)
    GROUP BY item.badge_id ORDER BY item.badge_id
    ON CONFLICT (badge_id) DO UPDATE
    SET holders = badge_totals.holders + excluded.holders,
        awards = badge_totals.awards + excluded.awards;

    SELECT json_agg(json_build_array(total, histogram.people)) INTO others
    FROM rank_histogram histogram
    WHERE measure = 'badges' AND period = 'all' AND starts_on = date '0001-01-01'
          AND total >= least;
END
$$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(TAKE)
        op.execute(GIVE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION give_awards")
        op.execute("DROP FUNCTION take_messages")
