# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes awards with all that has to be written in the same transaction.

That is: the assertion, the announcement, and the totals that pages show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from issuer.db import insert_once
from issuer.models import Assertion, Award, OutboxMessage
from issuer.services import gifts, outbox, postgres, ranks, totals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.services.gifts import Given

#: Does for many awards at once what `_write_one` does for one; it takes locks in the order of
#: people, ranks and badges, so that nobody waits for somebody who waits for him.
AWARD = """
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(awards)s::json) AS item(
        n int, uuid uuid, badge_id int, person_id int, occurrence text, issued_at timestamptz,
        expires_at timestamptz, evidence jsonb, narrative text, source text, cause_id text,
        cause_url text, awarded_by_id int, points int, assertion jsonb)
), before AS MATERIALIZED (
    SELECT DISTINCT badge_id, person_id FROM given CROSS JOIN LATERAL (
        SELECT FROM awards WHERE awards.badge_id = given.badge_id
        AND awards.person_id = given.person_id AND revoked_at IS NULL LIMIT 1) AS held
), made AS (
    INSERT INTO awards (uuid, badge_id, person_id, occurrence, issued_at, expires_at, evidence,
                        narrative, source, cause_id, cause_url, awarded_by_id, created_at)
    SELECT uuid, badge_id, person_id, occurrence, issued_at, expires_at, evidence, narrative,
           source, cause_id, cause_url, awarded_by_id, %(now)s FROM given ORDER BY n
    ON CONFLICT (badge_id, person_id, occurrence) DO NOTHING
    RETURNING id, uuid
), new AS MATERIALIZED (
    SELECT made.id AS award_id, given.* FROM made JOIN given ON given.uuid = made.uuid
), proved AS (
    INSERT INTO assertions (uuid, award_id, email_identity_id, is_default, identity_type, salt,
        identity_hash, subject_uuid, edition_id, key_id, document_id, document, created_at)
    SELECT a.uuid, award_id, a.email_identity_id, a.is_default, a.identity_type, a.salt,
           a.identity_hash, a.subject_uuid, a.edition_id, a.key_id, a.document_id, a.document,
           %(now)s
    FROM new, jsonb_to_record(new.assertion) AS a(
        uuid uuid, email_identity_id int, is_default bool, identity_type text, salt text,
        identity_hash text, subject_uuid uuid, edition_id int, key_id int, document_id text,
        document text)
    ORDER BY n
), changes AS MATERIALIZED (
    SELECT person_id, period, starts_on, count(*) AS badges, sum(points) AS points
    FROM new CROSS JOIN LATERAL (VALUES
        ('all', date '0001-01-01'),
        ('year', date_trunc('year', issued_at AT TIME ZONE 'UTC')::date),
        ('month', date_trunc('month', issued_at AT TIME ZONE 'UTC')::date),
        ('week', date_trunc('week', issued_at AT TIME ZONE 'UTC')::date),
        ('day', date_trunc('day', issued_at AT TIME ZONE 'UTC')::date)) AS span(period, starts_on)
    GROUP BY person_id, period, starts_on
), sums AS (
    INSERT INTO totals (person_id, period, starts_on, badges, points)
    SELECT person_id, period, starts_on, badges, points FROM changes
    ORDER BY person_id, period, starts_on
    ON CONFLICT (person_id, period, starts_on) DO UPDATE
    SET badges = totals.badges + excluded.badges, points = totals.points + excluded.points
    RETURNING person_id, period, starts_on, badges, points
), ranks AS (
    INSERT INTO rank_histogram (measure, period, starts_on, total, people)
    SELECT measure, period, starts_on, total, sum(change)
    FROM sums JOIN changes USING (person_id, period, starts_on) CROSS JOIN LATERAL (VALUES
        ('badges', sums.badges - changes.badges, -1), ('badges', sums.badges, 1),
        ('points', sums.points - changes.points, -1), ('points', sums.points, 1)
        ) AS move(measure, total, change)
    WHERE total > 0 AND period <> 'day'
    GROUP BY measure, period, starts_on, total HAVING sum(change) <> 0
    ORDER BY measure, period, starts_on, total
    ON CONFLICT (measure, period, starts_on, total) DO UPDATE
    SET people = rank_histogram.people + excluded.people
), holders AS (
    INSERT INTO badge_totals (badge_id, holders, awards)
    SELECT badge_id, count(DISTINCT person_id) FILTER (WHERE (badge_id, person_id) NOT IN (
        SELECT badge_id, person_id FROM before)), count(*)
    FROM new GROUP BY badge_id ORDER BY badge_id
    ON CONFLICT (badge_id) DO UPDATE
    SET holders = badge_totals.holders + excluded.holders,
        awards = badge_totals.awards + excluded.awards
)
SELECT uuid FROM made
"""


