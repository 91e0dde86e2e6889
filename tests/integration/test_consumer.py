# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages published by fedora-messaging reach the rules through a real broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pika
import pika.exceptions
import pytest
from sqlalchemy import func, select

from issuer.adapters.pictures import read_picture
from issuer.models import (
    ArchivedMessage,
    Award,
    Counter,
    OutboxMessage,
    Person,
    QuarantinedMessage,
    Rule,
)
from issuer.services import collections
from tests.issuing import NOW, RED, make_issuer, make_rule, make_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from issuer.site import Site

RULES = (
    "trigger: {topic: wiki.article.edit}\nrecipient: message.body['user']\n"
    "previous: {filter: {topics: [message.topic], users: [recipient]}, operation: count}\n"
    "condition: {greater than or equal to: 3}\n",
    "trigger: {topic: badges.person.login.first}\nrecipient: message.body['user']['username']\n",
)
CONFIGURATION = """\
amqp_url = "{url}"
publish_exchange = "amq.topic"
callback = "consumer.callback:AccoladesConsumer"

[client_properties]
app = "Accolades tests"

[queues."{queue}"]
durable = true
auto_delete = false
exclusive = false
arguments = {{}}

[[bindings]]
queue = "{queue}"
exchange = "amq.topic"
routing_keys = ["#"]
"""
#: Publishes what it reads: one `schema, topic, body` a line.
PUBLISH = """\
import json, sys
from fedora_messaging import api, message
for line in sys.stdin:
    item = json.loads(line)
    kind = message.get_class(item["schema"]) if item["schema"] else message.Message
    sent = kind(topic=item["topic"], body=item["body"])
    if item.get("id"):
        sent.id = item["id"]
    api.publish(sent, timeout=20)
"""


class Bus:
    """A site on PostgreSQL or SQLite, a queue, and what takes its messages."""

    def __init__(self, site: Site, folder: Path, url: str, queue: str) -> None:
        self.site, self.url, self.queue = site, url, queue
        configuration = folder / "fedora-messaging.toml"
        configuration.write_text(CONFIGURATION.format(url=url, queue=queue))
        self.environment = {
            **os.environ,
            "FEDORA_MESSAGING_CONF": str(configuration),
            "ACCOLADES_HOME": str(site.settings.home),
            "ACCOLADES_DATABASE_URL": site.settings.database_url,
            "ACCOLADES_EMAIL_DOMAIN": "example.org",
        }
        self.log = folder / "consumer.log"

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def publish(self, *items: dict[str, object]) -> None:
        lines = "".join(f"{json.dumps(item)}\n" for item in items)
        subprocess.run(
            [sys.executable, "-c", PUBLISH],
            input=lines.encode(),
            env=self.environment,
            check=True,
            timeout=60,
        )

    def wait_for_queue(self, consumer: subprocess.Popen[bytes]) -> None:
        """Wait until the queue exists: what is published before is lost."""
        connection = pika.BlockingConnection(pika.URLParameters(self.url))

        def exists() -> bool:
            channel = connection.channel()
            try:
                asked = channel.queue_declare(self.queue, passive=True)
            except pika.exceptions.ChannelClosedByBroker:
                return False
            return bool(asked.method.consumer_count)

        self.eventually(consumer, exists)
        connection.close()

    def eventually(self, consumer: subprocess.Popen[bytes], holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not holds():
            assert consumer.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.state()
            time.sleep(0.1)

    def state(self) -> str:
        with self.site.database.reading() as session:
            names = session.scalars(select(ArchivedMessage.message_id)).all()
            reasons = session.scalars(select(QuarantinedMessage.reason)).all()
            failures = session.scalars(select(Rule.last_failure)).all()
        return f"{names} {reasons} {failures} {self.log.read_text()}"

    def count(self, table: type) -> int:
        with self.site.database.reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def bus(tmp_path: Path, postgres_url: str, amqp_url: str, amqp_prefix: str) -> Iterator[Bus]:
    site = make_site(tmp_path / "home", postgres_url)
    with site.database.writing() as session:
        issuer = make_issuer(session, site)
        rules = [make_rule(text, name=f"Badge {place}") for place, text in enumerate(RULES, 1)]
        picture = read_picture(RED, "red.svg")
        collections.sync(session, rules, issuer, site.objects, picture, now=NOW)
    yield Bus(site, tmp_path, amqp_url, f"{amqp_prefix}queue")
    site.database.dispose()


def edit(number: int, **changes: object) -> dict[str, object]:
    body = {
        "user": "asha",
        "title": f"Page {number}",
        "summary": "spelling",
        "minor_edit": False,
        "diff_url": "https://wiki.example.org/?diff=1",
        "page_url": "https://wiki.example.org/",
        "url": "https://wiki.example.org/",
    }
    return {
        "id": f"edit-{number}",
        "schema": "wiki.article.edit.v1",
        "topic": "org.example.prod.wiki.article.edit",
        "body": body,
        **changes,
    }


def login(username: str) -> dict[str, object]:
    return {
        "schema": "badges.person.login.first.v1",
        "topic": "badges.person.login.first",
        "body": {"user": {"username": username, "badges_user_id": 7}},
    }


@pytest.mark.parametrize(
    "command",
    [
        ("accolades", "consume"),
        ("fedora-messaging", "consume", "--callback=consumer.callback:AccoladesConsumer"),
    ],
    ids=["accolades", "fedora-messaging"],
)
def test_messages_of_the_bus_become_awards_once(bus: Bus, command: tuple[str, ...]) -> None:
    program = str(Path(sys.executable).parent / command[0])
    consumer = bus.start(program, *command[1:])
    try:
        bus.wait_for_queue(consumer)
        bus.publish(login("boris"), login("boris"), *(edit(number) for number in (1, 2, 2)))
        bus.publish({"schema": None, "topic": "x.nul", "body": {"text": "a\0b"}}, edit(3))
        bus.eventually(consumer, lambda: bus.count(Award) == 2)
        consumer.send_signal(signal.SIGTERM)
        assert consumer.wait(30) == 0, bus.log.read_text()
    finally:
        consumer.kill()
        consumer.wait()
    with bus.site.database.reading() as session:
        rows = session.execute(select(Person.username, Award.cause_id).join(Award.person)).all()
        counted = session.scalars(select(Counter.value)).all()
        reason = session.scalars(select(QuarantinedMessage.reason)).one()
    causes = dict(rows)
    assert causes.keys() == {"asha", "boris"}
    assert causes["asha"] == "edit-3"
    assert counted == [3]
    assert "NUL" in reason
    assert bus.count(OutboxMessage) == 4  # award and rank
