# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server that notes what it was asked and does as it is told."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request

from tests.login_site import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where whoever hands in a badge can be killed: before it is stored, after that, and when the
#: answer is on its way.
PLACES = ("asked", "stored", "answered")


@dataclass
class Account:
    """Somebody who has a backpack, with the addresses that they proved or not."""

    password: str
    emails: dict[str, bool]
    badges: dict[str, dict[str, Any]] = field(default_factory=dict)  # by their own ids

    @property
    def is_verified(self) -> bool:
        return any(self.emails.values())


class Simulator:
    """What all simulated backpacks share."""

    def __init__(self) -> None:
        self.app = Flask(type(self).__name__)
        self.url = ""
        self.accounts: dict[str, Account] = {}
        self.tokens: dict[str, str] = {}  # to the first address of an account
        self.rights: dict[str, frozenset[str]] = {}  # of a token that does not open everything
        self.renewals: dict[str, str] = {}
        self.asked: list[str] = []
        self.failures: deque[Response] = deque()
        self.lasts = 86400
        #: One of `PLACES`: a badge goes no further than that, until `go_on` is set.
        self.holds, self.held, self.go_on = "", threading.Event(), threading.Event()
        self.kept = threading.Event()  # a badge was stored
        self.is_done = threading.Event()  # the request that was held on has its answer
        self.is_losing = False  # whether what was held on is forgotten
        self.app.before_request(self._note)
        self.app.after_request(self._answered)
        self.prepare()

    def prepare(self) -> None:
        """Add the routes."""
        raise NotImplementedError

    def missing(self) -> Response | None:
        """Return the answer to a request for what this server never heard of."""
        return None

    def account(self, email: str, password: str = "pass") -> Account:  # noqa: S107 (a test's own)
        """Return a new account that proved its address."""
        made = self.accounts[email] = Account(password, {email: True})
        return made

    def token(self, email: str, rights: str = "") -> str:
        """Return a token for an account, as its owner could copy one; for all unless told."""
        token = secrets.token_urlsafe(12)
        self.tokens[token] = email
        if rights:
            self.rights[token] = frozenset(rights.split())
        return token

    def fail(
        self, status: int, headers: dict[str, str] | None = None, body: str = "<h1>error</h1>"
    ) -> None:
        """Answer the next request for badges with an error, or with another answer."""
        self.failures.append(Response(body, status, headers=headers))

    def granted(self, email: str) -> Response:
        """Return the answer to a login."""
        renewal = secrets.token_urlsafe(12)
        self.renewals[renewal] = email
        return jsonify(
            access_token=self.token(email),
            token_type="Bearer",  # noqa: S106 (no secret)
            expires_in=self.lasts,
            refresh_token=renewal,
        )

    def whose(self) -> Account | None:
        """Return whose token a request brings."""
        email = self.tokens.get(self._brought())
        return self.accounts[email] if email else None

    def may(self, *rights: str) -> bool:
        """Whether the token of a request has one of these rights."""
        own = self.rights.get(self._brought())
        return own is None or bool(own & set(rights))

    def _brought(self) -> str:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return token if scheme == "Bearer" else ""

    def stored(self) -> None:
        """Hold on where a test wants to kill whoever asked, after the badge was stored."""
        self.kept.set()
        self._hold("stored")

    def hold(self, place: str) -> None:
        """Hold on at that place when the next badge comes there."""
        for event in (self.held, self.go_on, self.kept, self.is_done):
            event.clear()
        self.holds = place

    def let_go(self) -> None:
        """Go on, as a server does whose client died."""
        self.holds = ""
        self.go_on.set()

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve, and give the address."""
        with serving(self.app) as url:
            self.url = url
            try:
                yield url
            finally:
                self.go_on.set()

    def _note(self) -> Response | None:
        self.asked.append(f"{request.method} {request.path}")
        if (answer := self.missing()) is not None:
            return answer
        is_login = "token" in request.path or "discovery" in request.path
        if request.method == "POST" and not is_login:
            self._hold("asked")
            if self.is_losing:
                return Response(status=503)
        return self.failures.popleft() if self.failures and not is_login else None

    def _answered(self, response: Response) -> Response:
        if request.method == "POST":
            response.call_on_close(self.is_done.set)
        if self.holds == "answered" and request.method == "POST":
            response.call_on_close(self.held.set)
        return response

    def _hold(self, place: str) -> None:
        if self.holds == place:
            self.held.set()
            self.go_on.wait(30)
