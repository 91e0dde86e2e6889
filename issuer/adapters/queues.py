# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue of the workers: Celery on RabbitMQ, made of our settings.

A message says no more than "look at what waits of this task". It may be lost or come twice.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from issuer.errors import BrokerAwayError

if TYPE_CHECKING:
    from celery import Celery

    from issuer.config import Settings

PREFIX = "accolades."
QUEUE = f"{PREFIX}tasks"
#: Says to look at everything; workers send it to themselves.
SWEEP = "sweep"
#: A broker that was asked for so long in vain is away.
CONNECT_SECONDS = 5
#: After so many seconds a message has nothing to say any more: workers look by themselves.
STALE = 600
#: RabbitMQ drops a message that came back so often, which only happens when workers die over it.
DELIVERIES = 20


def name_of(task: str) -> str:
    """Return how a task is called at the broker."""
    return PREFIX + task


def make_app(settings: Settings) -> Celery:
    """Return a Celery application that knows our queue and no task yet."""
    # Imported late: a site without a broker need not have it, as its settings make sure.
    from celery import Celery
    from kombu import Exchange, Queue

    app = Celery("accolades", set_as_current=False, fixups=[])
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": DELIVERIES}
    exchange = Exchange(QUEUE, type="direct", durable=True)
    app.conf.update(
        broker_url=_address(settings.broker_url),
        broker_use_ssl=_encryption(settings.broker_url),
        broker_connection_timeout=CONNECT_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"confirm_publish": True, "confirm_timeout": CONNECT_SECONDS},
        task_queues=[Queue(QUEUE, exchange, routing_key=QUEUE, queue_arguments=arguments)],
        task_default_queue=QUEUE,
        task_default_exchange=QUEUE,
        task_default_routing_key=QUEUE,
        task_create_missing_queues=False,
        worker_detect_quorum_queues=True,
        # Never pickle: whoever reached the broker could run anything here.
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,  # how things are stands in rows
        task_store_eager_result=False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        enable_utc=True,
        timezone="UTC",
    )
    return app


class Caller:
    """Tells workers that there is something to do."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def call(self, task: str, *, stale: float = STALE) -> None:
        """Put a message into the queue, confirmed by the broker; raise `BrokerAwayError`."""
        from kombu.exceptions import KombuError

        # A connection that lay idle may have been cut: that shows only when it is used.
        policy = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
        try:
            self._app.send_task(
                name_of(task), expires=stale, retry=True, retry_policy=policy, ignore_result=True
            )
        except (KombuError, OSError, *self._errors) as error:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise BrokerAwayError(f"broker of the workers: {reason}") from error

    def close(self) -> None:
        """Close all connections."""
        self._app.close()

    @property
    def _errors(self) -> tuple[type[Exception], ...]:
        transport = self._app.connection_for_write()
        return (*transport.connection_errors, *transport.channel_errors)


def _address(url: str) -> str:
    """Return the address without what we read from it ourselves."""
    return urlsplit(url)._replace(query="").geturl()


def _encryption(url: str) -> dict[str, Any] | bool:
    """Return how an encrypted connection is made: the broker is always checked.

    Files for it are named behind a question mark, as `cafile`, `certfile` and `keyfile`.
    """
    parts = urlsplit(url)
    if parts.scheme != "amqps":
        return False
    files = {name: values[0] for name, values in parse_qs(parts.query).items()}
    names = {"cafile": "ca_certs", "certfile": "certfile", "keyfile": "keyfile"}
    given = {names[name]: path for name, path in files.items() if name in names}
    return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname, **given}
