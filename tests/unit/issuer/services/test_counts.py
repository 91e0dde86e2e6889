# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import random
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, event, func, select

from issuer.adapters.accounts import OpenAccounts
from issuer.adapters.pictures import read_picture
from issuer.models import (
    ArchivedMessage,
    Award,
    BadgeTotal,
    Counter,
    CounterAnchor,
    MessageUser,
    OutboxMessage,
    RankHistogram,
    Rule,
    Total,
)
from issuer.services import archive, collections, counts, processing
from issuer.services.counts import _query
from issuer.services.processing import Policy
from rules.model import Message
from tests.issuing import NOW, RED, make_issuer, make_rule, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.site import Site
    from rules.engine import RuleSet

POLICY = Policy(
    accounts=OpenAccounts(),
    skip_users=frozenset({"bodhi"}),
    email_domain="example.org",
    message_url="https://messages.example.org/{id}",
)
NAMES = ("asha", "Boris", "chen", "bodhi")
TOPICS = tuple(f"org.example.prod.{name}" for name in ("wiki.edit", "wiki.new", "git.push"))
PACKAGES = ("kernel", "bash")
PEOPLE = "trigger: {lambda: 'True'}\nrecipient: message.usernames\n"
#: One rule for each form of filter; thresholds that a wrong count would miss or pass.
FILTERS = {
    "user and topic": "{users: [recipient], topics: [message.topic]}",
    "user": "{users: [recipient]}",
    "one of two users": "{users: [recipient, '\"chen\"']}",
    "user, two topics": f"{{users: [recipient], topics: ['\"{TOPICS[0]}\"', '\"{TOPICS[2]}\"']}}",
    "category": "{categories: ['\"wiki\"'], users: [recipient]}",
    "another category": "{not_categories: ['\"wiki\"'], users: [recipient]}",
    "topic of nobody": "{topics: [message.topic]}",
    "anything": "{}",
    "anything else": "{not_topics: [message.topic], not_users: [recipient]}",
    "agent and topic": "{agents: [recipient], topics: [message.topic]}",
    "somebody else's": "{users: [recipient], not_agents: [recipient]}",
    "package": "{packages: message.packages}",
    "user of a package": "{users: [recipient], packages: ['\"kernel\"']}",
    "no kernel": "{agents: [recipient], not_packages: ['\"kernel\"']}",
    "since": f"{{users: [recipient], start: '\"{NOW.isoformat()}\"'}}",
}
COSTLY = {
    "moving": "{users: [recipient], start: message.sent_at}",
    "contains": "{users: [recipient], contains: ['\"3\"']}",
}


def rule_texts() -> list[str]:
    """Return rules that count in every way, each awarding at exactly some count."""
    texts = [
        f"{PEOPLE}previous: {{filter: {asked}, operation: count}}\n"
        f"condition: {{equal to: {3 + n}}}\n"
        for n, asked in enumerate([*FILTERS.values(), *COSTLY.values()])
    ]
    rows = "{filter: {users: [recipient]}, operation: {lambda: 'len(results)'}}"
    return [
        *texts,
        f"{PEOPLE}previous: {rows}\ncondition: {{equal to: 4}}\n",
        f"{PEOPLE}condition: {{equal to: 5}}\n",
        "trigger: {topic: wiki.new}\nrepeatable: yes\n",
        "trigger: {topic: wiki.edit}\n",
        "trigger: {topic: wiki.edit}\nrecipient: message.body['missing']\n",
        "trigger: {topic: wiki.edit}\nrecipient: message.topic + 1\n",
    ]


def stream(seed: int, number: int) -> Iterator[tuple[Message, tuple[str, ...]]]:
    """Yield messages of a few people about a few things; some come twice."""
    chance = random.Random(seed)  # noqa: S311 -- test data that has to be the same each time
    for n in range(number):
        people = tuple(name for name in NAMES if chance.random() < 0.4)
        message = Message(
            id=f"m{seed}-{chance.randrange(n, n + 3)}",
            topic=chance.choice(TOPICS),
            body={"number": n},
            sent_at=NOW + timedelta(minutes=chance.randrange(-60, 60)),
            agent_name=chance.choice((*NAMES, None)),
            usernames=people,
            packages=tuple(name for name in PACKAGES if chance.random() < 0.5),
        )
        yield message, people


def load(session: Session, site: Site, texts: list[str]) -> RuleSet:
    issuer, picture = make_issuer(session, site), read_picture(RED, "red.svg")
    loaded = [make_rule(text, name=f"Badge {n}") for n, text in enumerate(texts)]
    report = collections.sync(session, loaded, issuer, site.objects, picture, now=NOW)
    assert report.problems == []
    return collections.active_rules(session)


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


def values(session: Session) -> dict[str, int]:
    """Return the counters of all people but those whom the policy skips."""
    wanted = func.coalesce(Counter.person_key, "") != "bodhi"
    return dict(session.execute(select(Counter.key, Counter.value).where(wanted)).all())


def check_counters(session: Session) -> None:
    """Each counter of a filter holds what the archive finds."""
    for counter in session.scalars(select(Counter).where(~Counter.filter.startswith("triggers"))):
        assert counter.value == archive.count(session, _query(counter.facts)), counter.facts


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
        _feed(session, ruleset, number)
    ruleset = load(session, site, [form % ", topics: ['\"org.example.prod.wiki.edit\"']"])
    (given,) = _feed(session, ruleset, 3).given
    assert given.award.cause_id == "n3"
    assert session.scalars(select(Counter.value)).all() == [3]


def _feed(session: Session, ruleset: RuleSet, number: int, **more: Any) -> processing.Processed:
    values = {"topic": "org.example.prod.wiki.edit", "agent_name": "asha", **more}
    message = Message(id=f"n{number}", body={}, sent_at=NOW, usernames=("asha",), **values)
    return processing.process(session, message, ruleset, POLICY, users=("asha",), now=NOW)


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
            result = _feed(session, ruleset, number, topic=TOPICS[0], packages=("kernel",))
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
