# SPDX-License-Identifier: AGPL-3.0-or-later
"""Puts our announcements on the bus, over a connection of its own, each one confirmed.

The client of fedora-messaging publishes inside the event loop of the consumer, and waits for the
broker without end; this one fails, so that whoever asked can try again later.
"""

from __future__ import annotations

import logging
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pika
from fedora_messaging import config
from fedora_messaging.exceptions import ConfigurationException
from pika import exceptions
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError
from tahrir_messages import BadgeAwardV1, PersonLoginFirstV1, PersonRankAdvanceV1

from issuer.adapters.messages import BadgeRevokeV1
from issuer.errors import (
    BrokerAwayError,
    ConfigurationError,
    MessageDelayedError,
    MessageRefusedError,
)

if TYPE_CHECKING:
    from datetime import datetime

    from fedora_messaging.message import Message
    from pika.adapters.blocking_connection import BlockingChannel

log = logging.getLogger(__name__)

#: The classes that subscribers of the old system know, and ours.
CLASSES = {
    kind.topic: kind
    for kind in (BadgeAwardV1, PersonLoginFirstV1, PersonRankAdvanceV1, BadgeRevokeV1)
}
SECONDS = 10  # for the broker to answer, to accept a connection, to let us go on
FORBIDDEN, TOO_LARGE = 403, 406


def load_bus_configuration() -> None:
    """Read the file that FEDORA_MESSAGING_CONF names; raise `ConfigurationError`."""
    named = os.environ.get("FEDORA_MESSAGING_CONF")
    if named and not Path(named).is_file():
        raise ConfigurationError([f"FEDORA_MESSAGING_CONF: there is no file {named}"])
    if config.conf.loaded:
        return
    try:
        config.conf.load_config()
    except ConfigurationException as error:
        raise ConfigurationError([f"FEDORA_MESSAGING_CONF: {error}"]) from error


def bus_message(
    *, topic: str, body: dict[str, Any], message_id: str, created_at: datetime
) -> Message:
    """Return the message of that topic's class; raise `MessageRefusedError` when it is none.

    Made twice it is the same twice: subscribers know a repeated message by its id.
    """
    kind = CLASSES.get(topic)
    if kind is None:
        raise MessageRefusedError(f"topic {topic!r}: no message class is known for it")
    message: Message = kind(body=body, topic=topic)
    message.id = message_id
    message._headers["sent-at"] = created_at.replace(microsecond=0).isoformat()  # noqa: SLF001 -- no other way
    try:
        message.validate()
    except jsonschema.ValidationError as error:
        where = "/".join(str(part) for part in error.absolute_path)
        raise MessageRefusedError(f"body: {where or 'whole'}: {error.message:.300}") from error
    return message


class Publisher:
    """A connection to the broker, opened when there is something to say; for one thread."""

    def __init__(self) -> None:
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None

    def publish(
        self, *, topic: str, body: dict[str, Any], message_id: str, created_at: datetime
    ) -> None:
        """Publish and wait until the broker has it.

        Raises `MessageRefusedError` when it can never be sent, `MessageDelayedError` when the
        broker does not take this one, `BrokerAwayError` when it takes none.
        """
        message = bus_message(topic=topic, body=body, message_id=message_id, created_at=created_at)
        try:
            channel = self._open_channel()
            channel.basic_publish(
                exchange=config.conf["publish_exchange"],
                # Just as fedora-messaging itself would write it.
                routing_key=message._encoded_routing_key,  # noqa: SLF001 -- no other way
                body=message._encoded_body,  # noqa: SLF001 -- no other way
                properties=message._properties,  # noqa: SLF001 -- no other way
            )
        except exceptions.ShortStringTooLong as error:
            raise MessageRefusedError(f"topic {topic:.80}: longer than 255 bytes") from error
        except ChannelClosedByBroker as error:
            self._channel = None
            raise _said(error) from error
        except NackError as error:
            raise BrokerAwayError("broker: does not accept messages: a queue is full") from error
        except (AMQPError, OSError) as error:
            self.close()
            raise BrokerAwayError(f"broker: {_named(error)}") from error

    def keep_alive(self) -> None:
        """Answer the heartbeat of the broker; a connection that has ended is forgotten."""
        if self._connection is None:
            return
        try:
            self._connection.process_data_events(time_limit=0)
        except (AMQPError, OSError):
            self.close()

    def close(self) -> None:
        """Close the connection, if it is still one."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is None or not connection.is_open:
            return
        try:
            connection.close()
        except (AMQPError, OSError) as error:
            log.debug("connection to the broker ended as it was closed: %s", error)

    def _open_channel(self) -> BlockingChannel:
        if self._connection is None or not self._connection.is_open:
            self._connection = pika.BlockingConnection(_parameters())
            self._channel = None
        if self._channel is None or not self._channel.is_open:
            self._channel = self._connection.channel()
            self._channel.confirm_delivery()
        return self._channel


def _said(
    error: ChannelClosedByBroker,
) -> BrokerAwayError | MessageDelayedError | MessageRefusedError:
    text = f"broker: {error.reply_code} {error.reply_text}"
    if error.reply_code == FORBIDDEN:
        return MessageDelayedError(text)
    if error.reply_code == TOO_LARGE:
        return MessageRefusedError(text)
    return BrokerAwayError(text)


def _named(error: Exception) -> str:
    cause = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
    return str(cause) or type(cause).__name__


def _parameters() -> pika.URLParameters:
    url = config.conf["amqp_url"] or ""
    parameters = pika.URLParameters(url)
    parameters.client_properties = config.conf["client_properties"]
    # However long fedora-messaging may try: whoever waits here tries again by itself.
    parameters.connection_attempts = 1
    parameters.socket_timeout = SECONDS
    parameters.stack_timeout = SECONDS
    parameters.blocked_connection_timeout = SECONDS
    if url.startswith("amqps"):
        _secure(parameters)
    return parameters


def _secure(parameters: pika.URLParameters) -> None:
    tls = config.conf["tls"]
    context = ssl.create_default_context(cafile=tls["ca_cert"])
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls["certfile"] and tls["keyfile"]:
        context.load_cert_chain(tls["certfile"], tls["keyfile"])
        parameters.credentials = pika.credentials.ExternalCredentials()
    parameters.ssl_options = pika.SSLOptions(context, parameters.host)