def write(session: Session, awards: Sequence[Given], *, now: datetime) -> set[UUID]:
    """Write awards in their order; return the ids of those that nobody had written before."""
    if postgres.is_used(session):
        records = postgres.text([_record(n, given) for n, given in enumerate(awards)])
        made = {uuid for (uuid,) in postgres.run(session, AWARD, awards=records, now=now)}
    else:
        made = {given.award.uuid for given in awards if _write_one(session, given, now)}
    _announce(session, [given for given in awards if given.award.uuid in made], now)
    return made


def _announce(session: Session, awards: Sequence[Given], now: datetime) -> None:
    """Queue each award and the rank to which it leads.

    After the totals, which one transaction at a time may change for a person: so what is announced
    about one is numbered in the order in which it was committed.
    """
    if not awards:
        return
    rows = []
    advances = ranks.advances(session, [given.person.id for given in awards], now=now)
    for given, advance in zip(awards, advances, strict=True):
        body = gifts.announcement(given.badge, given.badge.base_url, given.person)
        for topic, content in ((outbox.AWARD_TOPIC, body), (outbox.RANK_TOPIC, advance)):
            rows.append(outbox.values(topic, content, stream=given.person.key, now=now))
    session.execute(insert(OutboxMessage), rows)


def _write_one(session: Session, given: Given, now: datetime) -> bool:
    values = {**_columns(given), "created_at": now}
    unique = ("badge_id", "person_id", "occurrence")
    if not insert_once(session, Award, values, unique=unique):
        return False
    row: int = session.scalars(select(Award.id).filter_by(uuid=given.award.uuid)).one()
    assertion = {**given.award.assertion, "award_id": row, "created_at": now}
    session.execute(insert(Assertion), assertion)
    change = totals.Change(
        award_id=row,
        badge_id=given.badge.id,
        person_id=given.person.id,
        points=given.badge.points,
        issued_at=given.award.issued_at,
    )
    totals.add(session, change)
    return True


def _columns(given: Given) -> dict[str, Any]:
    award, cause = given.award, given.award.cause
    return {
        "uuid": award.uuid,
        "badge_id": given.badge.id,
        "person_id": given.person.id,
        "occurrence": award.occurrence,
        "issued_at": award.issued_at,
        "expires_at": award.expires_at,
        "evidence": [dict(item) for item in cause.evidence],
        "narrative": cause.narrative,
        "source": cause.source,
        "cause_id": cause.id,
        "cause_url": cause.url,
        "awarded_by_id": cause.awarded_by,
    }


def _record(number: int, given: Given) -> dict[str, Any]:
    award = given.award
    identifiers = {"uuid": str(award.uuid), "issued_at": award.issued_at.isoformat()}
    expires = award.expires_at.isoformat() if award.expires_at else None
    assertion = award.assertion
    return {
        **_columns(given),
        **identifiers,
        "n": number,
        "expires_at": expires,
        "points": given.badge.points,
        "assertion": {
            **assertion,
            "uuid": str(assertion["uuid"]),
            "subject_uuid": str(assertion["subject_uuid"]),
        },
    }
