# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from issuer.adapters.accounts import OpenAccounts
from issuer.adapters.pictures import read_picture
from issuer.models import Award, Counter, OutboxMessage, Person, Rule
from issuer.services import collections, persons, processing
from issuer.services.processing import Policy, Processed
from rules.model import Message
from tests.issuing import NOW, RED, make_issuer, make_rule

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

POLICY = Policy(
    accounts=OpenAccounts(), skip_users=frozenset({"bodhi"}), email_domain="example.org"
)
EDIT = "trigger: {topic: wiki.edit}\n"
COUNT = (
    EDIT + "previous: {filter: {topics: [message.topic], users: [recipient]}, operation: count}\n"
)


def message(
    number: int, user: str | None = "asha", topic: str = "org.example.prod.wiki.edit", **body: Any
) -> Message:
    return Message(
        id=f"m{number}",
        topic=topic,
        body=body,
        sent_at=NOW - timedelta(days=100 - number),
        agent_name=user,
        usernames=(user,) if user else (),
    )


def load(session: Session, site: Site, *texts: str) -> None:
    issuer = make_issuer(session, site)
    rules = [make_rule(text, name=f"Badge {place}") for place, text in enumerate(texts, 1)]
    picture = read_picture(RED, "red.svg")
    report = collections.sync(session, rules, issuer, site.objects, picture, now=NOW)
    assert report.problems == []


def feed(session: Session, incoming: Message, **arguments: Any) -> Processed:
    ruleset = collections.active_rules(session)
    users = arguments.pop("users", incoming.usernames)
    values = {"policy": POLICY, "users": users, "now": NOW, **arguments}
    return processing.process(session, incoming, ruleset, **values)


def awarded(processed: Processed) -> list[tuple[str, str]]:
    return [(given.badge.slug, given.person.username) for given in processed.given]


def test_a_trigger_awards_its_agent(session: Session, site: Site) -> None:
    load(session, site, EDIT)
    assert awarded(feed(session, message(1))) == [("badge-1", "asha")]


def test_an_award_carries_the_time_and_the_id_of_its_message(session: Session, site: Site) -> None:
    load(session, site, EDIT)
    (given,) = feed(session, message(1)).given
    assert given.award.issued_at == NOW - timedelta(days=99)
    assert given.award.cause_id == "m1"


def test_the_same_message_twice_changes_nothing(session: Session, site: Site) -> None:
    load(session, site, EDIT)
    feed(session, message(1))
    again = feed(session, message(1))
    assert again.duplicate
    assert again.given == []
    assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 2


def test_a_count_includes_the_current_message_once(session: Session, site: Site) -> None:
    load(session, site, COUNT + "condition: {greater than or equal to: 3}\n")
    given = [awarded(feed(session, message(number))) for number in range(1, 5)]
    assert given == [[], [], [("badge-1", "asha")], []]


def test_a_redelivered_message_counts_once(session: Session, site: Site) -> None:
    load(session, site, COUNT + "condition: {greater than or equal to: 3}\n")
    for number in (1, 1, 1, 2, 2):
        assert feed(session, message(number)).given == []
    assert awarded(feed(session, message(3))) == [("badge-1", "asha")]


def test_messages_that_do_not_trigger_are_counted_where_the_filter_matches(
    session: Session, site: Site
) -> None:
    rule = (
        "trigger: {all: [{topic: wiki.edit}, {lambda: 'message.body.get(\"big\")'}]}\n"
        "previous: {filter: {topics: [message.topic], users: [recipient]}, operation: count}\n"
        "condition: {equal to: 4}\n"
    )
    load(session, site, rule)
    for number in range(1, 4):
        assert feed(session, message(number)).given == []
    assert awarded(feed(session, message(4, big=True))) == [("badge-1", "asha")]


def test_a_person_whom_the_filter_does_not_name_starts_at_zero(
    session: Session, site: Site
) -> None:
    load(session, site, COUNT + "condition: {greater than or equal to: 1}\n")
    assert feed(session, message(1), users=()).given == []
    assert feed(session, message(2), users=()).given == []
    assert session.scalars(select(Counter.value)).all() == [0]


def test_a_condition_without_a_filter_counts_triggers(session: Session, site: Site) -> None:
    load(session, site, EDIT + "condition: {equal to: 3}\n")
    feed(session, message(1, topic="org.example.prod.other"))
    feed(session, message(2))
    feed(session, message(3, user="boris"))
    feed(session, message(4))
    assert awarded(feed(session, message(5))) == [("badge-1", "asha")]


def test_a_condition_without_a_filter_counts_what_came_before_the_rule(
    session: Session, site: Site
) -> None:
    for number in (1, 2):
        feed(session, message(number))
    load(session, site, EDIT + "condition: {equal to: 3}\n")
    assert awarded(feed(session, message(3))) == [("badge-1", "asha")]


