# SPDX-License-Identifier: AGPL-3.0-or-later
"""What fedora-messaging calls for each message."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fedora_messaging.exceptions import HaltConsumer
from sqlalchemy.exc import DBAPIError, OperationalError

from consumer.bootstrap import open_intake
from issuer.adapters.messages import from_bus
from issuer.errors import InvalidInputError
from issuer.services import quarantine

if TYPE_CHECKING:
    from fedora_messaging.message import Message

    from issuer.intake import Intake
    from issuer.site import Site

log = logging.getLogger(__name__)

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
GIVE_UP_AFTER = 600.0  # seconds; RabbitMQ itself gives up on us after 30 minutes


class TransientError(Exception):
    """The database is away; the same message can be processed later."""


class AccoladesConsumer:
    """The callback: ``fedora-messaging consume --callback=consumer.callback:AccoladesConsumer``."""

    def __init__(self, site: Site | None = None, intake: Intake | None = None) -> None:
        if site is None or intake is None:
            site, intake = open_intake()
        self._site = site
        self._intake = intake

    def __call__(self, message: Message) -> None:
        """Process a message; return only when its effects are committed.

        While the database is away it waits here: a message given back would return at once, and a
        delivery limit then throws good messages away. Raises `HaltConsumer` with the message
        requeued after ten minutes of that.
        """
        started, wait = time.monotonic(), FIRST_WAIT
        while True:
            try:
                self._handle(message)
            except TransientError as error:
                if time.monotonic() - started > GIVE_UP_AFTER:
                    raise HaltConsumer(
                        exit_code=1, reason="database away for too long", requeue=True
                    ) from error
                log.warning("database away, message %s waits %.1f s", message.id, wait)
                time.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                return

    def _handle(self, message: Message) -> None:
        now = datetime.now(UTC)
        try:
            processed = self._intake.handle(from_bus(message), now=now)
        except InvalidInputError as error:
            self._put_aside(message, str(error), now)
        except OperationalError as error:
            raise TransientError from error
        except Exception as error:
            # The outer edge: whatever it is, it would be the same at the next delivery, and an
            # error that leaves the callback gives back every message and ends the consumer.
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise TransientError from error
            log.exception("message %s cannot be processed", message.id)
            self._put_aside(message, f"{type(error).__name__}: {error}", now)
        else:
            for given in processed.given:
                log.info("awarded %s to %s", given.badge.slug, given.person.username)

    def _put_aside(self, message: Message, reason: str, now: datetime) -> None:
        log.warning("message %s put aside: %s", message.id, reason)
        try:
            with self._site.database.writing() as session:
                quarantine.put(
                    session,
                    message_id=message.id,
                    topic=message.topic or "",
                    content=message.body,
                    reason=reason,
                    now=now,
                )
        except OperationalError as error:
            raise TransientError from error
