# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import random
import sqlite3
import string
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from fedora_messaging.exceptions import HaltConsumer, Nack
from fedora_messaging.message import Message as BusMessage
from pika import BasicProperties
from psycopg import errors
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from consumer import callback
from consumer.bootstrap import open_intake
from consumer.callback import AccoladesConsumer
from consumer.receiving import receive
from issuer.adapters.pictures import read_picture
from issuer.config import Settings
from issuer.errors import DatabaseNotReadyError
from issuer.intake import Intake, policy_of
from issuer.models import ArchivedMessage, Award, QuarantinedMessage
from issuer.services import collections
from tests.issuing import BASE_URL, NOW, RED, make_issuer, make_rule, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.db import Database
    from issuer.site import Site

TOPIC = "org.example.prod.wiki.edit"
RULE = "trigger: {topic: wiki.edit}\nrecipient: message.body['user']\n"


class Failing(BusMessage):
    """A class of somebody else that fails on what its schema allows."""

    @property
    def usernames(self) -> list[str]:
        raise KeyError("user")


class Agent(BusMessage):
    """A class of somebody else that trusts its body."""

    @property
    def agent_name(self) -> str:
        return str(self.body["agent"]).replace("NUL", "\0")


@dataclass
class Clock:
    """Stands for time and for its end: nobody waits, and what happens meanwhile happens."""

    now: float = 0.0
    told_to_stop: bool = False
    waits: list[float] = field(default_factory=list)
    meanwhile: dict[int, Any] = field(default_factory=dict)  # number of the wait: what happens

    def monotonic(self) -> float:
        """Return the moment."""
        return self.now

    def is_set(self) -> bool:
        """Whether the process was told to stop."""
        return self.told_to_stop

    def wait(self, seconds: float) -> bool:
        """Let the time pass."""
        self.waits.append(seconds)
        self.now += seconds
        self.meanwhile.get(len(self.waits), lambda: None)()
        return self.told_to_stop


