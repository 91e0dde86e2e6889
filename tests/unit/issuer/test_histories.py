# SPDX-License-Identifier: AGPL-3.0-or-later
"""First values of counters, when a history outside knows messages that this site never got."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.adapters.history.datagrepper import Datagrepper
from issuer.adapters.history.datanommer import Datanommer
from issuer.adapters.messages import Incoming
from issuer.adapters.pictures import read_picture
from issuer.errors import HistoryAwayError
from issuer.intake import Intake, policy_of
from issuer.models import ArchivedMessage, Award, Counter, Person, Setting
from issuer.services import collections, counts
from rules.counting import question
from rules.model import Message
from tests.issuing import NOW, RED, make_issuer, make_rule, make_site
from tests.services import datanommer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from issuer.adapters.history.asking import History
    from issuer.site import Site
    from rules.model import Rule
    from tests.services.datagrepper import Grepper

    Said = dict[str, Any]
    Keep = Callable[..., None]

EDIT, NEW = "org.example.prod.wiki.edit", "org.example.prod.wiki.new"
NAMES = ("asha", "Boris", "chen")
HEAD = "trigger: {category: wiki}\nrecipient: message.usernames\n"
COUNTED = "previous: {{filter: {}, operation: count}}\ncondition: {{greater than: 1000}}\n"
#: What tells one way of counting from another.
RULES = {
    "user and topic": HEAD + COUNTED.format("{users: [recipient], topics: [message.topic]}"),
    "agent": HEAD + COUNTED.format("{agents: [recipient], topics: [message.topic]}"),
    "category": HEAD + COUNTED.format("{users: [recipient], categories: ['\"wiki\"']}"),
    "package": HEAD + COUNTED.format("{packages: ['\"bash\"'], topics: [message.topic]}"),
    "not agent": HEAD
    + COUNTED.format("{users: [recipient], not_agents: [recipient], not_packages: ['\"bash\"']}"),
    "triggers": "trigger: {topic: wiki.edit}\nrecipient: message.usernames\n"
    "condition: {greater than: 1000}\n",
}
THIRD = (
    HEAD
    + "previous: {filter: {users: [recipient], topics: [message.topic]}, operation: count}\n"
    + "condition: {greater than or equal to: 3}\n"
)


def said(number: int, minutes: int, *users: str, **more: Any) -> Said:
    """Return a message that was sent so many minutes after the moment that divides."""
    return {
        "id": f"m{number}",
        "topic": EDIT,
        "timestamp": (NOW + timedelta(minutes=minutes)).isoformat(),
        "body": {"n": number},
        "usernames": list(users),
        "packages": [],
        "agent_name": users[0] if users else None,
        **more,
    }


def message_of(record: Said) -> Message:
    return Message(
        id=record["id"],
        topic=record["topic"],
        body=record["body"],
        sent_at=datetime.fromisoformat(record["timestamp"]),
        agent_name=record["agent_name"],
        usernames=tuple(record["usernames"]),
        packages=tuple(record["packages"]),
    )


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    made = make_site(
        tmp_path,
        database_url,
        history="datagrepper",
        history_url="http://127.0.0.1:9",
        history_until=NOW,
    )
    yield made
    made.database.dispose()


@pytest.fixture(params=[pytest.param("datanommer", marks=pytest.mark.postgres), "datagrepper"])
def outside(request: pytest.FixtureRequest) -> Iterator[tuple[History, Keep]]:
    """Return a history, and what fills it."""
    if request.param == "datanommer":
        url = request.getfixturevalue("datanommer_url")
        history = Datanommer(url)
        home = datanommer.prepare()
        yield history, lambda *messages: datanommer.fill(home, url, messages)
        history.close()
    else:
        grepper: Grepper = request.getfixturevalue("grepper")
        paged = Datagrepper(grepper.url)
        yield paged, grepper.keep
        paged.close()


def load(site: Site, *texts: str) -> list[Rule]:
    rules = [make_rule(text, name=f"Badge {n}") for n, text in enumerate(texts)]
    with site.database.writing() as session:
        issuer, picture = make_issuer(session, site), read_picture(RED, "red.svg")
        collections.sync(session, rules, issuer, site.objects, picture, now=NOW)
    return rules


def handle(intake: Intake, record: Said) -> list[str]:
    message = message_of(record)
    processed = intake.handle(Incoming(message, message.usernames), now=NOW)
    assert processed.failures == []
    return [given.person.username for given in processed.given]


def holders(site: Site) -> list[str]:
    with site.database.reading() as session:
        return sorted(session.scalars(select(Person.key).join(Award.person)))


@pytest.mark.slow
def test_each_message_counts_once_whoever_has_it_and_whenever_it_comes(
    site: Site, outside: tuple[History, Keep]
) -> None:
    chance = random.Random(7)  # noqa: S311 -- test data that has to be the same each time
    records = [
        said(
            n,
            chance.randint(-60, 60),
            *chance.sample(NAMES, chance.randint(1, 2)),
            topic=chance.choice([EDIT, EDIT, NEW]),
            packages=chance.choice([[], ["bash"]]),
            agent_name=chance.choice([*NAMES, None]),
        )
        for n in range(45)
    ]
    history, keep = outside
    known = [record for record in records if chance.random() < 0.6]
    keep(*known)
    before = [message_of(record) for record in known if message_of(record).sent_at < NOW]
    rules = load(site, *RULES.values())
    intake = Intake(site, policy_of(site.settings), history=history)
    arrived: dict[str, Message] = {}
    for record in chance.sample(records, 30):
        handle(intake, record)
        arrived[record["id"]] = message_of(record)
        union = {message.id: message for message in before} | arrived
        expected = expected_values(rules, arrived[record["id"]], list(union.values()))
        with site.database.reading() as session:
            found = counts.values(session, list(expected))
        assert found == expected, record


def expected_values(rules: list[Rule], message: Message, every: list[Message]) -> dict[str, int]:
    """Return what the counters that a message asks for must hold, by looking at all messages."""
    expected = {}
    for rule, name in ((rule, name) for rule in rules for name in message.usernames):
        if not rule.trigger(message):
            continue
        query = rule.query(message, name)
        asked = question(rule, query) if query else counts.triggers(rule, name)
        assert asked is not None
        if query:
            expected[asked.key] = sum(query.matches(each, each.usernames) for each in every)
        else:
            expected[asked.key] = sum(rule.trigger(m) and name in m.usernames for m in every)
    return expected


def test_the_first_message_here_may_be_the_third_there(
    site: Site, outside: tuple[History, Keep]
) -> None:
    history, keep = outside
    keep(said(1, -9, "asha"), said(2, -8, "asha"), said(3, -7, "boris"), said(9, 1, "boris"))
    load(site, THIRD)
    intake = Intake(site, policy_of(site.settings), history=history)
    assert handle(intake, said(9, 1, "boris")) == []  # the second, though both sides have it
    assert handle(intake, said(8, 2, "asha")) == ["asha"]
    assert handle(intake, said(10, 3, "boris")) == ["boris"]


def test_without_an_answer_nothing_is_kept_and_the_message_comes_again(
    site: Site, grepper: Grepper
) -> None:
    grepper.keep(said(1, -9, "asha"), said(2, -8, "asha"))
    load(site, THIRD)
    waits: list[float] = []
    intake = Intake(
        site, policy_of(site.settings), history=Datagrepper(grepper.url, sleep=waits.append)
    )
    grepper.always = lambda _status, _body: (500, {"error": "database"})
    with pytest.raises(HistoryAwayError, match=r"answers 500, 4 times"):
        handle(intake, said(3, 1, "asha"))
    group = [Incoming(message_of(said(n, n, "asha")), ("asha",)) for n in (3, 4)]
    with pytest.raises(HistoryAwayError):
        intake.handle_group(group, now=NOW)
    assert waits == [0.5, 1.0, 2.0] * 2
    with site.database.reading() as session:
        assert session.scalars(select(ArchivedMessage.id)).all() == []
        assert session.scalars(select(Counter.id)).all() == []
    grepper.always = None
    first, second = intake.handle_group(group, now=NOW)
    assert [len(first.given), len(second.given)] == [1, 0]


def test_no_transaction_is_open_while_the_history_is_asked(site: Site, grepper: Grepper) -> None:
    open_ones: list[int] = []

    def look(status: int, body: Said) -> tuple[int, Said]:
        open_ones.append(site.database.engine.pool.checkedout())  # type: ignore[attr-defined]  # a QueuePool
        return status, body

    load(site, THIRD, RULES["triggers"])
    grepper.always = look
    intake = Intake(site, policy_of(site.settings), history=Datagrepper(grepper.url))
    handle(intake, said(3, 1, "asha"))
    assert len(open_ones) >= 2
    assert set(open_ones) == {0}


def test_a_message_may_need_many_first_values(site: Site, grepper: Grepper) -> None:
    grepper.keep(said(1, -9, "asha"), said(2, -8, "asha"))
    triggered = "trigger: {topic: wiki.edit}\nrecipient: message.usernames\n"
    load(site, *(f"{triggered}condition: {{equal to: {n}}}\n" for n in range(1, 9)))
    intake = Intake(site, policy_of(site.settings), history=Datagrepper(grepper.url))
    assert handle(intake, said(3, 1, "asha")) == ["asha"]  # the third is the third


def test_a_message_that_comes_late_while_the_history_is_asked_counts_once(
    site: Site, grepper: Grepper
) -> None:
    late, never = said(1, -9, "asha"), said(2, -8, "asha")
    grepper.keep(late, never)
    load(site, THIRD.replace("3", "4"))
    other = Intake(site, policy_of(site.settings), history=Datagrepper(grepper.url))

    def meanwhile(status: int, body: Said) -> tuple[int, Said]:
        handle(other, {**late, "agent_name": None})
        return status, body

    intake = Intake(site, policy_of(site.settings), history=Datagrepper(grepper.url))
    grepper.troubles = [meanwhile]
    assert handle(intake, said(3, 1, "asha")) == []
    with site.database.reading() as session:
        assert session.scalars(select(Counter.value)).all() == [3]
    assert handle(intake, said(4, 2, "asha")) == ["asha"]


def test_another_history_or_moment_makes_all_counters_anew(site: Site, grepper: Grepper) -> None:
    load(site, THIRD)
    settings = site.settings
    alone = make_site(settings.home, settings.database_url)
    Intake(alone, policy_of(settings))
    handle(Intake(alone, policy_of(settings)), said(1, 1, "asha"))
    grepper.keep(said(5, -5, "asha"), said(6, -4, "asha"))
    intake = Intake(site, policy_of(settings), history=Datagrepper(grepper.url))
    with site.database.reading() as session:
        assert session.scalars(select(Counter.id)).all() == []
        kept = session.get_one(Setting, "history").value
        assert kept == {"history": "datagrepper", "until": NOW.isoformat()}
    assert handle(intake, said(2, 2, "asha")) == ["asha"]
    Intake(site, policy_of(settings), history=Datagrepper(grepper.url))
    with site.database.reading() as session:  # the same again changes nothing
        assert session.scalars(select(Counter.value)).all() == [4]
    Intake(alone, policy_of(settings))
    with alone.database.reading() as session:
        assert session.get(Setting, "history") is None
        assert session.scalars(select(Counter.id)).all() == []
    alone.database.dispose()


def test_without_a_moment_it_is_the_first_start(tmp_path: Path, grepper: Grepper) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    made = make_site(tmp_path, url, history="datagrepper", history_url=grepper.url)
    noted = []
    before = datetime.now(UTC)
    for _ in range(2):
        Intake(made, policy_of(made.settings))
        with made.database.reading() as session:
            noted.append(session.get_one(Setting, "history").value["until"])
    assert noted[0] == noted[1]
    assert before <= datetime.fromisoformat(noted[0]) <= datetime.now(UTC)
    made.database.dispose()
