# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can never be done: the consumer puts the message aside and goes on."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING, Any

import pytest
from fedora_messaging.message import Message as BusMessage
from pika import BasicProperties

from consumer.receiving import receive
from tests.issuing import NOW
from tests.unit.consumer.taking import TOPIC, Clock, consuming, edit, kept, put_aside

if TYPE_CHECKING:
    from pathlib import Path

    from consumer.callback import AccoladesConsumer
    from issuer.site import Site


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


def foreign(kind: type[BusMessage], body: dict[str, Any]) -> BusMessage:
    """Return a message as it comes from the bus."""
    sent = BasicProperties(message_id="foreign", headers={"sent-at": NOW.isoformat()})
    return kind(topic=TOPIC, body=body, properties=sent)


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
    pytest.param(
        {"body": {"x": "y" * (5 << 20)}}, "larger than", id="large", marks=pytest.mark.slow
    ),
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
    with consuming(tmp_path, postgres_url, clock) as (site, taking):
        taking(foreign(Agent, {"agent": "aNULb"}))
        assert kept(site)[0] + len(put_aside(site)) == 1
        assert clock.waits == []


def test_an_agent_too_long_for_the_index_halts_nothing(
    tmp_path: Path, postgres_url: str, clock: Clock
) -> None:
    letters = random.Random(1).choices(string.ascii_letters, k=20_000)  # noqa: S311 (only letters)
    with consuming(tmp_path, postgres_url, clock) as (site, taking):
        taking(foreign(Agent, {"agent": "".join(letters)}))
        assert clock.waits == []
        assert kept(site)[0] + len(put_aside(site)) == 1


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_in_utc_is_put_aside(
    site: Site, consumer: AccoladesConsumer, stamp: str
) -> None:
    consumer(_broken(_headers={"sent-at": stamp}))
    assert len(put_aside(site)) == 1


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
    with consuming(tmp_path, url, clock, require_schemas=False) as (site, taking):
        headers = {"sent-at": NOW.isoformat(), "fedora_messaging_schema": "no.such.schema"}
        properties = BasicProperties(message_id="m1", headers=headers)
        taking(receive(TOPIC, properties, b'{"user": "asha"}'))
        assert kept(site) == (1, 1)
        assert put_aside(site) == []
