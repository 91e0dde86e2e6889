# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from fedora_messaging.exceptions import HaltConsumer
from fedora_messaging.message import Message as BusMessage
from sqlalchemy import select

from consumer import callback
from consumer.callback import AccoladesConsumer
from issuer.adapters.history.datagrepper import Datagrepper
from issuer.adapters.pictures import read_picture
from issuer.intake import Intake, policy_of
from issuer.models import ArchivedMessage, Award, QuarantinedMessage
from issuer.services import collections
from tests.issuing import NOW, RED, make_issuer, make_rule, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.site import Site
    from tests.services.datagrepper import Grepper

TOPIC = "org.example.prod.wiki.edit"
RULE = (
    "trigger: {topic: wiki.edit}\nrecipient: message.body['user']\n"
    "previous: {filter: {users: [recipient], topics: [message.topic]}, operation: count}\n"
    "condition: {greater than or equal to: 1}\n"
)


@dataclass
class Clock:
    """Stands for time: nobody waits, and the history comes back after some waits."""

    grepper: Grepper
    back_after: int
    now: float = 0.0
    told: list[str] = field(default_factory=list)
    consumer: AccoladesConsumer | None = None

    def monotonic(self) -> float:
        """Return the moment."""
        return self.now

    def is_set(self) -> bool:
        """Say that nobody told us to stop."""
        return False

    def wait(self, seconds: float) -> bool:
        """Let the time pass."""
        assert self.consumer is not None
        self.now += seconds
        self.told.append(self.consumer.status.waiting_for)
        if len(self.told) == self.back_after:
            self.grepper.always = None
        return False


@pytest.fixture
def site(tmp_path: Path, database_url: str, grepper: Grepper) -> Iterator[Site]:
    made = make_site(
        tmp_path, database_url, history="datagrepper", history_url=grepper.url, history_until=NOW
    )
    with made.database.writing() as session:
        issuer, picture = make_issuer(session, made), read_picture(RED, "red.svg")
        collections.sync(session, [make_rule(RULE)], issuer, made.objects, picture, now=NOW)
    grepper.keep(
        {
            "id": "m1",
            "topic": TOPIC,
            "timestamp": "2026-02-01T00:00:00+00:00",
            "body": {},
            "usernames": ["asha"],
        }
    )
    yield made
    made.database.dispose()


def consuming(site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AccoladesConsumer:
    monkeypatch.setattr(callback, "time", clock)
    history = Datagrepper(clock.grepper.url, sleep=lambda _: None)
    intake = Intake(site, policy_of(site.settings), history=history)
    clock.consumer = AccoladesConsumer(site, intake, stopping=clock)
    return clock.consumer


def kept(site: Site) -> tuple[int, int, int]:
    with site.database.reading() as session:
        tables = (ArchivedMessage, Award, QuarantinedMessage)
        counted = [len(session.scalars(select(table.id)).all()) for table in tables]
    return counted[0], counted[1], counted[2]


def test_a_message_waits_while_the_history_is_away_and_is_not_lost(
    site: Site, grepper: Grepper, monkeypatch: pytest.MonkeyPatch
) -> None:
    grepper.always = lambda _status, body: (200, {**body, "raw_messages": []})
    clock = Clock(grepper, back_after=3)
    consuming(site, clock, monkeypatch)(BusMessage(topic=TOPIC, body={"user": "asha"}))
    assert len(clock.told) == 3
    assert clock.told[0].startswith("waiting for the history: datagrepper: ")
    assert kept(site) == (1, 1, 0)


@pytest.mark.slow
def test_after_ten_minutes_the_message_goes_back_to_the_queue(
    site: Site, grepper: Grepper, monkeypatch: pytest.MonkeyPatch
) -> None:
    grepper.always = lambda _status, _body: (500, {})
    with pytest.raises(HaltConsumer) as caught:
        consuming(site, Clock(grepper, back_after=0), monkeypatch)(
            BusMessage(topic=TOPIC, body={"user": "asha"})
        )
    assert (caught.value.requeue, caught.value.reason) == (True, "history away for too long")
    assert kept(site) == (0, 0, 0)
