# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a consumer does in its process beside its messages."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from consumer import receiving
from issuer.adapters.publishing import Publisher
from issuer.sending import Sender

if TYPE_CHECKING:
    from consumer.reloading import Reloader
    from consumer.status import Status
    from issuer.site import Site

LAST_SECONDS = 15  # for the announcement in hand, when the process ends


def join(site: Site, status: Status, reloader: Reloader) -> tuple[threading.Event, Sender | None]:
    """Join the process of fedora-messaging; return what tells its end, and who sends the outbox.

    The sender is a thread of its own: a broker that does not answer holds up no message.
    """
    # Imported late: they take an event loop with them, which is the program's to choose.
    from twisted.internet import reactor

    from consumer import monitoring

    receiving.install()
    monitoring.install(status)
    stopping = threading.Event()
    # Before fedora-messaging itself begins to wait for the message in hand.
    reactor.addSystemEventTrigger("before", "shutdown", stopping.set)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, lambda _number, _frame: reloader.ask())
    if not site.settings.send_outbox:
        return stopping, None
    sender = Sender(site, Publisher())
    status.tally = sender.tally
    worker = threading.Thread(target=sender.run, name="outbox", daemon=True)
    worker.start()
    reactor.addSystemEventTrigger("before", "shutdown", sender.stop)
    reactor.addSystemEventTrigger("after", "shutdown", worker.join, LAST_SECONDS)
    return stopping, sender
