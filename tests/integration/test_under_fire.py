# SPDX-License-Identifier: AGPL-3.0-or-later
"""Processes are killed, connections cut: what comes out is what an undisturbed run makes."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter as Tally
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pika
import psycopg
import pytest
from sqlalchemy import func, make_url, select

from consumer.callback import AccoladesConsumer
from consumer.receiving import receive
from issuer.intake import Intake, policy_of
from issuer.models import (
    ArchivedMessage,
    Award,
    Badge,
    Counter,
    MessageUser,
    OutboxMessage,
    Person,
    QuarantinedMessage,
    Topic,
    Total,
)
from issuer.services import awards, badges, outbox, persons
from tests.integration.bus import QUORUM, Bus, edit, site_with
from tests.issuing import NOW, make_badge, make_site
from tests.services import postgres
from tests.services.proxy import Door, door_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.site import Site

MESSAGES = int(os.environ.get("ACCOLADES_TEST_FIRE_MESSAGES") or 5000)
PEOPLE, PROCESSES = 100, 3
KILLS, CUTS, ENDED = 20, 5, 5
COUNTED = (
    "trigger: {{topic: wiki.article.edit}}\nrecipient: message.body['user']\n"
    "previous: {{filter: {{topics: [message.topic], users: [recipient]}}, operation: count}}\n"
    "condition: {{greater than or equal to: {}}}\n"
)
NEVER = 1_000_000
THRESHOLDS = {"Badge 1": 3, "Badge 2": NEVER}
ONCE = """\
trigger:
  all:
    - topic: wiki.article.edit
    - lambda: message.body['minor_edit']
recipient: message.body['user']
"""
EACH_TIME = """\
trigger:
  all:
    - topic: wiki.article.edit
    - lambda: message.body['summary'] == 'gold'
