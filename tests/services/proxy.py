# SPDX-License-Identifier: AGPL-3.0-or-later
"""A door to a service that a test can slam: connections are cut, or nobody is let in."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 1 << 16


class Door:
    """Forwards connections to a port of this machine, as long as it is open."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._is_open = True
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> int:
        """End every connection; return how many there were."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for each in pairs:
            for side in each:
                _end(side)
        return len(pairs)

    def shut(self) -> None:
        """Cut all connections, and end new ones as soon as they are made."""
        self._is_open = False
        self.cut()

    def open(self) -> None:
        """Let connections in again."""
        self._is_open = True

    def remove(self) -> None:
        """Stop listening, for good."""
        _end(self._listener)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._is_open:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._pairs.append((client, server))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


@contextmanager
def door_to(target: int) -> Iterator[Door]:
    """Give a door to a port, and take it away afterwards."""
    door = Door(target)
    try:
        yield door
    finally:
        door.remove()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(BLOCK):
            sink.sendall(block)
    for side in (source, sink):
        _end(side)
    source.close()


def _end(side: socket.socket) -> None:
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
