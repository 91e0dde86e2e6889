# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server on this machine that answers as a test says, names that lead there, and who asks."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from issuer.adapters.fetching import GuardedFetcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answering = Callable[[socket.socket, bytes], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/ld+json\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def fetcher() -> GuardedFetcher:
    """Return a fetcher that may read from this machine."""
    return GuardedFetcher(allow_loopback=True)


@contextmanager
def serving(answer: Answering, *, speaks_first: bool = False) -> Iterator[tuple[str, list[bytes]]]:
    """Serve each connection with ``answer``; give the address and the requests that came."""
    server = socket.create_server(("127.0.0.1", 0))
    requests: list[bytes] = []

    def work() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(20)
                try:
                    requests.append(b"" if speaks_first else connection.recv(65536))
                    answer(connection, requests[-1])
                except OSError:
                    continue

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", requests
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def plainly(content: bytes) -> Answering:
    """Answer every request with the same bytes."""
    return lambda connection, _: connection.sendall(content)


def moved(location: str, status: str = "302 Found") -> Answering:
    """Answer every request with a redirect."""
    return plainly(
        f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    )


def dripping(start: bytes, piece: bytes, stop: threading.Event) -> Answering:
    """Send a start, and then a piece at a time, each in time and without an end."""

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        while not stop.wait(0.02):
            connection.sendall(piece)

    return answer


def resolving(*addresses: str) -> Callable[..., list[tuple[object, ...]]]:
    """Resolve every name to these addresses."""

    def resolve(_host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    return resolve
