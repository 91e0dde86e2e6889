# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages taken in groups: the effects of each one by one, in few statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, select

from issuer.models import (
    ArchivedMessage,
    Award,
    BadgeTotal,
    MessageUser,
    OutboxMessage,
    RankHistogram,
    Rule,
    Total,
)
from issuer.services import processing
from rules.model import Message
from tests.issuing import NOW, make_site
from tests.unit.issuer.services.counting import (
    FILTERS,
    PEOPLE,
    POLICY,
    TOPICS,
    check_counters,
    feed,
    load,
    rule_texts,
    stream,
    values,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session


def state(session: Session) -> dict[str, Any]:
    """Return all that messages leave behind, but for random ids."""
    session.expire_all()
    return {
        "archive": session.execute(
            select(ArchivedMessage.message_id, MessageUser.username)
            .outerjoin(MessageUser, MessageUser.message_ref == ArchivedMessage.id)
            .order_by(ArchivedMessage.id, MessageUser.username)
        ).all(),
        "awards": session.execute(
            select(
                Award.badge_id, Award.person_id, Award.occurrence, Award.cause_id, Award.issued_at
            ).order_by(Award.badge_id, Award.person_id, Award.occurrence)
        ).all(),
        "outbox": [
            (row.topic, row.body, row.stream)
            for row in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        ],
        "counters": values(session),
        "totals": session.execute(
            select(
                Total.person_id, Total.period, Total.starts_on, Total.badges, Total.points
            ).order_by(Total.person_id, Total.period, Total.starts_on)
        ).all(),
        "ranks": session.execute(
            select(
                RankHistogram.measure,
                RankHistogram.period,
                RankHistogram.starts_on,
                RankHistogram.total,
                RankHistogram.people,
            )
            .where(RankHistogram.people != 0)
            .order_by(
                RankHistogram.measure,
                RankHistogram.period,
                RankHistogram.starts_on,
                RankHistogram.total,
            )
        ).all(),
        "holders": session.execute(
            select(BadgeTotal.badge_id, BadgeTotal.holders, BadgeTotal.awards).order_by(
                BadgeTotal.badge_id
            )
        ).all(),
        "failures": session.execute(select(Rule.slug, Rule.failures).order_by(Rule.slug)).all(),
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [7, 100])
@pytest.mark.slow
def test_a_group_has_the_effects_of_its_messages_one_by_one(
    tmp_path: Path, database_url: str, seed: int, size: int
) -> None:
    messages = list(stream(seed, 60))
    states, given = [], []
    for place, step in enumerate((1, size)):
        # Both on one database would share badges and people: two sites, two databases.
        url = database_url if place == 0 else f"sqlite:///{tmp_path / 'other.db'}"
        site = make_site(tmp_path / str(place), url)
        results = []
        with site.database.writing() as session:
            ruleset = load(session, site, rule_texts())
        for start in range(0, len(messages), step):
            with site.database.writing() as session:
                group = messages[start : start + step]
                results += processing.process_batch(session, group, ruleset, POLICY, now=NOW)
        with site.database.writing() as session:
            check_counters(session)
            states.append(state(session))
        given.append([_told(result) for result in results])
        site.database.dispose()
    assert given[0] == given[1]
    one_by_one, in_groups = states
    people = {row[0] for row in one_by_one["totals"]}
    assert len(people) == 3
    # A group makes a counter also for somebody who gets the badge within the group.
    same = one_by_one["counters"].keys() & in_groups["counters"].keys()
    assert len(same) == len(one_by_one["counters"]) > 20
    in_groups["counters"] = {key: in_groups["counters"][key] for key in same}
    assert in_groups == one_by_one


def _told(result: processing.Processed) -> Any:
    given = sorted((each.badge.slug, each.person.username) for each in result.given)
    return (
        result.message_id,
        result.duplicate,
        given,
        result.failures,
        result.misfits,
        result.dropped,
    )


@pytest.mark.postgres
def test_a_message_that_earns_nothing_new_takes_three_round_trips(
    tmp_path: Path, postgres_url: str
) -> None:
    site = make_site(tmp_path, postgres_url)
    with site.database.writing() as session:
        asked = (
            f"{PEOPLE}previous: {{filter: {form}, operation: count}}\n"
            "condition: {greater than: 100}\n"
            for form in FILTERS.values()
        )
        triggers = f"{PEOPLE}condition: {{greater than: 100}}\n"
        ruleset = load(session, site, ["trigger: {topic: wiki.edit}\n", *asked, triggers])
    trips: list[str] = []
    note = {
        "before_cursor_execute": lambda *given: trips.append(given[2]),
        "begin": lambda _connection: trips.append("BEGIN"),
        "commit": lambda _connection: trips.append("COMMIT"),
    }
    for number in range(4):
        trips.clear()
        if number == 1:
            for name, listener in note.items():
                event.listen(site.database.engine, name, listener)
        with site.database.writing() as session:
            result = feed(session, ruleset, number, topic=TOPICS[0], packages=("kernel",))
        assert result.given if number == 0 else "has the badge" in dict(result.dropped).values()
    site.database.dispose()
    assert len(trips) == 3, trips


@pytest.mark.postgres
def test_the_number_of_statements_does_not_grow_with_the_group(
    tmp_path: Path, postgres_url: str
) -> None:
    site = make_site(tmp_path, postgres_url)
    with site.database.writing() as session:
        ruleset = load(session, site, ["trigger: {topic: wiki.edit}\nrepeatable: yes\n"])
    statements: list[str] = []
    event.listen(
        site.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    numbers = []
    for size in (1, 1, 1, 50):
        group = [
            (
                Message(
                    id=f"{size}-{len(numbers)}-{n}",
                    topic=TOPICS[0],
                    body={},
                    sent_at=NOW,
                    agent_name="asha",
                ),
                ("asha",),
            )
            for n in range(size)
        ]
        statements.clear()
        with site.database.writing() as session:
            done = processing.process_batch(session, group, ruleset, POLICY, now=NOW)
        assert all(result.given for result in done)
        numbers.append(len(statements))
    site.database.dispose()
    assert numbers[2] == numbers[3]
