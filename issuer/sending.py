# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where announcements go out: whatever waits in the outbox, until it is sent."""

from __future__ import annotations

import fcntl
import logging
import random
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.exc import SQLAlchemyError

from issuer.errors import BrokerAwayError, MessageDelayedError, MessageRefusedError
from issuer.services import outbox
from issuer.services.outbox import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from issuer.models import OutboxMessage
    from issuer.site import Site

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds, while nobody tells that there is something
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
TIDY_PAUSE = timedelta(hours=1)


class Bus(Protocol):
    """What takes an announcement; raises what `issuer.adapters.publishing.Publisher` raises."""

    def publish(
        self, *, topic: str, body: dict[str, Any], message_id: str, created_at: datetime
    ) -> None:
        """Publish one message and wait until the broker has it."""
        ...

    def keep_alive(self) -> None:
        """Keep the connection while there is nothing to say."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(slots=True)
class Tally:
    """What a sender did since it began."""

    sent: int = 0
    refused: int = 0
    delayed: int = 0
    trouble: str = ""  # why nothing can be sent now


class Sender:
    """Sends what waits in the outbox of one site; any number may, on PostgreSQL at once."""

    def __init__(self, site: Site, bus: Bus) -> None:
        self._site = site
        self._bus = bus
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._tidied = 0  # the last row that was looked at
        self._tidy_at = datetime.min.replace(tzinfo=UTC)
        self.tally = Tally()

    def send_batch(self, now: datetime) -> int:
        """Send one batch and return how many were tried; mark each with what became of it.

        Raises `BrokerAwayError` when the broker takes none, and database errors. A message that
        was sent and could not be marked is sent again later, with the same id.
        """
        if self._site.database.engine.dialect.name == "postgresql":
            with self._site.database.writing() as session:
                marks, away = self._publish(outbox.next_batch(session, now=now), now)
                outbox.mark(session, marks)
        else:
            marks, away = self._send_alone(now)
        self._count(marks)
        if away is not None:
            raise away
        return len(marks)

    def tidy(self, now: datetime) -> bool:
        """Delete some of what was sent long ago, where it is time; tell whether there is more."""
        days = self._site.settings.outbox_keep_days
        if not days or now < self._tidy_at:
            return False
        with self._site.database.writing() as session:
            before = now - timedelta(days=days)
            last = outbox.prune(session, before=before, after=self._tidied)
        self._tidied = last or 0
        self._tidy_at = now + (TIDY_PAUSE if last is None else timedelta())
        return last is not None

    def run(self) -> None:
        """Send until `stop` is called, however often broker or database go away meanwhile."""
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            try:
                tried = self.send_batch(datetime.now(UTC))
                self.tidy(datetime.now(UTC))
            except Exception as error:  # noqa: BLE001 -- the edge of a thread that must go on
                self._tell(error)
                self._stopping.wait(wait * random.uniform(0.8, 1.2))  # noqa: S311 -- no secret
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            if self.tally.trouble:
                log.warning("outbox: sending goes on")
            self.tally.trouble, wait = "", FIRST_WAIT
            if not tried:
                self._bus.keep_alive()
                self._news.wait(LOOK_EVERY)
                self._news.clear()
        self._bus.close()

    def wake(self) -> None:
        """Say that there is something to send."""
        self._news.set()

    def stop(self) -> None:
        """Let `run` end after the message in hand."""
        self._stopping.set()
        self._news.set()

    def _send_alone(self, now: datetime) -> tuple[list[Mark], BrokerAwayError | None]:
        """Send on SQLite: one sender at a time, and no lock that would hold up an award."""
        with _only_one(self._site) as is_ours:
            if not is_ours:
                return [], None
            with self._site.database.reading() as session:
                waiting = outbox.next_batch(session, now=now)
                session.expunge_all()
            marks, away = self._publish(waiting, now)
            if marks:
                with self._site.database.writing() as session:
                    outbox.mark(session, marks)
        return marks, away

    def _publish(
        self, messages: Sequence[OutboxMessage], now: datetime
    ) -> tuple[list[Mark], BrokerAwayError | None]:
        marks: list[Mark] = []
        held_up: set[str] = set()
        for message in messages:
            if self._stopping.is_set():
                break
            if message.stream in held_up:
                continue
            try:
                self._bus.publish(
                    topic=message.topic,
                    body=message.body,
                    message_id=message.message_id,
                    created_at=message.created_at,
                )
            except MessageRefusedError as error:
                log.error("outbox: message %d can never be sent: %s", message.id, error)  # noqa: TRY400 -- no defect of ours
                marks.append(Mark(id=message.id, at=now, error=str(error), is_refused=True))
            except MessageDelayedError as error:
                log.warning("outbox: message %d is tried again later: %s", message.id, error)
                due_at = outbox.delay(message, now)
                marks.append(Mark(id=message.id, at=now, error=str(error), due_at=due_at))
                held_up.add(message.stream)
            except BrokerAwayError as error:
                marks.append(Mark(id=message.id, at=now, error=str(error)))
                return marks, error
            else:
                marks.append(Mark(id=message.id, at=now))
        return marks, None

    def _count(self, marks: Sequence[Mark]) -> None:
        for each in marks:
            if each.error is None:
                self.tally.sent += 1
            elif each.is_refused:
                self.tally.refused += 1
            else:
                self.tally.delayed += 1

    def _tell(self, error: Exception) -> None:
        """Say once what stops us, and not again while it lasts."""
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        if reason == self.tally.trouble:
            return
        self.tally.trouble = reason
        if isinstance(error, (BrokerAwayError, SQLAlchemyError)):
            log.warning("outbox: nothing can be sent now, it is tried again: %s", reason)
        else:
            log.error("outbox: nothing can be sent now", exc_info=error)


@contextmanager
def _only_one(site: Site) -> Iterator[bool]:
    """Tell whether no other process of this machine sends for the site; keep it so meanwhile."""
    site.settings.home.mkdir(parents=True, exist_ok=True)
    with (site.settings.home / "outbox.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
