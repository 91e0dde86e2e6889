# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the tests of the consumer take messages with: a site, a clock, an outage, and messages."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from fedora_messaging.message import Message as BusMessage
from sqlalchemy import event, select

from consumer.callback import AccoladesConsumer
from issuer.adapters.pictures import read_picture
from issuer.intake import Intake, policy_of
from issuer.models import ArchivedMessage, Award, QuarantinedMessage
from issuer.services import collections
from tests.issuing import NOW, RED, make_issuer, make_rule, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.db import Database
    from issuer.site import Site

TOPIC = "org.example.prod.wiki.edit"
RULE = "trigger: {topic: wiki.edit}\nrecipient: message.body['user']\n"


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
def consuming(
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


def edit(user: str = "asha", **body: Any) -> BusMessage:
    return BusMessage(topic=TOPIC, body={"user": user, **body})


def kept(site: Site) -> tuple[int, int]:
    """Return how many messages are in the archive and how many awards there are."""
    with site.database.reading() as session:
        return len(every(session, ArchivedMessage)), len(every(session, Award))


def put_aside(site: Site) -> list[QuarantinedMessage]:
    with site.database.reading() as session:
        found: list[QuarantinedMessage] = every(session, QuarantinedMessage)
        session.expunge_all()  # so that they may be read after the session
        return found


def every(session: Session, table: Any) -> list[Any]:
    return list(session.scalars(select(table)))