class Outage:
    """A database that no longer answers, as the driver says it."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        driver = sqlite3 if database.engine.dialect.name == "sqlite" else psycopg
        self._error = driver.OperationalError

    def begin(self) -> None:
        """Close what is open and refuse what is new."""
        self._engine.dispose()
        event.listen(self._engine, "do_connect", self._refuse)

    def end(self) -> None:
        """Let connections in again."""
        event.remove(self._engine, "do_connect", self._refuse)

    def _refuse(self, *_: object) -> None:
        raise self._error("connection refused")


@contextmanager
def _on(
    folder: Path, database_url: str, clock: Clock, **settings: Any
) -> Iterator[tuple[Site, AccoladesConsumer]]:
    """Give a site with one rule, and what takes its messages."""
    site = make_site(folder, database_url, **settings)
    with site.database.writing() as session:
        issuer = make_issuer(session, site)
        picture = read_picture(RED, "red.svg")
        collections.sync(session, [make_rule(RULE)], issuer, site.objects, picture, now=NOW)
    try:
        intake = Intake(site, policy_of(site.settings))
        yield site, AccoladesConsumer(site, intake, stopping=clock)
    finally:
        site.database.dispose()


@pytest.fixture
def taken(
    tmp_path: Path, database_url: str, clock: Clock
) -> Iterator[tuple[Site, AccoladesConsumer]]:
    with _on(tmp_path, database_url, clock) as both:
        yield both


@pytest.fixture
def site(taken: tuple[Site, AccoladesConsumer]) -> Site:
    return taken[0]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(callback, "time", made)
    return made


@pytest.fixture
def consumer(taken: tuple[Site, AccoladesConsumer]) -> AccoladesConsumer:
    return taken[1]


def edit(user: str = "asha", **body: Any) -> BusMessage:
    return BusMessage(topic=TOPIC, body={"user": user, **body})


def foreign(kind: type[BusMessage], body: dict[str, Any]) -> BusMessage:
    """Return a message as it comes from the bus."""
    sent = BasicProperties(message_id="foreign", headers={"sent-at": NOW.isoformat()})
    return kind(topic=TOPIC, body=body, properties=sent)


def kept(site: Site) -> tuple[int, int]:
    """Return how many messages are in the archive and how many awards there are."""
    with site.database.reading() as session:
        return len(_all(session, ArchivedMessage)), len(_all(session, Award))


def put_aside(site: Site) -> list[QuarantinedMessage]:
    with site.database.reading() as session:
        found: list[QuarantinedMessage] = _all(session, QuarantinedMessage)
        session.expunge_all()  # so that they may be read after the session
        return found


def _settings(home: Path, url: str) -> Settings:
    return Settings(home=home, database_url=url, base_url=BASE_URL)


def _all(session: Session, table: Any) -> list[Any]:
    return list(session.scalars(select(table)))


def test_a_message_is_archived_and_earns_its_badge(site: Site, consumer: AccoladesConsumer) -> None:
    consumer(edit())
    assert kept(site) == (1, 1)


def test_a_message_delivered_five_times_awards_once(
    site: Site, consumer: AccoladesConsumer
) -> None:
    message = edit()
    for _ in range(5):
        consumer(message)
    assert kept(site) == (1, 1)


def test_it_waits_while_the_database_is_away(
    site: Site, consumer: AccoladesConsumer, clock: Clock
) -> None:
    outage = Outage(site.database)
    outage.begin()
    clock.meanwhile[4] = outage.end
    consumer(edit())
    assert clock.waits == [0.5, 1, 2, 4]
    assert kept(site) == (1, 1)


def test_a_wait_is_at_most_half_a_minute(
    site: Site, consumer: AccoladesConsumer, clock: Clock
) -> None:
    outage = Outage(site.database)
    outage.begin()
    clock.meanwhile[9] = outage.end
    consumer(edit())
    assert clock.waits[-3:] == [30, 30, 30]
    assert sum(clock.waits) < callback.GIVE_UP_AFTER


def test_after_ten_minutes_it_stops_and_the_message_stays_in_the_queue(
    site: Site, consumer: AccoladesConsumer, clock: Clock
) -> None:
    outage = Outage(site.database)
    outage.begin()
    with pytest.raises(HaltConsumer) as caught:
        consumer(edit())
    assert (caught.value.exit_code, caught.value.requeue) == (1, True)
    assert 600 < clock.now < 640
    outage.end()
    assert kept(site) == (0, 0)


def test_each_message_has_ten_minutes_of_its_own(
    site: Site, consumer: AccoladesConsumer, clock: Clock
) -> None:
    outage = Outage(site.database)
    for number in (1, 2):
        outage.begin()
        clock.waits.clear()
        clock.meanwhile = {20: outage.end}
        consumer(edit(f"user{number}"))
    assert clock.now > callback.GIVE_UP_AFTER
    assert kept(site) == (2, 2)


def test_it_waits_also_with_a_message_to_put_aside(
    site: Site, consumer: AccoladesConsumer, clock: Clock
) -> None:
    outage = Outage(site.database)
    outage.begin()
    clock.meanwhile[2] = outage.end
    consumer(edit(text="a\0b"))
    assert clock.waits == [0.5, 1]
    assert [message.times for message in put_aside(site)] == [1]


def _broken(**changes: Any) -> BusMessage:
    message = edit()
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def _nested(levels: int) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for _ in range(levels):
        body = {"deeper": body}
    return body


BROKEN = [
    pytest.param({"body": {"x": "a\0b"}}, "NUL", id="nul"),
    pytest.param({"body": {"x": "\ud800"}}, "half a character", id="half-a-character"),
    pytest.param({"body": {"x": float("nan")}}, "not JSON", id="nan"),
    pytest.param({"body": _nested(100)}, "nested deeper", id="deep"),
    pytest.param({"body": _nested(50_000)}, "nested deeper", id="very-deep"),
    pytest.param({"body": {"x": "y" * (5 << 20)}}, "larger than", id="large"),
    pytest.param({"body": ["not", "an", "object"]}, "JSON object", id="list"),
    pytest.param({"body": "text"}, "JSON object", id="text"),
    pytest.param({"id": None}, "needs an id", id="no-id"),
    pytest.param({"id": "x" * 300}, "needs an id", id="long-id"),
    pytest.param({"id": "a\0b"}, "NUL", id="nul-in-id"),
    pytest.param({"_headers": {}}, "timestamp", id="no-headers"),
    pytest.param({"_headers": {"sent-at": "yesterday"}}, "timestamp", id="no-time"),
]


@pytest.mark.parametrize(("changes", "reason"), BROKEN)
def test_what_can_never_be_handled_is_put_aside_once(
    site: Site, consumer: AccoladesConsumer, clock: Clock, changes: dict[str, Any], reason: str
) -> None:
    message = _broken(**changes)
    for _ in range(3):
        consumer(message)
    (aside,) = put_aside(site)
    assert (aside.topic, aside.times) == (TOPIC, 3)
    assert reason in aside.reason
    assert kept(site) == (0, 0)
    assert clock.waits == []


def test_one_broken_message_among_good_ones_takes_none_with_it(
    site: Site, consumer: AccoladesConsumer
) -> None:
    for number in range(20):
        consumer(edit("asha", text="a\0b") if number == 7 else edit(f"user{number}"))
    assert kept(site) == (19, 19)
    assert len(put_aside(site)) == 1


def test_a_class_whose_names_fail_does_not_cost_its_message(
    site: Site, consumer: AccoladesConsumer
) -> None:
    consumer(foreign(Failing, {"user": "asha"}))
    assert kept(site) == (1, 1)
    assert put_aside(site) == []


def test_a_value_that_only_the_database_refuses_halts_nothing(
    tmp_path: Path, postgres_url: str, clock: Clock
) -> None:
    with _on(tmp_path, postgres_url, clock) as (site, taking):
        taking(foreign(Agent, {"agent": "aNULb"}))
        assert kept(site)[0] + len(put_aside(site)) == 1
        assert clock.waits == []


def test_an_agent_too_long_for_the_index_halts_nothing(
    tmp_path: Path, postgres_url: str, clock: Clock
) -> None:
    letters = random.Random(1).choices(string.ascii_letters, k=20_000)  # noqa: S311 (only letters)
    with _on(tmp_path, postgres_url, clock) as (site, taking):
        taking(foreign(Agent, {"agent": "".join(letters)}))
        assert clock.waits == []
        assert kept(site)[0] + len(put_aside(site)) == 1


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_in_utc_is_put_aside(
    site: Site, consumer: AccoladesConsumer, stamp: str
) -> None:
    consumer(_broken(_headers={"sent-at": stamp}))
    assert len(put_aside(site)) == 1


def test_a_message_that_comes_back_from_another_queue_is_taken(
    site: Site, consumer: AccoladesConsumer
) -> None:
    message = edit()
    headers: dict[str, Any] = message._headers
    headers["x-death"] = [{"count": 1, "time": datetime(2026, 2, 1, tzinfo=UTC)}]
    consumer(message)
    assert kept(site) == (1, 1)


def test_it_does_not_start_on_tables_of_another_version(tmp_path: Path) -> None:
    settings = _settings(tmp_path, f"sqlite:///{tmp_path / 'empty.sqlite'}")
    with pytest.raises(DatabaseNotReadyError, match="accolades db upgrade"):
        open_intake(settings)


def test_it_starts_without_a_rule_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path / 'accolades.sqlite'}"
    make_site(tmp_path, url).database.dispose()
    site, intake = open_intake(_settings(tmp_path, url))
    site.database.dispose()
    assert len(intake.ruleset.rules) == 0
    assert "accolades rules sync" in caplog.text


@pytest.fixture
def failing(taken: tuple[Site, AccoladesConsumer], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the codes with which the database answers next, one a message."""
    codes: list[str] = []
    intake = taken[1]._intake
    handle = intake.handle

    def handling(*arguments: Any, **named: Any) -> Any:
        if codes:
            code = codes.pop(0)
            raise OperationalError("UPDATE", {}, errors.lookup(code)(f"code {code}"))
        return handle(*arguments, **named)

    monkeypatch.setattr(intake, "handle", handling)
    return codes


