# SPDX-License-Identifier: AGPL-3.0-or-later
"""Against tables that the real models of datanommer made and filled."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text

from issuer.adapters.history import datanommer as adapter
from issuer.adapters.history.datanommer import Datanommer
from issuer.errors import HistoryAwayError
from rules.model import Message, Query
from tests.issuing import NOW
from tests.services import datanommer

if TYPE_CHECKING:
    from collections.abc import Iterator

EDIT, PUSH, BUILD = (f"org.example.prod.{name}" for name in ("wiki.edit", "git.push", "koji.build"))
UNTIL = NOW + timedelta(hours=5)
MESSAGES = [
    Message(
        id=f"m{n}",
        topic=topic,
        body={"number": n, "text": "grün"},
        sent_at=NOW + timedelta(hours=n, microseconds=n),
        headers={"n": n},
        agent_name=agent,
        usernames=users,
        packages=packages,
    )
    for n, (topic, agent, users, packages) in enumerate(
        [
            (EDIT, "Asha", ("Asha",), ()),
            (EDIT, "boris", ("asha", "boris"), ("kernel",)),
            (PUSH, None, (), ("bash", "kernel")),
            (PUSH, "asha", ("boris",), ("bash",)),
            (BUILD, None, ("asha", "chen"), ()),
            (EDIT, "asha", ("asha",), ()),  # too late
        ]
    )
]
QUERIES = {
    "everything": Query(),
    "topics": Query(topics=(EDIT, BUILD)),
    "not a topic": Query(not_topics=(EDIT,)),
    "category": Query(categories=("git",)),
    "not a category": Query(not_categories=("git", "wiki")),
    "user without case": Query(users=("ASHA",)),
    "one of two users": Query(users=("chen", "boris")),
    "not a user": Query(not_users=("asha",)),
    "agent without case": Query(agents=("asha",)),
    "not an agent, where some have none": Query(not_agents=("ASHA",)),
    "package": Query(packages=("kernel",)),
    "not a package": Query(not_packages=("bash",)),
    "all at once": Query(topics=(EDIT,), users=("asha",), not_agents=("boris",)),
    "between": Query(start=NOW + timedelta(hours=1), end=NOW + timedelta(hours=3, seconds=1)),
}


def fill(url: str, messages: list[Message]) -> None:
    records: list[dict[str, Any]] = [
        {
            "id": message.id,
            "topic": message.topic,
            "timestamp": message.sent_at.isoformat(),
            "body": message.body,
            "headers": message.headers,
            "agent_name": message.agent_name,
            "usernames": message.usernames,
            "packages": message.packages,
        }
        for message in messages
    ]
    datanommer.fill(datanommer.prepare(), url, records)


@pytest.fixture
def history(datanommer_url: str) -> Iterator[Datanommer]:
    made = Datanommer(datanommer_url)
    yield made
    made.close()


def test_it_finds_what_the_question_finds(history: Datanommer, datanommer_url: str) -> None:
    fill(datanommer_url, MESSAGES)
    for name, query in QUERIES.items():
        found = [
            message.id
            for message in MESSAGES
            if message.sent_at < UNTIL and query.matches(message, message.usernames)
        ]
        assert history.count(query, until=UNTIL, without=()) == len(found), name
        without = [*found[:1], "elsewhere"]
        assert history.count(query, until=UNTIL, without=without) == max(len(found) - 1, 0), name


def test_messages_come_whole_and_in_order_a_few_at_a_time(
    history: Datanommer, datanommer_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "BATCH", 2)
    fill(datanommer_url, MESSAGES[::-1])
    assert list(history.messages(lambda topic: True, (), until=UNTIL)) == MESSAGES[:5]
    edits = list(history.messages(lambda topic: topic.endswith("edit"), (), until=UNTIL))
    assert edits == MESSAGES[:2]
    assert history.size(lambda topic: topic.endswith("edit"), (), until=UNTIL) == 2


def test_an_id_counts_once_and_a_message_without_one_counts_too(
    history: Datanommer, datanommer_url: str
) -> None:
    again = MESSAGES[0]
    fill(datanommer_url, [again, MESSAGES[1]])
    engine = create_engine(datanommer_url)
    with engine.begin() as connection:
        for name, minutes in (("m0", 1), (None, 2), (None, 3)):
            connection.execute(
                text(
                    "INSERT INTO messages (msg_id, i, topic, timestamp, category, msg) "
                    "VALUES (:name, 0, :topic, :sent, 'wiki', 'no JSON')"
                ),
                {
                    "name": name,
                    "topic": EDIT,
                    "sent": (NOW + timedelta(minutes=minutes)).replace(tzinfo=None),
                },
            )
    engine.dispose()
    assert history.count(Query(topics=(EDIT,)), until=UNTIL, without=()) == 4
    found = list(history.messages(lambda topic: True, (), until=UNTIL))
    assert [message.id for message in found] == ["m0", "datanommer-4", "datanommer-5", "m1"]
    assert found[1].body == {}


def test_it_only_reads_and_not_for_ever(datanommer_url: str) -> None:
    history = Datanommer(datanommer_url, seconds=0.05)
    with (
        pytest.raises(HistoryAwayError, match="read-only transaction"),
        history.connected() as connection,
    ):
        connection.execute(text("DELETE FROM messages"))
    with (
        pytest.raises(HistoryAwayError, match="statement timeout"),
        history.connected() as connection,
    ):
        connection.execute(text("SELECT pg_sleep(5)"))
    history.close()


def test_no_database_is_one_clear_line() -> None:
    history = Datanommer("postgresql://reader:s3cret@127.0.0.1:9/messages")
    with pytest.raises(HistoryAwayError, match="check ACCOLADES_HISTORY_URL") as caught:
        history.count(Query(), until=UNTIL, without=())
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)
