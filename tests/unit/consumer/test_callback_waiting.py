# SPDX-License-Identifier: AGPL-3.0-or-later
"""What cannot be done now: the consumer waits, gives the message back, or stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fedora_messaging.exceptions import HaltConsumer, Nack

from consumer import callback
from tests.unit.consumer.taking import Clock, Outage, edit, kept, put_aside

if TYPE_CHECKING:
    from consumer.callback import AccoladesConsumer
    from issuer.site import Site


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