def test_a_conflict_gives_the_message_back_three_times_and_then_waits(
    site: Site, consumer: AccoladesConsumer, clock: Clock, failing: list[str]
) -> None:
    failing += ["40001", "40P01", "40001", "40001", "40001"]
    message = edit()
    for _ in range(3):
        with pytest.raises(Nack):
            consumer(message)
    assert clock.waits == []
    consumer(message)
    assert clock.waits == [0.5, 1]
    assert kept(site) == (1, 1)
    assert consumer.status.conflicts == 5
    failing += ["40001"]
    with pytest.raises(Nack):
        consumer(edit("boris"))


def test_deliveries_that_the_broker_counted_are_returns_too(
    site: Site, consumer: AccoladesConsumer, clock: Clock, failing: list[str]
) -> None:
    failing += ["40001"]
    message = edit()
    message._headers["x-delivery-count"] = 3
    consumer(message)
    assert clock.waits == [0.5]
    assert kept(site) == (1, 1)


@pytest.mark.parametrize("code", ["54001", "22P02", "57014"])
def test_what_is_wrong_with_the_message_alone_puts_it_aside_at_once(
    site: Site, consumer: AccoladesConsumer, clock: Clock, failing: list[str], code: str
) -> None:
    failing += [code]
    consumer(edit())
    consumer(edit("boris"))
    assert clock.waits == []
    (aside,) = put_aside(site)
    assert code in aside.reason
    assert kept(site) == (1, 1)


