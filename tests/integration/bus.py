# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site, a queue on a real broker, and the processes that take its messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pika
import pika.exceptions
from sqlalchemy import func, select

from issuer.adapters.pictures import read_picture
from issuer.models import ArchivedMessage, QuarantinedMessage, Rule
from issuer.services import collections
from tests.issuing import NOW, RED, make_issuer, make_rule, make_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from issuer.site import Site

PATIENCE = 60
#: What the documentation advises.
QUORUM = """\
x-queue-type = "quorum"
x-delivery-limit = 20
x-overflow = "reject-publish"
"""
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

[queues."{queue}".arguments]
{arguments}

[[bindings]]
queue = "{queue}"
exchange = "amq.topic"
routing_keys = {keys}
{more}
"""
PROGRAM = str(Path(sys.executable).parent / "accolades")


class Bus:
    """A site, a queue, and what takes its messages."""

    def __init__(
        self,
        site: Site,
        folder: Path,
        url: str,
        queue: str,
        *,
        through: str | None = None,
        keys: Sequence[str] = ("#",),
        arguments: str = "",
        more: str = "",
        **environment: str,
    ) -> None:
        self.site, self.url, self.queue = site, url, queue
        configuration = folder / "fedora-messaging.toml"
        configuration.write_text(
            CONFIGURATION.format(
                url=through or url,
                queue=queue,
                keys=json.dumps(list(keys)),
                arguments=arguments,
                more=more,
            )
        )
        self.environment = {
            **os.environ,
            "FEDORA_MESSAGING_CONF": str(configuration),
            "ACCOLADES_HOME": str(site.settings.home),
            "ACCOLADES_DATABASE_URL": site.settings.database_url,
            "ACCOLADES_EMAIL_DOMAIN": "example.org",
            **environment,
        }
        self.log = folder / "consumer.log"

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command or (PROGRAM, "consume"), env=self.environment, stdout=log, stderr=log
            )

    @contextmanager
    def channel(self) -> Iterator[Any]:
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        try:
            yield connection.channel()
        finally:
            connection.close()

    def publish(self, *messages: tuple[str, pika.BasicProperties, bytes]) -> None:
        """Put messages on the bus; when this returns, the broker has them."""
        with self.channel() as channel:
            channel.confirm_delivery()
            for topic, properties, body in messages:
                channel.basic_publish("amq.topic", topic, body, properties)

    def declare(self) -> None:
        """Make the queue as a consumer would: what is published before it exists is lost."""
        consumer = self.start()
        try:
            self.wait_for_queue(consumer)
        finally:
            consumer.terminate()
            consumer.wait(PATIENCE)

    def wait_for_queue(self, consumer: subprocess.Popen[bytes]) -> None:
        """Wait until the queue exists and is consumed."""
        connection = pika.BlockingConnection(pika.URLParameters(self.url))

        def exists() -> bool:
            channel = connection.channel()
            try:
                asked = channel.queue_declare(self.queue, passive=True)
            except pika.exceptions.ChannelClosedByBroker:
                return False
            return bool(asked.method.consumer_count)

        self.eventually(exists, consumer)
        connection.close()

    def consumers(self) -> int:
        """Return how many processes take messages from the queue."""
        with self.channel() as channel:
            count: int = channel.queue_declare(self.queue, passive=True).method.consumer_count
            return count

    def ready(self) -> int:
        """Return how many messages are in the queue and not yet delivered."""
        with self.channel() as channel:
            count: int = channel.queue_declare(self.queue, passive=True).method.message_count
            return count

    def eventually(
        self,
        holds: Callable[[], bool],
        consumer: subprocess.Popen[bytes] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        end = time.monotonic() + patience
        while not holds():
            assert consumer is None or consumer.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.state()
            time.sleep(0.1)

    def state(self) -> str:
        with self.site.database.reading() as session:
            names = session.scalars(select(ArchivedMessage.message_id).limit(20)).all()
            reasons = session.scalars(select(QuarantinedMessage.reason).limit(20)).all()
            failures = session.scalars(select(Rule.last_failure)).all()
        return f"{names} {reasons} {failures} {self.log.read_text()[-5000:]}"

    def count(self, table: type, **which: object) -> int:
        with self.site.database.reading() as session:
            statement = select(func.count()).select_from(table).filter_by(**which)
            return session.scalar(statement) or 0


def site_with(folder: Path, database_url: str, rules: Sequence[str], **settings: object) -> Site:
    """Return a site with rules, named ``Badge 1`` and so on."""
    site = make_site(folder, database_url, email_domain="example.org", **settings)
    with site.database.writing() as session:
        issuer = make_issuer(session, site)
        made = [make_rule(text, name=f"Badge {place}") for place, text in enumerate(rules, 1)]
        picture = read_picture(RED, "red.svg")
        collections.sync(session, made, issuer, site.objects, picture, now=NOW)
    return site


def edit(
    number: int, user: str = "asha", **changes: object
) -> tuple[str, pika.BasicProperties, bytes]:
    """Return an edit of a wiki page, as the bus carries it."""
    body = {
        "user": user,
        "title": f"Page {number}",
        "summary": "spelling",
        "minor_edit": False,
        "diff_url": "https://wiki.example.org/?diff=1",
        "page_url": "https://wiki.example.org/",
        "url": "https://wiki.example.org/",
        **changes,
    }
    headers = {
        "fedora_messaging_schema": "wiki.article.edit.v1",
        "fedora_messaging_severity": 20,
        "sent-at": NOW.isoformat(),
    }
    properties = pika.BasicProperties(
        message_id=f"edit-{number}",
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=2,
        headers=headers,
    )
    return "org.example.prod.wiki.article.edit", properties, json.dumps(body).encode()
