# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages reach the rules through a real broker, whatever comes with them and whoever is away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter as Tally
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pika
import pytest
import requests
from sqlalchemy import make_url, select

from issuer.adapters.pictures import read_picture
from issuer.models import (
    ArchivedMessage,
    Award,
    Counter,
    OutboxMessage,
    Person,
    QuarantinedMessage,
)
from issuer.services import collections, outbox
from tests.integration.bus import PROGRAM, QUORUM, Bus, edit, site_with
from tests.issuing import NOW, RED, give, make_badge, make_issuer, make_rule
from tests.services.fasjson import Fault, fasjson
from tests.services.processes import free_ports
from tests.services.proxy import door_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from issuer.site import Site
    from tests.services.proxy import Door

RULES = (
    "trigger: {topic: wiki.article.edit}\nrecipient: message.body['user']\n"
    "previous: {filter: {topics: [message.topic], users: [recipient]}, operation: count}\n"
    "condition: {greater than or equal to: 3}\n",
)
BACKLOG = int(os.environ.get("ACCOLADES_TEST_BACKLOG_MESSAGES") or 2000)
FULL_BACKLOG, RATE, GROWTH = 50_000, 200, 24 << 20
FEDORA_MESSAGING = (
    str(Path(PROGRAM).parent / "fedora-messaging"),
    "consume",
    "--callback=consumer.callback:AccoladesConsumer",
)


@pytest.fixture
def site(tmp_path: Path, postgres_url: str) -> Iterator[Site]:
    made = site_with(tmp_path / "home", postgres_url, RULES)
    yield made
    made.database.dispose()


@pytest.fixture
def bus(site: Site, tmp_path: Path, amqp_url: str, amqp_prefix: str) -> Bus:
    # Without our own announcements, which the exchange would bring back to us.
    keys, limited = ["org.example.#"], QUORUM.replace("= 20", "= 5")
    return Bus(site, tmp_path, amqp_url, f"{amqp_prefix}queue", keys=keys, arguments=limited)


