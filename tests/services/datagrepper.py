# SPDX-License-Identifier: AGPL-3.0-or-later
"""A simulator of datagrepper: the same address, arguments, pages and errors, and made-up trouble.

What it does is what datagrepper 1.1 does with its ``/raw``: both ends of a time or none, at most a
hundred rows, names compared as they are written, no question for agents.
"""

from __future__ import annotations

import json
import math
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    #: Changes status and answer of a request, or None to leave it as it is.
    Trouble = Callable[[int, dict[str, Any]], tuple[int, bytes | dict[str, Any]]]

LISTS = (("user", "users"), ("package", "packages"))
TEXTS = (("topic", "topic"), ("category", "category"))


@dataclass
class Grepper:
    """A running simulator: what it holds, what it was asked, what goes wrong next."""

    url: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)  # one a request; then all is well
    always: Trouble | None = None

    def keep(self, *messages: dict[str, Any]) -> None:
        """Keep messages in the form of `tests.services.datanommer.fill`."""
        for said in messages:
            stamp = datetime.fromisoformat(said["timestamp"]).astimezone(UTC)
            self.messages.append(
                {
                    "i": 0,
                    "msg_id": said["id"],
                    "topic": said["topic"],
                    "category": said["topic"].split(".")[3],
                    "timestamp": float(int(stamp.timestamp())),  # it cuts off the rest
                    "agent_name": said.get("agent_name"),
                    "username": said.get("agent_name"),
                    "msg": said["body"],
                    "headers": said.get("headers", {}),
                    "users": sorted(said["usernames"]),
                    "packages": sorted(said.get("packages", [])),
                    "exact": stamp.timestamp(),
                }
            )

    def answer(self, asked: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """Return status and answer to the arguments of one request."""
        one = {key: values[-1] for key, values in asked.items()}
        page, rows = int(one.get("page", 1)), int(one.get("rows_per_page", 25))
        order = one.get("order", "desc")
        if page < 1 or rows > 100 or order not in ("asc", "desc"):
            return 400, {"error": "bad request"}
        start, end = float(one.get("start", 0)), float(one.get("end", 0))
        if bool(start) != bool(end):
            return 500, {"error": "Either both start and end must be specified or neither"}
        found = [message for message in self.messages if self._fits(message, asked, start, end)]
        found.sort(key=lambda message: message["exact"], reverse=order == "desc")
        shown = found[(page - 1) * rows : page * rows]
        return 200, {
            "raw_messages": [
                {key: value for key, value in message.items() if key not in ("exact", "category")}
                for message in shown
            ],
            "total": len(found),
            "pages": math.ceil(len(found) / rows),
            "count": len(shown),
            "arguments": asked,
        }

    @staticmethod
    def _fits(
        message: dict[str, Any], asked: dict[str, list[str]], start: float, end: float
    ) -> bool:
        if end and not start <= message["exact"] <= end:
            return False
        for argument, key in (*LISTS, *TEXTS):
            held = message[key] if isinstance(message[key], list) else [message[key]]
            wanted, unwanted = asked.get(argument, []), asked.get(f"not_{argument}", [])
            if wanted and not set(wanted) & set(held):
                return False
            if set(unwanted) & set(held):
                return False
        return True


@contextmanager
def running() -> Iterator[Grepper]:
    """Give a simulator at an address of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            asked = parse_qs(place.query)
            grepper.asked.append(asked)
            status, body = (
                grepper.answer(asked) if place.path == "/raw" else (404, {"error": "not found"})
            )
            said: bytes | dict[str, Any] = body
            if grepper.troubles:
                status, said = grepper.troubles.pop(0)(status, body)
            elif grepper.always is not None:
                status, said = grepper.always(status, body)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    grepper = Grepper(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield grepper
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def silent(seconds: float) -> Trouble:
    """Return the trouble of a server that answers too late."""

    def late(status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        time.sleep(seconds)
        return status, body

    return late
