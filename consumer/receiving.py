# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where fedora-messaging reads a delivery: what it cannot read reaches the callback too.

By itself it drops a delivery that is no JSON without a trace, and one whose encoding is unknown or
that is nested too deep ends the process. Two small pieces are replaced, when the callback is made.
"""

from __future__ import annotations

import logging
import reprlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fedora_messaging.message import Message

from issuer.adapters.letters import Letter, reason
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from pika import BasicProperties

log = logging.getLogger(__name__)

MAX_LOGGED = 200


class UnreadableMessage(Message):
    """A delivery that is no message: what came, and why it cannot be read."""

    def __init__(self, letter: Letter, properties: BasicProperties, why: str) -> None:
        super().__init__(topic=letter.topic, properties=properties)
        self.letter = letter
        self.reason = why


def receive(topic: str, properties: BasicProperties, body: bytes) -> Message:
    """Return the message of a delivery, or an `UnreadableMessage`; raises nothing."""
    letter = Letter(
        id=properties.message_id,
        topic=topic,
        headers=properties.headers,
        encoding=properties.content_encoding,
        body=body,
    )
    try:
        message = letter.open()
    except InvalidInputError as error:
        return UnreadableMessage(letter, properties, str(error))
    # Opened with what names the message alone; the rest of it is the broker's.
    message._properties = properties  # noqa: SLF001 -- no other way
    return message


def _shorten(record: logging.LogRecord) -> bool:
    """Keep bodies out of the log: the library quotes the whole of what it cannot read."""
    if isinstance(record.args, tuple):
        record.args = tuple(_brief(each) for each in record.args)
    return True


def _brief(value: object) -> object:
    if isinstance(value, Message):
        return f"{type(value).__name__} {value.id}"
    if isinstance(value, Exception):
        return reason(value)
    if isinstance(value, str | bytes):
        return value[:MAX_LOGGED]
    return reprlib.repr(value)


def install() -> None:
    """Let fedora-messaging read with `receive` from now on; doing it twice changes nothing."""
    # Imported late: it takes an event loop with it, which is the program's to choose.
    library: Any = import_module("fedora_messaging.twisted.consumer")
    if library.get_message is receive:
        return
    library.get_message = receive
    logging.getLogger("fedora_messaging.message").addFilter(_shorten)
    restart = library.Consumer._restart_consuming  # noqa: SLF001 -- the piece that is mended

    def restart_once(self: Any) -> Any:
        """Restart a consumer whose channel alone was closed.

        After a lost connection the factory registers it anew while the callback still works on an
        old message; the late acknowledgement of that must not make a second consumer of it.
        """
        is_restarted = self._channel is not None and self._channel.is_open
        if is_restarted or self._protocol is None or self._protocol.is_closed:
            log.info("consumer %r goes on with the next connection", self)
            return None
        return restart(self)

    library.Consumer._restart_consuming = restart_once  # noqa: SLF001 -- the same piece
