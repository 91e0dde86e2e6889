# SPDX-License-Identifier: AGPL-3.0-or-later
"""A FASJSON on this machine: the answers of its version 1.7, for people that a test names."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,63}")
#: The members of a user that can be searched for; those in `ALWAYS_EXACT` never by a part.
TERMS = {
    "username": "username",
    "email": "emails",
    "ircnick": "ircnicks",
    "github_username": "github_username",
}
ALWAYS_EXACT = {"email", "github_username"}
SHORTEST_PART = 3
MOST_FOUND = 40


@dataclass(frozen=True)
class Fault:
    """What answers instead of FASJSON."""

    status: int = 500
    body: bytes = b'{"message": "Internal Server Error"}'
    after: float = 0.0  # seconds
    location: str = ""
    hang_up: bool = False
    drip: bool = False


@dataclass
class FasJsonSimulator:
    """The people and groups of a directory, what goes wrong with it, and what it was asked."""

    url: str = ""
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    sponsors: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, list[Fault | None]] = field(default_factory=dict)  # by part of the target
    lasting: dict[str, Fault] = field(default_factory=dict)
    changes: Callable[[dict[str, Any]], object] = lambda _: None  # to what is answered
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    challenge: str = ""  # what a request has to show as Authorization

    def add(self, username: str, **members: Any) -> None:
        """Let somebody have an account."""
        self.users[username] = {"username": username, **members}

    def asked_for(self, part: str) -> int:
        """Return how often a part was asked for."""
        return sum(part in target for target in self.asked)

    def times(self) -> Counter[str]:
        """Return how often each target was asked for."""
        return Counter(self.asked)

    def fault_of(self, target: str) -> Fault | None:
        """Return what goes wrong with a request, the next of its faults or the lasting one."""
        for part, left in self.faults.items():
            if part in target and left:
                return left.pop(0)
        return next((fault for part, fault in self.lasting.items() if part in target), None)

    def answer(self, target: str) -> tuple[int, dict[str, Any]]:
        """Return the status and the document for a target."""
        parts = urlsplit(target)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        match [unquote(part) for part in parts.path.strip("/").split("/")]:
            case ["v1", "me"]:
                return 200, {"result": {"dn": "krbprincipalname=badges", "service": "badges"}}
            case ["v1", "search", "users"]:
                return self._search(asked)
            case ["v1", "users", name] if NAME.fullmatch(name):
                found = self._user(name)
                return (200, {"result": found}) if found else _missing("User", name=name)
            case ["v1", "users", name, "groups"] if NAME.fullmatch(name):
                if not self._user(name):
                    return _missing("User", name=name)
                held = [group for group, names in self.groups.items() if name in names]
                return 200, _paged([{"groupname": group} for group in held], asked)
            case ["v1", "groups", name, "members" | "sponsors" as kind] if NAME.fullmatch(name):
                return self._members(kind, name, asked)
            case ["v1", "users"]:
                everybody = sorted(self.users.values(), key=itemgetter("username"))
                return 200, _paged(everybody, {"page_size": "40", **asked})
        return 404, {"message": "The requested URL was not found on the server."}

    def _members(self, kind: str, group: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if group not in self.groups:
            return _missing("Group", groupname=group)
        if kind == "sponsors":
            of, asked = self.sponsors, {}
        else:
            of = self.groups
        return 200, _paged([{"username": name} for name in of.get(group, [])], asked)

    def _user(self, name: str) -> dict[str, Any] | None:
        """Return a user as LDAP finds one: whatever the case."""
        same = [user for user in self.users if user.lower() == name.lower()]
        return self.users[same[0]] if same else None

    def _search(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        size = int(asked.pop("page_size", "40"))
        number = int(asked.pop("page_number", "1"))
        terms = {term: value for term, value in asked.items() if _term(term)[0] in TERMS}
        if not 0 < size <= MOST_FOUND:
            return 400, {"message": "Page size must be between 1 and 40 when searching."}
        if not terms:
            return 400, {"message": "At least one search term must be provided."}
        for term, value in terms.items():
            if not _term(term)[1] and len(value) < SHORTEST_PART:
                return 400, {"message": "Search term must be at least 3 characters long."}
        found = [
            user
            for user in self.users.values()
            if all(_matches(user, term, value) for term, value in terms.items())
        ]
        paging = {"page_size": str(size), "page_number": str(number)}
        return 200, _paged(found, paging)


def _term(term: str) -> tuple[str, bool]:
    """Return what is searched for, and whether the whole of it."""
    plain = term.removesuffix("__exact")
    return plain, plain != term or plain in ALWAYS_EXACT


def _matches(user: dict[str, Any], term: str, value: str) -> bool:
    plain, exact = _term(term)
    held = user.get(TERMS[plain]) or []
    values = [held] if isinstance(held, str) else held
    if value == "*":
        return bool(values)
    if exact:
        return any(each.lower() == value.lower() for each in values)
    return any(value.lower() in each.lower() for each in values)


def _missing(kind: str, **named: str) -> tuple[int, dict[str, Any]]:
    return 404, {**named, "message": f"{kind} not found"}


def _paged(found: list[dict[str, Any]], asked: dict[str, str]) -> dict[str, Any]:
    if "page_size" not in asked:
        return {"result": found}
    size, number = int(asked["page_size"]), int(asked.get("page_number", "1"))
    page = {
        "total_results": len(found),
        "page_size": size,
        "page_number": number,
        "total_pages": ceil(len(found) / size),
    }
    return {"result": found[(number - 1) * size : number * size], "page": page}


class _Handler(BaseHTTPRequestHandler):
    simulator: FasJsonSimulator
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.simulator.asked.append(self.path)
        self.simulator.headers.append(dict(self.headers))
        fault = self.simulator.fault_of(self.path)
        if fault is not None:
            self._fail(fault)
        elif self.headers.get("Authorization", "") != self.simulator.challenge:
            self._send(401, b"{}", **{"WWW-Authenticate": "Negotiate"})
        else:
            status, document = self.simulator.answer(self.path)
            self._mask(document)
            self.simulator.changes(document)
            self._send(status, json.dumps(document).encode())

    def _mask(self, document: dict[str, Any]) -> None:
        """Leave out of users what was not asked for."""
        wanted = (self.headers.get("X-Fields") or "").split(",")
        result = document.get("result")
        if wanted == [""] or result is None:
            return
        several = result if isinstance(result, list) else [result]
        masked = [
            {name: value for name, value in each.items() if name in wanted} for each in several
        ]
        document["result"] = masked if isinstance(result, list) else masked[0]

    def _fail(self, fault: Fault) -> None:
        time.sleep(fault.after)
        if fault.hang_up:
            self.close_connection = True
            return
        if fault.drip:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            self._drip()
            return
        more = {"Location": fault.location} if fault.location else {}
        self._send(fault.status, fault.body, **more)

    def _drip(self) -> None:
        self.close_connection = True
        try:
            for _ in range(1000):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.02)
        except OSError:
            return

    def _send(self, status: int, body: bytes, **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def fasjson() -> Iterator[FasJsonSimulator]:
    """Give a FASJSON that answers over HTTP."""
    simulator = FasJsonSimulator()

    handler = type("Handler", (_Handler,), {"simulator": simulator})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    simulator.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(
        target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.02}
    ).start()
    try:
        yield simulator
    finally:
        server.shutdown()
        server.server_close()
