# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests to backpacks: public places by https, bounded in time and size, never led elsewhere."""

from __future__ import annotations

import base64
import math
import socket
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from issuer.adapters.backpacks.results import plain
from issuer.adapters.exchanges import Deadline, UnreachedError, exchange
from issuer.adapters.places import Policy, shown
from issuer.errors import BackpackAwayError, BackpackBrokenError, BackpackLoginError
from issuer.words import Said
from openbadges.errors import FetchError, MalformedError
from openbadges.serialization import dumps, loads

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from issuer.adapters.places import Resolve

#: Badgr fetches half a dozen documents from us before it answers, and waits for each.
SECONDS = 30.0
LONGEST_REST = 24 * 3600.0
AGENT = "Accolades (Open Badges issuer)"
REST = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


#: Something before the backpack says so, and what became of the request behind it nobody knows.
UNSURE = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})


@dataclass(frozen=True, slots=True)
class Reply:
    """What a backpack answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether it did what it was asked."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the value of the answer, or nothing where it is no JSON."""
        try:
            return loads(self.body)
        except MalformedError:
            return None

    @property
    def is_told(self) -> bool:
        """Whether the answer is one of an API, or empty: pages of web sites say 200 to anything."""
        return not self.body.strip() or isinstance(self.json(), dict)

    def words(self) -> str:
        """Return the beginning of the answer, for whoever wants to know what was said."""
        return plain(self.body[:600].decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Calls:
    """Talks to backpacks; one answer may take ``seconds``, however it is cut."""

    allow_loopback: bool = False
    seconds: float = SECONDS
    tls: ssl.SSLContext | None = None
    resolve: Resolve = socket.getaddrinfo
    clock: Callable[[], float] = time.monotonic

    def ask(
        self,
        method: str,
        url: str,
        *,
        bearer: str = "",
        basic: tuple[str, str] | None = None,
        json: dict[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        text: str = "",
    ) -> Reply:
        """Return the answer to one request.

        Raises `BackpackAwayError`: nobody answers, or the answer asks to come later. A redirect is
        not followed, for a token goes nowhere but where its owner sent it.
        """
        headers = {"User-Agent": AGENT, "Accept": "application/json"}
        body = b""
        if json is not None:
            body, headers["Content-Type"] = dumps(json), "application/json"
        elif form is not None:
            body = urlencode(form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif text:
            body, headers["Content-Type"] = text.encode(), "text/plain"
        if basic:
            # A name or a secret may hold anything (RFC 6749, 2.3.1).
            pair = base64.b64encode(":".join(map(quote_plus, basic)).encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        elif bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        if method != "GET":
            headers["Content-Length"] = str(len(body))
        return self._exchange(method, url, headers, body)

    def _exchange(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:
        deadline = Deadline(self.clock, self.clock() + self.seconds)
        policy = Policy(allow_loopback=self.allow_loopback)
        try:
            place = policy.check(url, self.resolve, deadline.left())
            answer = exchange(place, headers, deadline, self.tls, method=method, body=body)
        except UnreachedError as error:
            raise BackpackAwayError(error.args[0]) from error
        except TimeoutError as error:
            raise BackpackAwayError(
                "%(address)s cannot be found in time", address=shown(url)
            ) from error
        except FetchError as error:
            raise BackpackAwayError(error.args[0], is_unsure=True) from error
        if answer.location:
            raise BackpackBrokenError(
                "%(address)s leads on to %(target)s: give the address where it ends",
                address=shown(url),
                target=shown(answer.location),
            )
        if answer.status in REST:
            raise BackpackAwayError(
                "%(address)s asks to come later (%(status)s)",
                address=shown(url),
                status=answer.status,
                seconds=_seconds(answer.headers.get("retry-after", "")),
                is_unsure=answer.status in UNSURE,
            )
        return Reply(answer.status, answer.headers, answer.body)


def check_login(reply: Reply) -> None:
    """Raise `BackpackLoginError` where a token is no good, `BackpackBrokenError` after a crash."""
    if reply.status == HTTPStatus.UNAUTHORIZED:
        raise BackpackLoginError("the backpack does not believe the token any more")
    if reply.status >= 500:
        raise BackpackBrokenError(
            "the backpack broke (%(status)s): %(reason)s",
            status=reply.status,
            reason=Said(reply.words()),
        )


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None  # a date, or nothing: our own patience counts
    return min(max(seconds, 1.0), LONGEST_REST) if math.isfinite(seconds) else None