recipient: message.body['user']
repeatable: true
"""
RULES = (*(COUNTED.format(each) for each in THRESHOLDS.values()), ONCE, EACH_TIME)


def the_messages() -> list[tuple[str, pika.BasicProperties, bytes]]:
    """Return the same messages each time, of many people, some of them of a kind of their own."""
    chance = random.Random(20)  # noqa: S311 -- the same each time
    return [
        edit(
            number,
            f"user{chance.randrange(PEOPLE)}",
            minor_edit=chance.random() < 0.2,
            summary="gold" if chance.random() < 0.01 else "spelling",
        )
        for number in range(MESSAGES)
    ]


@dataclass
class Outcome:
    """What is left of a run, in a form that does not depend on the order of its messages."""

    awards: set[tuple[str, str, str]]
    counters: dict[str, int]
    archive: set[tuple[str, str, str]]
    named: set[tuple[str, str]]
    totals: set[tuple[Any, ...]]
    announced: Tally[tuple[str, str, str]]
    aside: int

    @classmethod
    def of(cls, site: Site) -> Outcome:
        with site.database.reading() as session:
            held = session.execute(
                select(Badge.name, Person.key, Award.occurrence)
                .join(Award.badge)
                .join(Award.person)
            )
            counted = session.execute(select(Counter.key, Counter.value))
            archived = session.execute(
                select(ArchivedMessage.message_id, Topic.name, ArchivedMessage.agent_key).join(
                    ArchivedMessage.topic
                )
            )
            named = session.execute(
                select(ArchivedMessage.message_id, MessageUser.username).join(
                    MessageUser, MessageUser.message_ref == ArchivedMessage.id
                )
            )
            totals = session.execute(
                select(Person.key, Total.period, Total.starts_on, Total.badges, Total.points).join(
                    Person, Person.id == Total.person_id
                )
            )
            announced = session.scalars(select(OutboxMessage))
            return cls(
                awards={tuple(row) for row in held},
                counters=dict(counted.all()),
                archive={tuple(row) for row in archived},
                named={tuple(row) for row in named},
                totals={tuple(row) for row in totals},
                announced=Tally(
                    (row.topic, row.stream, row.body.get("badge", {}).get("badge_id", ""))
                    for row in announced
                ),
                aside=session.scalar(select(func.count()).select_from(QuarantinedMessage)) or 0,
            )


@dataclass
class Listener:
    """Takes what is announced on the bus, as a subscriber does."""

    bus: Bus
    queue: str
    heard: list[tuple[str, str]] = field(default_factory=list)  # id, person

    def begin(self) -> None:
        with self.bus.channel() as channel:
            channel.queue_declare(self.queue, durable=True)
            channel.queue_bind(self.queue, "amq.topic", "badges.#")

    def collect(self) -> list[str]:
        """Return the ids in the order in which they came."""
        ids = []
        with self.bus.channel() as channel:
            while True:
                method, properties, _ = channel.basic_get(self.queue, auto_ack=True)
                if method is None:
                    return ids
                ids.append(properties.message_id)


def undisturbed(site: Site) -> Outcome:
    """Handle the messages one after the other, in this process."""
    taking = AccoladesConsumer(site, Intake(site, policy_of(site.settings)))
    for topic, properties, body in the_messages():
        taking(receive(topic, properties, body))
    return Outcome.of(site)


class Fire:
    """Kills, cuts and ends, in an order and at moments of chance, until all was done."""

    def __init__(self, bus: Bus, broker: Door, database_url: str) -> None:
        self._bus, self._broker, self._database_url = bus, broker, database_url
        self._chance = random.Random()  # noqa: S311 -- another one each time
        self.processes = [bus.start() for _ in range(PROCESSES)]
        self.ended_connections = self.cut_connections = 0
        self.ended_processes: list[int] = []

    def rage(self) -> None:
        deeds = [self.kill] * KILLS + [self.cut] * CUTS + [self.end] * ENDED
        self._chance.shuffle(deeds)
        for deed in deeds:
            time.sleep(self._chance.uniform(0.2, 1.2))
            # However slow the machine: it burns where somebody works.
            self._bus.eventually(self._is_somebody_there)
            deed()

    def _is_somebody_there(self) -> bool:
        self.tend()
        return self._bus.consumers() > 0

    def kill(self) -> None:
        """Kill the process that has run longest: it is the surest to be at work."""
        victim = self.processes.pop(0)
        victim.kill()
        victim.wait()
        self.processes.append(self._bus.start())

    def tend(self) -> None:
        """Start again what ended by itself, as a service manager does."""
        for place, process in enumerate(self.processes):
            if process.poll() is not None:
                self.ended_processes.append(process.returncode)
                self.processes[place] = self._bus.start()

    def cut(self) -> None:
        self.cut_connections += self._broker.cut()

    def end(self) -> None:
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            ended = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
        self.ended_connections += ended[0] if ended else 0

    def is_over(self) -> bool:
        """Whether everything was handled and announced, by processes that still run."""
        self.tend()
        return (
            self._bus.ready() == 0
            and self._bus.count(ArchivedMessage) == MESSAGES
            and self._bus.count(OutboxMessage, sent_at=None) == 0
        )

    def stop(self) -> list[int]:
        """Stop what runs, gracefully; return the exit codes."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        return [process.wait(30) for process in self.processes]

    def quench(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def calm(tmp_path: Path, postgres_server: str) -> Iterator[Site]:
    with postgres.planned_database(postgres_server) as url:
        site = site_with(tmp_path / "calm", url, RULES)
        yield site
        site.database.dispose()


@pytest.fixture
def stormy(tmp_path: Path, postgres_url: str) -> Iterator[Site]:
    site = site_with(tmp_path / "stormy", postgres_url, RULES)
    yield site
    site.database.dispose()


@pytest.mark.timeout(900)
def test_nothing_is_lost_and_nothing_doubled(
    calm: Site, stormy: Site, tmp_path: Path, amqp_url: str, amqp_prefix: str
) -> None:
    expected = undisturbed(calm)
    database_url = make_url(stormy.settings.database_url).set(drivername="postgresql")
    with ExitStack() as stack:
        bus, door = stack.enter_context(behind_a_door(stormy, tmp_path, amqp_url, amqp_prefix))
        listener = Listener(bus, f"{amqp_prefix}heard")
        listener.begin()
        bus.publish(*the_messages())
        began = time.monotonic()
        fire = Fire(bus, door, database_url.render_as_string(hide_password=False))
        stack.callback(fire.quench)
        fire.rage()
        raged = time.monotonic()
        bus.eventually(fire.is_over, patience=400)
        took = time.monotonic() - began
        codes = fire.stop()
    outcome = Outcome.of(stormy)
    heard = listener.collect()
    queued = announced(stormy)
    tell(fire, outcome, heard, took=took, raged=raged - began)
    assert codes == [0] * PROCESSES, bus.log.read_text()[-5000:]
    # Only a start may fail, while what it needs is cut; no error ever escapes the callback (13).
    assert set(fire.ended_processes) <= {2, 11, 14}, bus.log.read_text()[-5000:]
    assert outcome == expected
    assert len(outcome.archive) == MESSAGES
    assert outcome.aside == 0
    assert set(heard) == queued.keys()
    assert in_order(heard, queued) == in_order(list(queued), queued)


@contextmanager
def behind_a_door(
    site: Site, folder: Path, amqp_url: str, amqp_prefix: str
) -> Iterator[tuple[Bus, Door]]:
    """Give a queue that exists, and the door through which consumers come to it."""
    port = pika.URLParameters(amqp_url).port
    with door_to(port) as door:
        bus = Bus(
            site,
            folder,
            amqp_url,
            f"{amqp_prefix}fire",
            through=amqp_url.replace(f":{port}/", f":{door.port}/"),
            keys=["org.example.#"],
            arguments=QUORUM,
        )
        bus.declare()
        yield bus, door


def announced(site: Site) -> dict[str, str]:
    """Return whom each announcement is about, in the order in which they were written."""
    with site.database.reading() as session:
        rows = select(OutboxMessage.message_id, OutboxMessage.stream).order_by(OutboxMessage.id)
        return {row.message_id: row.stream for row in session.execute(rows)}


def tell(fire: Fire, outcome: Outcome, heard: list[str], *, took: float, raged: float) -> None:
    """Print the figures."""
    print(  # noqa: T201 -- what the test is asked for, shown by pytest -s
        f"\n{MESSAGES} messages, {PROCESSES} processes, {took:.0f} s "
        f"({MESSAGES / took:.0f} a second; the fire took {raged:.0f} s): "
        f"{KILLS} kills, {CUTS} cuts ({fire.cut_connections} connections to the broker), "
        f"{ENDED} ends ({fire.ended_connections} connections to the database), "
        f"{len(fire.ended_processes)} starts that failed: "
        f"{len(outcome.awards)} awards, {len(outcome.counters)} counters, "
        f"{len(outcome.archive)} archived, {outcome.announced.total()} announced, "
        f"{len(heard)} published, {len(heard) - len(set(heard))} of them twice"
    )


def in_order(ids: list[str], streams: dict[str, str]) -> dict[str, list[str]]:
    """Return what each person's messages were, in the order in which they first came."""
    found: dict[str, list[str]] = {}
    for each in dict.fromkeys(ids):
        found.setdefault(streams[each], []).append(each)
    return found


def test_eight_threads_awarding_the_same_badges_announce_each_once(
    tmp_path: Path, postgres_url: str
) -> None:
    site = make_site(tmp_path, postgres_url, email_domain="example.org")
    with site.database.writing() as session:
        slugs = [make_badge(session, site, f"Badge {number}").slug for number in range(100)]
        persons.ensure(session, "asha", now=NOW)
    created: Tally[bool] = Tally()
    barrier = threading.Barrier(8)

    def work(order: list[str]) -> None:
        barrier.wait()
        for slug in order:
            with site.database.writing() as session:
                outcome = awards.award(
                    session,
                    badges.find(session, slug),
                    persons.find(session, "asha"),
                    cause=awards.Cause(source="admin"),
                    email_domain="example.org",
                    now=NOW,
                )
                created[outcome.created] += 1

    threads = [
        threading.Thread(target=work, args=(random.Random(place).sample(slugs, 100),))  # noqa: S311
        for place in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with site.database.reading() as session:
        held = session.scalars(select(Award.badge_id)).all()
        topics = Tally(session.scalars(select(OutboxMessage.topic)))
        total = session.scalars(select(Total.badges).filter_by(period="all")).one()
    site.database.dispose()
    assert created == {True: 100, False: 700}
    assert (len(held), len(set(held)), total) == (100, 100, 100)
    assert topics == {outbox.AWARD_TOPIC: 100, outbox.RANK_TOPIC: 100}
