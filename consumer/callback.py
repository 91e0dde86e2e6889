# SPDX-License-Identifier: AGPL-3.0-or-later
"""What fedora-messaging calls for each message."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from fedora_messaging.exceptions import HaltConsumer, Nack

from consumer import hosting
from consumer.bootstrap import open_intake
from consumer.receiving import UnreadableMessage
from consumer.reloading import Reloader
from consumer.status import Status
from consumer.trouble import Trouble, trouble_of
from issuer.adapters.directories import DirectoryAccounts
from issuer.adapters.letters import Letter
from issuer.adapters.messages import from_bus
from issuer.errors import AccountsAwayError, HistoryAwayError, InvalidInputError
from issuer.services import quarantine

if TYPE_CHECKING:
    from fedora_messaging.message import Message

    from issuer.intake import Intake
    from issuer.sending import Sender
    from issuer.site import Site

log = logging.getLogger(__name__)

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
GIVE_UP_AFTER = 600.0  # seconds; RabbitMQ itself gives up on us after 30 minutes
MOST_RETURNS = 3  # of one message to the queue
MOST_REMEMBERED = 10_000
DELIVERIES = "x-delivery-count"


class AwayError(Exception):
    """What a message needs cannot work now; the same message can be processed later."""

    def __init__(self, error: Exception) -> None:
        super().__init__(_first_line(error))
        self.what = "database"
        for kind, what in ((AccountsAwayError, "accounts"), (HistoryAwayError, "history")):
            if isinstance(error, kind):
                self.what = what


class Stopping(Protocol):
    """Tells when the process was told to stop (`threading.Event` does)."""

    def is_set(self) -> bool:
        """Whether it was."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds, or until it is."""
        ...


class AccoladesConsumer:
    """The callback: ``fedora-messaging consume --callback=consumer.callback:AccoladesConsumer``.

    Made without arguments it opens the site and joins the process: it sends the outbox, reads
    what fedora-messaging cannot, answers the monitor, listens to SIGHUP.
    """

    def __init__(
        self,
        site: Site | None = None,
        intake: Intake | None = None,
        *,
        stopping: Stopping | None = None,
        sender: Sender | None = None,
    ) -> None:
        is_whole_process = site is None or intake is None
        if site is None or intake is None:
            site, intake = open_intake()
        self._site = site
        self._intake = intake
        self._returns: Counter[str] = Counter()
        self._stopping = stopping or threading.Event()
        self._sender = sender
        self.status = Status(tally=sender.tally if sender else None)
        if isinstance(intake.accounts, DirectoryAccounts):
            self.status.lookups = intake.accounts.lookups
        self.reloader = Reloader(intake, self.status)
        if is_whole_process:
            self._stopping, self._sender = hosting.join(site, self.status, self.reloader)

    def __call__(self, message: Message) -> None:
        """Process a message; return only when its effects are committed.

        While the database or the directory of accounts is away it waits here: a message given back
        would return at once, and a delivery limit then throws good messages away. Raises
        `HaltConsumer` with the message requeued after ten minutes of that, or when told to stop
        meanwhile; `Nack` at most three times for a message on which another consumer was quicker;
        nothing else, because any other error would give back every message at hand and end the
        process.
        """
        self.reloader.look()
        started, wait = time.monotonic(), FIRST_WAIT
        while True:
            try:
                self._handle(message)
            except AwayError as error:
                self._wait(message, error, time.monotonic() - started, wait)
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                self.status.waiting_for = ""
                return

    def _handle(self, message: Message) -> None:
        now = datetime.now(UTC)
        if isinstance(message, UnreadableMessage):
            self._put_aside(message, message.reason, now)
            return
        required = self._site.settings.require_schemas
        try:
            processed = self._intake.handle(from_bus(message, require_schema=required), now=now)
        except InvalidInputError as error:
            self._put_aside(message, str(error), now)
        except Exception as error:  # noqa: BLE001 -- the outer edge: what it means decides
            self._judge(message, error, now)
        else:
            self._returns.pop(message.id, None)
            self.status.note(processed)
            for given in processed.given:
                log.info("awarded %s to %s", given.badge.slug, given.person.username)
            if processed.given and self._sender is not None:
                self._sender.wake()

    def _judge(self, message: Message, error: Exception, now: datetime) -> None:
        trouble = trouble_of(error)
        if trouble is Trouble.AWAY:
            raise AwayError(error) from error
        if trouble is Trouble.CONFLICT:
            self._give_back(message, error)
        log.error("message %s cannot be processed", message.id, exc_info=error)
        self._put_aside(message, f"{type(error).__name__}: {error}", now)

    def _give_back(self, message: Message, error: Exception) -> None:
        """Return a message to the queue, a few times; after that it waits here for its turn."""
        self.status.conflicts += 1
        delivered = (message._headers or {}).get(DELIVERIES)  # noqa: SLF001 -- no other way
        counted = delivered if isinstance(delivered, int) else 0
        if max(self._returns[message.id], counted) >= MOST_RETURNS:
            raise AwayError(error) from error
        if len(self._returns) >= MOST_REMEMBERED:
            self._returns.clear()  # another consumer may have had what is left in it
        self._returns[message.id] += 1
        log.warning("message %s is given back: %s", message.id, _first_line(error))
        raise Nack from error

    def _wait(self, message: Message, error: AwayError, spent: float, seconds: float) -> None:
        self.status.waiting_for = f"waiting for the {error.what}: {error}"
        if spent > GIVE_UP_AFTER:
            raise HaltConsumer(
                exit_code=1, reason=f"{error.what} away for too long", requeue=True
            ) from error
        log.warning("message %s waits %.1f s: %s", message.id, seconds, error)
        if self._stopping.is_set() or self._stopping.wait(seconds):
            raise HaltConsumer(exit_code=0, reason="told to stop", requeue=True) from error

    def _put_aside(self, message: Message, reason: str, now: datetime) -> None:
        log.warning("message %s put aside: %s", message.id, reason)
        content: object
        try:
            content = _letter(message).to_dict()
        except InvalidInputError as error:
            content = str(error)
        try:
            with self._site.database.writing() as session:
                quarantine.put(
                    session,
                    message_id=message.id,
                    topic=message.topic or "",
                    content=content,
                    reason=reason,
                    now=now,
                )
        except Exception as error:
            # Nothing may be lost, and nothing may escape: whatever it is, the message waits.
            if trouble_of(error) is Trouble.LASTING:
                log.exception("message %s cannot be put aside", message.id)
            raise AwayError(error) from error
        self.status.quarantined += 1


def _letter(message: Message) -> Letter:
    return message.letter if isinstance(message, UnreadableMessage) else Letter.of(message)


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip() or type(cause).__name__).splitlines()[0]