@pytest.mark.parametrize("code", ["57P01", "53300", "25006", "08006"])
def test_it_waits_when_the_server_cannot_work(
    site: Site, consumer: AccoladesConsumer, clock: Clock, failing: list[str], code: str
) -> None:
    failing += [code] * 3
    clock.meanwhile[2] = lambda: not_ready.append(consumer.status.is_ready)
    not_ready: list[bool] = []
    consumer(edit())
    assert clock.waits == [0.5, 1, 2]
    assert not_ready == [False]
    assert consumer.status.is_ready
    assert kept(site) == (1, 1)


def test_told_to_stop_while_it_waits_it_stops_at_once(
    site: Site, consumer: AccoladesConsumer, clock: Clock
) -> None:
    outage = Outage(site.database)
    outage.begin()
    clock.meanwhile[2] = lambda: setattr(clock, "told_to_stop", True)
    with pytest.raises(HaltConsumer) as caught:
        consumer(edit())
    assert (caught.value.exit_code, caught.value.requeue) == (0, True)
    assert clock.waits == [0.5, 1]
    outage.end()


def test_a_message_that_cannot_even_be_put_aside_waits_and_nothing_escapes(
    site: Site, consumer: AccoladesConsumer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("no")

    with monkeypatch.context() as patched:
        patched.setattr(callback.quarantine, "put", refuse)
        with pytest.raises(HaltConsumer) as caught:
            consumer(edit(text="a\0b"))
    assert (caught.value.exit_code, caught.value.requeue) == (1, True)


def test_what_cannot_be_read_is_put_aside_once_with_its_topic(
    site: Site, consumer: AccoladesConsumer
) -> None:
    for count in range(3):
        properties = BasicProperties(
            message_id="m1",
            headers={"sent-at": NOW.isoformat(), "x-delivery-count": count},
            content_encoding="no-such-thing",
        )
        consumer(receive(TOPIC, properties, b"\xff"))
    (aside,) = put_aside(site)
    assert (aside.topic, aside.message_id, aside.times) == (TOPIC, "m1", 3)
    assert "no-such-thing" in aside.reason
    assert consumer.status.quarantined == 3
    assert '"base64": "/w=="' in aside.content


def test_a_message_of_a_class_that_is_not_installed_is_put_aside(
    site: Site, consumer: AccoladesConsumer
) -> None:
    headers = {
        "sent-at": NOW.isoformat(),
        "fedora_messaging_schema": "no.such.schema",
        "fedora_messaging_schema_package": "no_such_messages",
    }
    properties = BasicProperties(message_id="m1", headers=headers)
    consumer(receive(TOPIC, properties, b'{"user": "asha"}'))
    (aside,) = put_aside(site)
    assert "no_such_messages" in aside.reason
    assert kept(site) == (0, 0)


def test_a_site_may_look_at_the_body_alone(tmp_path: Path, clock: Clock) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    with _on(tmp_path, url, clock, require_schemas=False) as (site, taking):
        headers = {"sent-at": NOW.isoformat(), "fedora_messaging_schema": "no.such.schema"}
        properties = BasicProperties(message_id="m1", headers=headers)
        taking(receive(TOPIC, properties, b'{"user": "asha"}'))
        assert kept(site) == (1, 1)
        assert put_aside(site) == []


def test_what_was_delivered_again_is_archived_without_the_count(
    site: Site, consumer: AccoladesConsumer
) -> None:
    message = edit()
    message._headers["x-delivery-count"] = 2
    consumer(message)
    with site.database.reading() as session:
        (archived,) = _all(session, ArchivedMessage)
        assert "x-delivery-count" not in archived.headers
        assert "sent-at" in archived.headers


def test_an_award_wakes_whoever_sends_the_outbox(taken: tuple[Site, AccoladesConsumer]) -> None:
    _, consumer = taken
    woken: list[int] = []
    consumer._sender = SimpleNamespace(wake=lambda: woken.append(1))
    consumer(edit())
    consumer(edit())
    assert woken == [1]