def test_an_operation_reads_rows(session: Session, site: Site) -> None:
    rule = (
        EDIT + "previous:\n  filter: {users: [recipient]}\n"
        "  operation: {lambda: 'len([row for row in results if row.msg[\"size\"] > 10])'}\n"
        "condition: {greater than or equal to: 2}\n"
    )
    load(session, site, rule)
    sizes = [20, 5, 30]
    given = [awarded(feed(session, message(n, size=size))) for n, size in enumerate(sizes, 1)]
    assert given == [[], [], [("badge-1", "asha")]]


ASKED = (
    "datanommer: {{filter: {{topics: ['%(topic)s'], users: ['%(msg.who)s']}}, "
    "operation: {}, condition: {}}}"
)


def test_a_rule_of_2014_counts_once_for_a_message(session: Session, site: Site) -> None:
    criteria = ASKED.format("count", "{equal to: 2}")
    load(session, site, EDIT + f"criteria: {{{criteria}}}\nrecipient: '%(msg.all)s'\n")
    for number in (1, 2):
        incoming = message(number, None, who="Asha", all=["boris", "chandra"])
        result = feed(session, incoming, users=["asha"])
    assert awarded(result) == [("badge-1", "boris"), ("badge-1", "chandra")]


def test_criteria_that_are_a_tree_are_asked_once_for_a_message(
    session: Session, site: Site
) -> None:
    rows = ASKED.format("{lambda: len(query.all())}", "{greater than: 1}")
    few = ASKED.format("count", "{greater than: 2}")
    text = EDIT + f"criteria: {{all: [{{{rows}}}, {{not: {{{few}}}}}]}}\n"
    load(session, site, text)
    given = [awarded(feed(session, message(number, who="asha"))) for number in (1, 2, 3)]
    assert given == [[], [("badge-1", "asha")], []]
    missing = feed(session, message(4, "boris"))
    assert (missing.given, missing.failures) == ([], [])


def test_criteria_that_are_broken_are_reported(session: Session, site: Site) -> None:
    criteria = ASKED.format("{lambda: 'query[9]'}", "{greater than: 1}")
    load(session, site, EDIT + f"criteria: {{{criteria}}}\n")
    ((rule, reason),) = feed(session, message(1, who="asha")).failures
    assert rule == "badge-1"
    assert "IndexError" in reason


def test_a_broken_rule_stops_no_other(session: Session, site: Site) -> None:
    load(session, site, EDIT + "recipient: message.body['x'] + 1\n", EDIT)
    processed = feed(session, message(1, x="text"))
    assert awarded(processed) == [("badge-2", "asha")]
    assert [rule for rule, _ in processed.failures] == ["badge-1"]
    broken = session.scalars(select(Rule).filter_by(slug="badge-1")).one()
    assert broken.failures == 1
    assert broken.last_failure


@pytest.mark.parametrize("user", ["bodhi", "Bodhi", "192.168.1.1", "::1", "with space", "a/b"])
def test_names_that_are_no_people_get_nothing(session: Session, site: Site, user: str) -> None:
    load(session, site, EDIT)
    processed = feed(session, message(1, user=user))
    assert processed.given == []
    assert processed.dropped
    assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_people_who_opted_out_are_dropped_with_the_reason(session: Session, site: Site) -> None:
    load(session, site, EDIT)
    persons.ensure(session, "asha", now=NOW).opted_out = True
    session.flush()
    assert feed(session, message(1)).dropped == [("asha", "opted out")]


def test_who_has_the_badge_gets_nothing_more_while_the_counter_goes_on(
    session: Session, site: Site
) -> None:
    load(session, site, COUNT + "condition: {greater than or equal to: 1}\n")
    feed(session, message(1))
    assert feed(session, message(2, user="ASHA")).dropped == [("ASHA", "has the badge")]
    assert session.scalars(select(Counter.value)).all() == [2]


def test_a_repeatable_rule_awards_for_each_message(session: Session, site: Site) -> None:
    load(session, site, EDIT + "repeatable: true\n")
    for number in (1, 2, 2):
        feed(session, message(number))
    occurrences = session.scalars(select(Award.occurrence).order_by(Award.id)).all()
    assert occurrences == ["m1", "m2"]


def test_an_inactive_rule_awards_nothing(session: Session, site: Site) -> None:
    load(session, site, EDIT)
    ruleset = collections.active_rules(session)
    session.scalars(select(Rule)).one().active = False
    session.flush()
    processed = processing.process(session, message(1), ruleset, POLICY, users=("asha",), now=NOW)
    assert processed.given == []


def test_of_two_messages_at_once_one_reaches_the_threshold(site: Site) -> None:
    """Neither may miss the other: the counter row is locked while a rule counts."""
    with site.database.writing() as session:
        load(session, site, COUNT + "condition: {equal to: 8}\n")
    barrier = threading.Barrier(8)
    given: list[tuple[str, str]] = []

    def work(number: int) -> None:
        barrier.wait()
        with site.database.writing() as session:
            given.extend(awarded(feed(session, message(number))))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given == [("badge-1", "asha")]