@contextmanager
def started(bus: Bus, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Give a process, and end it by force if the test did not end it."""
    consumer = bus.start(*command)
    try:
        yield consumer
    finally:
        consumer.kill()
        consumer.wait()


@contextmanager
def running(bus: Bus, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Give a consumer that takes messages."""
    with started(bus, *command) as consumer:
        bus.wait_for_queue(consumer)
        yield consumer


def stop(bus: Bus, consumer: subprocess.Popen[bytes], seconds: float = 30) -> None:
    consumer.send_signal(signal.SIGTERM)
    assert consumer.wait(seconds) == 0, bus.log.read_text()


def broken(number: int, body: bytes = b"{}", **changes: Any) -> Any:
    """Return a message that cannot be handled, on a topic of its own."""
    properties = pika.BasicProperties(
        **{"message_id": f"broken-{number}", "headers": {"sent-at": NOW.isoformat()}, **changes}
    )
    return f"org.example.prod.broken.{number}", properties, body


BROKEN = [
    broken(1, content_encoding="no-such-thing"),
    broken(2, b'{"a":' * 5000 + b"1" + b"}" * 5000),
    broken(3, b"{"),
    broken(4, b"\xff\xfe"),
    broken(5, headers=None),
    broken(6, message_id=None),
    broken(7, headers={"sent-at": NOW.isoformat(), "fedora_messaging_schema": "no.such.schema"}),
    broken(8, b'{"text": "a\\u0000b"}'),
    broken(9, b"[1]"),
]


@pytest.mark.parametrize(
    "command",
    [(PROGRAM, "consume"), FEDORA_MESSAGING],
    ids=["accolades", "fedora-messaging"],
)
def test_broken_messages_among_good_ones_are_put_aside_and_take_none_with_them(
    bus: Bus, command: tuple[str, ...]
) -> None:
    good = [edit(number, f"user{number // 3}") for number in range(99)]
    mixed = [*good[:50], *BROKEN, *BROKEN, *good[50:]]
    with running(bus, *command) as consumer:
        bus.publish(*mixed)
        bus.eventually(lambda: bus.count(Award) == 33, consumer)
        bus.eventually(lambda: bus.count(OutboxMessage, sent_at=None) == 0, consumer)
        assert bus.ready() == 0
        stop(bus, consumer)
    with bus.site.database.reading() as session:
        aside = session.execute(select(QuarantinedMessage.topic, QuarantinedMessage.times)).all()
        archived = session.scalars(select(ArchivedMessage.message_id)).all()
        announced = Tally(session.scalars(select(OutboxMessage.topic)))
    assert sorted(aside) == [(topic, 2) for topic, _, _ in BROKEN]
    assert sorted(archived) == sorted(f"edit-{number}" for number in range(99))
    assert announced == {outbox.AWARD_TOPIC: 33, outbox.RANK_TOPIC: 33}


def test_a_message_delivered_five_times_to_two_processes_counts_once(bus: Bus) -> None:
    messages = [edit(number, f"user{number % 20}") for number in range(60)]
    with running(bus, PROGRAM, "consume", "--processes", "2") as supervisor:
        bus.eventually(lambda: bus.consumers() == 2, supervisor)
        bus.publish(*(message for message in messages for _ in range(5)))
        bus.eventually(lambda: bus.count(ArchivedMessage) >= 30, supervisor)
        stop(bus, supervisor)  # under load: what is in hand is finished, the rest stays
    with running(bus) as consumer:
        bus.eventually(lambda: bus.count(ArchivedMessage) == 60, consumer)
        bus.eventually(lambda: bus.ready() == 0, consumer)
        stop(bus, consumer)
    with bus.site.database.reading() as session:
        held = session.scalars(select(Person.key).join(Award, Award.person_id == Person.id)).all()
        counted = session.scalars(select(Counter.value)).all()
        announced = Tally(session.scalars(select(OutboxMessage.topic)))
    assert sorted(held) == sorted(f"user{number}" for number in range(20))
    assert list(counted) == [3] * 20
    assert announced[outbox.AWARD_TOPIC] == 20


def test_a_killed_process_is_started_again_and_takes_up_its_message(bus: Bus) -> None:
    with running(bus, PROGRAM, "consume", "--processes", "2") as supervisor:
        bus.eventually(lambda: bus.consumers() == 2, supervisor)
        listed = subprocess.run(
            ["pgrep", "--parent", str(supervisor.pid)], capture_output=True, check=True
        )
        first, *_ = map(int, listed.stdout.split())
        bus.publish(*(edit(number, f"user{number}") for number in range(40)))
        os.kill(first, signal.SIGKILL)
        bus.eventually(lambda: bus.count(ArchivedMessage) == 40, supervisor)
        bus.eventually(lambda: bus.consumers() == 2, supervisor)
        stop(bus, supervisor)


@contextmanager
def behind_a_door(
    site: Site, folder: Path, amqp_url: str, queue: str
) -> Iterator[tuple[Bus, Door, int]]:
    """Give a bus whose consumers reach the database through a door, and the port they tell at."""
    url = make_url(site.settings.database_url)
    assert url.port is not None
    (port,) = free_ports(1)
    with door_to(url.port) as door:
        bus = Bus(
            site,
            folder,
            amqp_url,
            queue,
            keys=["org.example.#"],
            arguments=QUORUM.replace("= 20", "= 5"),
            more=f'[monitoring]\naddress = "127.0.0.1"\nport = {port}\n',
            ACCOLADES_DATABASE_URL=url.set(port=door.port).render_as_string(hide_password=False),
        )
        yield bus, door, port


def test_while_the_database_is_away_messages_wait_and_the_process_can_be_stopped(
    site: Site, tmp_path: Path, amqp_url: str, amqp_prefix: str
) -> None:
    with behind_a_door(site, tmp_path, amqp_url, f"{amqp_prefix}queue") as (bus, door, port):
        with running(bus) as consumer:
            bus.publish(edit(1))
            bus.eventually(lambda: bus.count(ArchivedMessage) == 1, consumer)
            assert readiness(port) == 200
            door.shut()
            bus.publish(*(edit(number) for number in range(2, 30)))
            bus.eventually(lambda: readiness(port) == 503, consumer)
            door.open()
            bus.eventually(lambda: bus.count(ArchivedMessage) == 29, consumer)
            bus.eventually(lambda: readiness(port) == 200, consumer)
            assert "accolades_consumer_messages_total 29" in ask(port, "metrics").text
            door.shut()
            bus.publish(edit(30))
            bus.eventually(lambda: readiness(port) == 503, consumer)
            began = time.monotonic()
            stop(bus, consumer)
            assert time.monotonic() - began < 15
        bus.eventually(lambda: bus.ready() == 1)  # the message is back in the queue
        with started(bus) as consumer:  # and the database is away still
            bus.eventually(lambda: bus.log.read_text().count("the start waits") > 1, consumer)
            assert (readiness(port), ask(port, "live").status_code) == (503, 200)
            door.open()
            bus.eventually(lambda: bus.count(ArchivedMessage) == 30, consumer)
            bus.eventually(lambda: readiness(port) == 200, consumer)
            stop(bus, consumer)
        assert bus.count(QuarantinedMessage) == 0


def test_while_the_directory_of_accounts_is_away_no_candidate_is_lost(
    site: Site, tmp_path: Path, amqp_url: str, amqp_prefix: str
) -> None:
    (port,) = free_ports(1)
    with fasjson() as directory:
        directory.add("asha")
        directory.lasting["v1"] = Fault(503)
        bus = Bus(
            site,
            tmp_path,
            amqp_url,
            f"{amqp_prefix}queue",
            keys=["org.example.#"],
            arguments=QUORUM,
            more=f'[monitoring]\naddress = "127.0.0.1"\nport = {port}\n',
            ACCOLADES_ACCOUNTS="fasjson",
            ACCOLADES_FASJSON_URL=directory.url,
            ACCOLADES_FASJSON_AUTH="none",
        )
        with running(bus) as consumer:
            bus.publish(*(edit(number) for number in range(3)), edit(3, "nobody"))
            bus.eventually(lambda: readiness(port) == 503, consumer)
            assert "waiting for the accounts" in ask(port, "ready").json()["status"]
            directory.lasting.clear()
            bus.eventually(lambda: bus.count(ArchivedMessage) == 4, consumer)
            assert bus.count(Award) == 1
            assert ask(port, "ready").json()["dropped"]["no such account"] == 1
            stop(bus, consumer)
    assert bus.count(QuarantinedMessage) == 0


def test_rules_that_change_are_in_force_in_a_running_consumer(bus: Bus) -> None:
    with running(bus) as consumer:
        bus.publish(edit(1))
        bus.eventually(lambda: bus.count(ArchivedMessage) == 1, consumer)
        with bus.site.database.writing() as session:
            rule = make_rule(
                "trigger: {topic: edit}\nrecipient: message.body['user']\n", name="New"
            )
            picture = read_picture(RED, "red.svg")
            issuer = make_issuer(session, bus.site)
            collections.sync(session, [rule], issuer, bus.site.objects, picture, now=NOW)
        consumer.send_signal(signal.SIGHUP)
        bus.publish(edit(2))
        bus.eventually(lambda: bus.count(ArchivedMessage) == 2, consumer)
        assert bus.count(Award) == 1
        stop(bus, consumer)


def test_the_outbox_can_be_sent_by_a_process_of_its_own(bus: Bus) -> None:
    with bus.site.database.writing() as session:
        give(session, make_badge(session, bus.site, "By hand"), "asha")
    with bus.channel() as channel:
        channel.queue_declare(bus.queue, durable=True)
        channel.queue_bind(bus.queue, "amq.topic", "badges.#")
    sender = bus.start(PROGRAM, "outbox", "send", "--follow")
    try:
        bus.eventually(lambda: bus.ready() == 2, sender)
        with bus.site.database.writing() as session:
            give(session, make_badge(session, bus.site, "Later"), "asha")
        bus.eventually(lambda: bus.ready() == 4, sender)
        stop(bus, sender)
    finally:
        sender.kill()
        sender.wait()
    assert bus.count(OutboxMessage, sent_at=None) == 0
    assert "4 sent, 0 refused, 0 delayed" in bus.log.read_text()


def ask(port: int, name: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"http://127.0.0.1:{port}/{name}", timeout=20)


def readiness(port: int) -> int:
    return ask(port, "ready").status_code


def test_while_the_broker_is_away_announcements_wait_and_go_out_afterwards(
    site: Site, tmp_path: Path, amqp_url: str, amqp_prefix: str
) -> None:
    port = pika.URLParameters(amqp_url).port
    with door_to(port) as door:
        bus = Bus(
            site,
            tmp_path,
            amqp_url,
            f"{amqp_prefix}queue",
            through=amqp_url.replace(f":{port}/", f":{door.port}/"),
            keys=["org.example.#"],
            arguments=QUORUM,
        )
        with bus.channel() as channel:
            channel.queue_declare(f"{amqp_prefix}heard", durable=True)
            channel.queue_bind(f"{amqp_prefix}heard", "amq.topic", "badges.#")
        with running(bus) as consumer:
            door.shut()
            with site.database.writing() as session:
                badges = [make_badge(session, site, f"By hand {number}") for number in range(5)]
                for badge in badges:
                    give(session, badge, "asha")
            bus.publish(*(edit(number) for number in range(3)))
            bus.eventually(lambda: "nothing can be sent now" in bus.log.read_text(), consumer)
            assert bus.count(OutboxMessage, sent_at=None) == 10
            door.open()
            bus.eventually(lambda: bus.count(Award) == 6, consumer)
            bus.eventually(lambda: bus.count(OutboxMessage, sent_at=None) == 0, consumer)
            stop(bus, consumer)
        with bus.channel() as channel:
            heard = []
            while (got := channel.basic_get(f"{amqp_prefix}heard", auto_ack=True))[0] is not None:
                heard.append(got[1].message_id)
    with site.database.reading() as session:
        queued = session.scalars(select(OutboxMessage.message_id).order_by(OutboxMessage.id)).all()
    assert list(dict.fromkeys(heard)) == list(queued)


@pytest.mark.timeout(900)
def test_a_backlog_drains_with_memory_that_does_not_grow(
    bus: Bus, capsys: pytest.CaptureFixture[str]
) -> None:
    bus.declare()
    bus.publish(*(edit(number, f"user{number % 100}") for number in range(BACKLOG)))
    with running(bus) as consumer:
        bus.eventually(lambda: bus.count(ArchivedMessage) >= BACKLOG // 3, consumer, 600)
        before, already = memory(consumer.pid), bus.count(ArchivedMessage)
        began, worked = time.monotonic(), processor(consumer.pid)
        bus.eventually(lambda: bus.count(ArchivedMessage) == BACKLOG, consumer, 600)
        rate = (BACKLOG - already) / (time.monotonic() - began)
        pure = (BACKLOG - already) / (processor(consumer.pid) - worked)
        grown = memory(consumer.pid) - before
        stop(bus, consumer)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{BACKLOG} messages: {rate:.0f} a second, {pure:.0f} a second of processor, "
            f"{grown >> 10} KiB more\n"
        )
    assert grown < GROWTH
    assert BACKLOG < FULL_BACKLOG or rate >= RATE


def processor(pid: int) -> float:
    """Return how many seconds of processor a process has had."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Return how many bytes a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
