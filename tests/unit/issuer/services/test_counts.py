# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, func, select

from issuer.models import Counter, CounterAnchor
from issuer.services import archive, counts, processing
from rules.model import Message
from tests.issuing import NOW
from tests.unit.issuer.services.counting import (
    COSTLY,
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
    from sqlalchemy.orm import Session

    from issuer.site import Site


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FILTERS, *COSTLY])
def test_a_rule_awards_when_the_archive_holds_as_many_as_it_asks(
    session: Session, site: Site, name: str
) -> None:
    asked = {**FILTERS, **COSTLY}[name]
    text = (
        f"{PEOPLE}previous: {{filter: {asked}, operation: count}}\ncondition: {{greater than: 1}}\n"
    )
    ruleset = load(session, site, [text])
    rule = ruleset.rules[0]
    held: set[str] = set()
    for message, users in stream(1, 80):
        result = processing.process(session, message, ruleset, POLICY, users=users, now=NOW)
        expected = set()
        for username in users if not result.duplicate else ():
            query = rule.query(message, username)
            assert query is not None
            value = archive.count(session, query)
            if value > 1 and username.lower() not in {*held, "bodhi"}:
                expected.add(username.lower())
        assert {given.person.key for given in result.given} == expected
        held |= expected
    check_counters(session)
    assert held


def test_a_changed_filter_has_counters_of_its_own(session: Session, site: Site) -> None:
    form = (
        "trigger: {topic: wiki.edit}\n"
        "previous: {filter: {users: [recipient]%s}, operation: count}\n"
        "condition: {greater than or equal to: 3}\n"
    )
    ruleset = load(session, site, [form % ""])
    for number in range(2):
        feed(session, ruleset, number)
    ruleset = load(session, site, [form % ", topics: ['\"org.example.prod.wiki.edit\"']"])
    (given,) = feed(session, ruleset, 3).given
    assert given.award.cause_id == "n3"
    assert session.scalars(select(Counter.value)).all() == [3]


@pytest.mark.slow
def test_counters_that_no_rule_asks_are_removed_with_their_anchors(
    session: Session, site: Site
) -> None:
    ruleset = load(session, site, rule_texts())
    for message, users in stream(1, 5):
        processing.process(session, message, ruleset, POLICY, users=users, now=NOW)
    assert session.scalar(select(func.count()).select_from(Counter))
    counts.forget_others(session, [])
    for table in (Counter, CounterAnchor):
        assert session.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.slow
def test_lost_counters_are_made_anew_from_the_archive(session: Session, site: Site) -> None:
    ruleset = load(session, site, rule_texts())
    messages = list(stream(2, 40))
    for message, users in messages[:20]:
        processing.process(session, message, ruleset, POLICY, users=users, now=NOW)
    before = values(session)
    session.execute(delete(Counter))
    for message, users in messages[20:]:
        processing.process(session, message, ruleset, POLICY, users=users, now=NOW)
    check_counters(session)
    after = values(session)
    assert all(after[key] >= before[key] for key in after.keys() & before.keys())


@pytest.mark.parametrize(
    ("filters", "threshold"),
    [
        ("users: [recipient], topics: [message.topic]", 8),
        ("topics: [message.topic]", 8),
        ("users: ['\"asha\"', '\"boris\"'], categories: ['\"wiki\"']", 8),
        ("agents: [recipient]", 4),
    ],
    ids=["user", "topic", "either", "agent"],
)
def test_of_many_messages_at_once_one_reaches_the_threshold(
    site: Site, filters: str, threshold: int
) -> None:
    """A counter that two make at once, or that one makes while another advances it."""
    rule = (
        "trigger: {topic: wiki.edit}\nrecipient: message.agent_name\n"
        f"previous: {{filter: {{{filters}}}, operation: count}}\n"
        f"condition: {{equal to: {threshold}}}\n"
    )
    with site.database.writing() as session:
        ruleset = load(session, site, [rule])
    barrier = threading.Barrier(8)
    causes: list[str | None] = []

    def work(number: int) -> None:
        name = ("asha", "boris")[number % 2] if threshold == 4 else "asha"
        message = Message(
            id=f"m{number}",
            topic=TOPICS[0],
            body={},
            sent_at=NOW,
            agent_name=name,
            usernames=(name,),
        )
        barrier.wait()
        with site.database.writing() as session:
            done = processing.process(session, message, ruleset, POLICY, users=(name,), now=NOW)
            causes.extend(given.award.cause_id for given in done.given)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(causes) == (2 if threshold == 4 else 1)
    with site.database.reading() as session:
        check_counters(session)
