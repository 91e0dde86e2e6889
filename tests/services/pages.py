# SPDX-License-Identifier: AGPL-3.0-or-later
"""A web server on this machine that answers what a test says, and fails as it says."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Pages:
    """What is answered by path, what goes wrong first, and what was asked."""

    url: str = ""
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)  # media types by path
    faults: list[int | None] = field(default_factory=list)  # statuses of the next answers
    asked: list[str] = field(default_factory=list)
    before: Callable[[str], object] = lambda _: None

    def answer(self, target: str) -> tuple[int, bytes]:
        """Return the next answer."""
        self.asked.append(target)
        self.before(target)
        fault = self.faults.pop(0) if self.faults else None
        return (fault, b"") if fault else self.answers.get(target.partition("?")[0], (404, b""))


@contextmanager
def pages() -> Iterator[Pages]:
    """Give a server that answers over HTTP."""
    simulator = Pages()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = simulator.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if kind := simulator.kinds.get(self.path.partition("?")[0]):
                self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    simulator.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(
        target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.02}
    ).start()
    try:
        yield simulator
    finally:
        server.shutdown()
        server.server_close()
