# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer import sending
from issuer.errors import BrokerAwayError, MessageDelayedError, MessageRefusedError
from issuer.models import OutboxMessage
from issuer.sending import Sender
from issuer.services import outbox
from tests.issuing import NOW, make_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from issuer.site import Site


@dataclass
class FakeBus:
    """Takes messages; one may be refused, delayed, or find the broker away."""

    heard: list[tuple[str, int]] = field(default_factory=list)  # id, number
    trouble: dict[int, list[Exception]] = field(default_factory=dict)
    after: Callable[[], None] = lambda: None
    closed: int = 0

    def publish(
        self, *, topic: str, body: dict[str, Any], message_id: str, created_at: datetime
    ) -> None:
        if self.trouble.get(body["number"]):
            raise self.trouble[body["number"]].pop(0)
        self.heard.append((message_id, body["number"]))
        self.after()

    def keep_alive(self) -> None:
        self.after()

    def close(self) -> None:
        self.closed += 1

    @property
    def numbers(self) -> list[int]:
        return [number for _, number in self.heard]


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    made = make_site(tmp_path, database_url)
    yield made
    made.database.dispose()


def announce(site: Site, *streams: str) -> None:
    with site.database.writing() as session:
        for number, stream in enumerate(streams):
            outbox.announce(session, "a.b", {"number": number}, stream=stream, now=NOW)
            session.flush()


def rows(site: Site) -> list[OutboxMessage]:
    with site.database.reading() as session:
        found = list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
        session.expunge_all()
        return found


def test_what_waits_is_sent_once_in_order(site: Site) -> None:
    announce(site, "asha", "boris", "asha")
    sender = Sender(site, bus := FakeBus())
    assert sender.send_batch(NOW) == 3
    assert sender.send_batch(NOW) == 0
    assert bus.numbers == [0, 1, 2]
    assert [row.sent_at for row in rows(site)] == [NOW] * 3
    assert [name for name, _ in bus.heard] == [row.message_id for row in rows(site)]
    assert sender.tally.sent == 3


def test_what_was_sent_is_kept_for_some_days_and_then_deleted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox.prune, "__kwdefaults__", {"limit": 2})
    announce(site, *"abcde")
    sender = Sender(site, FakeBus())
    sender.send_batch(NOW)
    assert not sender.tidy(NOW + timedelta(days=29))
    assert len(rows(site)) == 5
    later = NOW + timedelta(days=31)
    assert [sender.tidy(later) for _ in range(3)] == [True, True, False]
    assert rows(site) == []
    announce(site, "late")
    sender.send_batch(NOW)
    assert not sender.tidy(later)  # there is an hour between
    assert len(rows(site)) == 1
    forever = replace(site, settings=site.settings.model_copy(update={"outbox_keep_days": 0}))
    assert not Sender(forever, FakeBus()).tidy(later)
    assert len(rows(site)) == 1


def test_one_that_can_never_be_sent_is_marked_and_the_next_ones_go(site: Site) -> None:
    announce(site, "asha", "asha", "boris")
    bus = FakeBus(trouble={0: [MessageRefusedError("body: badge: is missing")]})
    sender = Sender(site, bus)
    sender.send_batch(NOW)
    assert bus.numbers == [1, 2]
    refused = rows(site)[0]
    assert (refused.refused_at, refused.last_error) == (NOW, "body: badge: is missing")
    assert (sender.tally.sent, sender.tally.refused) == (2, 1)
    assert sender.send_batch(NOW) == 0


def test_one_that_is_not_taken_now_holds_up_its_person_alone(site: Site) -> None:
    announce(site, "asha", "asha", "boris")
    bus = FakeBus(trouble={0: [MessageDelayedError("403")]})
    sender = Sender(site, bus)
    sender.send_batch(NOW)
    assert bus.numbers == [2]
    assert sender.send_batch(NOW) == 0
    assert sender.send_batch(NOW + timedelta(seconds=1)) == 2
    assert bus.numbers == [2, 0, 1]


def test_while_the_broker_is_away_everything_stays(site: Site) -> None:
    announce(site, "asha", "boris", "carla")
    bus = FakeBus(trouble={1: [BrokerAwayError("broker: gone")] * 2})
    sender = Sender(site, bus)
    for _ in range(2):
        with pytest.raises(BrokerAwayError, match="gone"):
            sender.send_batch(NOW)
    assert [row.sent_at for row in rows(site)] == [NOW, None, None]
    assert (rows(site)[1].attempts, rows(site)[1].last_error) == (2, "broker: gone")
    assert sender.send_batch(NOW) == 2
    assert bus.numbers == [0, 1, 2]


def test_what_was_sent_and_not_marked_is_sent_again_with_the_same_id(site: Site) -> None:
    announce(site, "asha")

    def crash() -> None:
        raise RuntimeError("killed between broker and database")

    bus = FakeBus(after=crash)
    with pytest.raises(RuntimeError):
        Sender(site, bus).send_batch(NOW)
    bus.after = lambda: None
    Sender(site, bus).send_batch(NOW)
    assert bus.numbers == [0, 0]
    assert len({name for name, _ in bus.heard}) == 1


def test_two_senders_at_once_send_nothing_twice(site: Site) -> None:
    announce(site, *(f"user{number % 7}" for number in range(60)))
    bus, meanwhile = FakeBus(), FakeBus()
    other = Sender(site, meanwhile)
    bus.after = lambda: other.send_batch(NOW) and None
    sender = Sender(site, bus)
    while sender.send_batch(NOW):
        pass
    assert sorted(bus.numbers + meanwhile.numbers) == list(range(60))


def test_an_award_is_not_held_up_while_something_is_sent(site: Site) -> None:
    announce(site, "asha")
    Sender(site, FakeBus(after=lambda: announce(site, "asha", "boris"))).send_batch(NOW)
    assert len(rows(site)) == 3


def test_a_sender_goes_on_whatever_happens_and_says_each_trouble_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sending, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(sending, "LOOK_EVERY", 0.001)
    announce(site, "asha", "boris")
    gone, defect = BrokerAwayError("broker: gone"), ZeroDivisionError("defect")
    bus = FakeBus(trouble={0: [gone, gone, gone], 1: [defect]})
    sender = Sender(site, bus)
    done = threading.Event()
    bus.after = lambda: done.set() if 1 in bus.numbers else None
    worker = threading.Thread(target=sender.run)
    worker.start()
    assert done.wait(30)
    sender.wake()
    sender.stop()
    worker.join(30)
    assert not worker.is_alive()
    assert bus.closed == 1
    told = [record.getMessage() for record in caplog.records]
    assert sum("gone" in line for line in told) == 1
    assert sum("nothing can be sent now" in line for line in told) == 2


def test_a_sender_that_is_told_to_stop_ends_after_the_message_in_hand(site: Site) -> None:
    announce(site, *(["asha"] * 5))
    sender = Sender(site, bus := FakeBus())
    bus.after = sender.stop
    sender.run()
    assert bus.numbers == [0]
    assert [row.sent_at is not None for row in rows(site)] == [True] + [False] * 4
