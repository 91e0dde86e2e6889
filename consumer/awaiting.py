# SPDX-License-Identifier: AGPL-3.0-or-later
"""Waits at the start of a process for a database that is away, as long as a message would."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
import time
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeVar

from fedora_messaging import config
from sqlalchemy.exc import SQLAlchemyError

from consumer.trouble import Trouble, trouble_of
from issuer.errors import DatabaseAwayError, DatabaseNotReadyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
GIVE_UP_AFTER = 600.0  # seconds
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

Opened = TypeVar("Opened")


def opened(
    open_it: Callable[[], Opened],
    *,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Opened:
    """Return what ``open_it`` gives, once the database is there.

    Meanwhile the monitor answers that the process lives and is not ready, and SIGTERM ends it with
    0. Raises `DatabaseNotReadyError` after ten minutes; what is no absence of it at once.
    """
    began, wait = clock(), FIRST_WAIT
    try:
        return open_it()
    except (SQLAlchemyError, DatabaseAwayError) as error:
        reason = _reason(error)
    with _stoppable(), _monitored(lambda: reason):
        while clock() - began <= GIVE_UP_AFTER:
            log.warning("the start waits %.1f s: %s", wait, reason)
            sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
            try:
                return open_it()
            except (SQLAlchemyError, DatabaseAwayError) as error:
                reason = _reason(error)
    raise DatabaseNotReadyError(f"{reason}: it was away for {GIVE_UP_AFTER / 60:.0f} minutes")


def _reason(error: SQLAlchemyError | DatabaseAwayError) -> str:
    """Return why it cannot be opened now; raise what a wait would not change."""
    if trouble_of(error) is not Trouble.AWAY:
        raise error
    said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return said.splitlines()[0]


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a signal end the wait well: there is no message in hand."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _monitored(reason: Callable[[], str]) -> Iterator[None]:
    """Answer in place of the monitor of fedora-messaging, which begins with the bus."""
    wanted = config.conf["monitoring"]
    if not wanted:
        yield
        return

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            lives = self.path.rstrip("/") == "/live"
            body = json.dumps({"status": "OK" if lives else f"waiting: {reason()}"}).encode()
            self.send_response(HTTPStatus.OK if lives else HTTPStatus.SERVICE_UNAVAILABLE)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Log nothing: probes come every few seconds."""

    try:
        server = ThreadingHTTPServer((wanted["address"], wanted["port"]), Answer)
    except OSError as error:
        log.warning("the monitor cannot answer yet: %s", error)
        yield
        return
    threading.Thread(target=server.serve_forever, name="monitor", daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
