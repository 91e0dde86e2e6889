# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import pika
import pytest
from fedora_messaging import config
from pika import exceptions
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker, NackError

from issuer.adapters import publishing
from issuer.adapters.publishing import Publisher, bus_message, load_bus_configuration
from issuer.errors import (
    BrokerAwayError,
    ConfigurationError,
    MessageDelayedError,
    MessageRefusedError,
)
from tests.issuing import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = {"user": {"username": "asha", "badges_user_id": 7}}
TOPIC = "badges.person.login.first"


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bus be configured as a site does, not as the machine is."""
    values = {**config.DEFAULTS, "topic_prefix": "org.example.prod"}
    monkeypatch.setattr(config, "conf", config.LazyConfig(values))
    config.conf.loaded = True


def login(**changes: Any) -> dict[str, Any]:
    return {"topic": TOPIC, "body": BODY, "message_id": "m1", "created_at": NOW, **changes}


class Channel:
    """As much of a channel as is asked for."""

    def __init__(self, error: Exception | None) -> None:
        self.error, self.is_open, self.confirms, self.sent = error, True, False, []

    def confirm_delivery(self) -> None:
        self.confirms = True

    def basic_publish(self, **what: Any) -> None:
        assert self.confirms
        if self.error is not None:
            raise self.error
        self.sent.append(what)


class Connection:
    """As much of a connection as is asked for."""

    made: list[Connection]
    error: Exception | None
    refuses: Exception | None

    def __init__(self, _parameters: object) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.is_open, self.channels = True, []
        self.made.append(self)

    def channel(self) -> Channel:
        self.channels.append(Channel(self.error))
        return self.channels[-1]

    def process_data_events(self, time_limit: float) -> None:
        assert time_limit == 0
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Connection]]:
    Connection.made, Connection.error, Connection.refuses = [], None, None
    monkeypatch.setattr(pika, "BlockingConnection", Connection)
    yield Connection


def test_a_message_is_the_same_however_often_it_is_made() -> None:
    first, again = (bus_message(**login()) for _ in range(2))
    for message in (first, again):
        assert message.id == "m1"
        assert message._headers["sent-at"] == NOW.isoformat()
        assert message._headers["fedora_messaging_schema"] == "badges.person.login.first.v1"
    assert first == again


def test_the_moment_is_that_of_the_row() -> None:
    zone = timezone(timedelta(hours=2))
    message = bus_message(**login(created_at=NOW.replace(microsecond=5).astimezone(zone)))
    assert message._headers["sent-at"] == "2026-03-01T14:00:00+02:00"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"topic": "badges.unknown"}, "no message class"),
        ({"body": {}}, "'user' is a required property"),
        ({"body": {"user": {"username": 7, "badges_user_id": 7}}}, "user/username"),
        ({"body": {"user": "x" * 9999}}, "user"),
    ],
    ids=["topic", "lacks-a-member", "wrong-type", "large"],
)
def test_what_its_schema_refuses_is_refused_with_the_reason(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(MessageRefusedError, match=reason) as caught:
        bus_message(**login(**changes))
    assert len(str(caught.value)) < 400


def test_it_is_published_as_fedora_messaging_would(connection: type[Connection]) -> None:
    publisher = Publisher()
    for _ in range(2):
        publisher.publish(**login())
    (made,) = connection.made
    (channel,) = made.channels
    sent = channel.sent[0]
    assert (sent["exchange"], sent["routing_key"]) == ("amq.topic", f"org.example.prod.{TOPIC}")
    assert json.loads(sent["body"]) == BODY
    assert (sent["properties"].message_id, sent["properties"].delivery_mode) == ("m1", 2)


TROUBLES = [
    pytest.param(
        ChannelClosedByBroker(403, "no right"), MessageDelayedError, "403", id="forbidden"
    ),
    pytest.param(ChannelClosedByBroker(406, "too large"), MessageRefusedError, "406", id="large"),
    pytest.param(ChannelClosedByBroker(404, "no exchange"), BrokerAwayError, "404", id="exchange"),
    pytest.param(NackError([]), BrokerAwayError, "full", id="nacked"),
    pytest.param(exceptions.ShortStringTooLong("x"), MessageRefusedError, "255", id="long-topic"),
    pytest.param(
        exceptions.ConnectionClosedByBroker(320, "bye"), BrokerAwayError, "bye", id="closed"
    ),
    pytest.param(exceptions.StreamLostError("gone"), BrokerAwayError, "gone", id="lost"),
    pytest.param(ConnectionResetError("reset"), BrokerAwayError, "reset", id="reset"),
]


@pytest.mark.parametrize(("error", "expected", "reason"), TROUBLES)
def test_each_trouble_says_whether_another_try_is_of_use(
    connection: type[Connection], error: Exception, expected: type[Exception], reason: str
) -> None:
    publisher = Publisher()
    connection.error = error
    with pytest.raises(expected, match=reason):
        publisher.publish(**login())
    connection.error = None
    for made in connection.made:
        for channel in made.channels:
            channel.error = None
    publisher.publish(**login())


@pytest.mark.parametrize("error", [AMQPConnectionError("refused"), OSError("no route")])
def test_a_broker_that_cannot_be_reached_is_away(
    connection: type[Connection], error: Exception
) -> None:
    connection.refuses = error
    with pytest.raises(BrokerAwayError):
        Publisher().publish(**login())


def test_a_connection_that_ended_while_nothing_was_said_is_made_anew(
    connection: type[Connection],
) -> None:
    publisher = Publisher()
    publisher.keep_alive()
    publisher.publish(**login())
    connection.error = exceptions.StreamLostError("gone")
    publisher.keep_alive()
    connection.error = None
    publisher.publish(**login())
    assert len(connection.made) == 2
    publisher.close()
    publisher.close()
    assert not connection.made[1].is_open


def test_nothing_waits_for_the_broker_without_end() -> None:
    parameters = publishing._parameters()
    assert parameters.connection_attempts == 1
    for name in ("socket_timeout", "stack_timeout", "blocked_connection_timeout"):
        assert 0 < getattr(parameters, name) <= 10


def test_a_configuration_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDORA_MESSAGING_CONF", str(tmp_path / "none.toml"))
    with pytest.raises(ConfigurationError, match=r"none\.toml"):
        load_bus_configuration()


def test_a_configuration_that_is_wrong_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bus.toml"
    path.write_text("colour = 'red'")
    monkeypatch.setenv("FEDORA_MESSAGING_CONF", str(path))
    monkeypatch.setattr(config, "conf", config.LazyConfig())
    with pytest.raises(ConfigurationError, match="colour"):
        load_bus_configuration()
