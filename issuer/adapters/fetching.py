# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fetches documents of strangers: public addresses only, pinned, bounded in size and time."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

from issuer.adapters.exchanges import Deadline, exchange, failed
from issuer.adapters.places import Policy, shown
from issuer.words import Text
from openbadges.errors import FetchError
from openbadges.fetching import Response
from openbadges.vocabulary import ACCEPT_BADGE

if TYPE_CHECKING:
    import ssl
    import threading
    from collections.abc import Callable

    from issuer.adapters.answers import AnswerCache
    from issuer.adapters.exchanges import Answer
    from issuer.adapters.places import Resolve

MAX_REDIRECTS = 5
MAX_DOCUMENTS = 20
MAX_TOTAL_BYTES = 20 << 20
DOCUMENT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
GATE_SECONDS = 1.0
NOT_MODIFIED = 304


@dataclass(slots=True)
class GuardedFetcher:
    """Fetches for one verification; make a new one for the next.

    `Policy` tells where requests may go. ``inside`` answers, instead of the network, what a
    redirect names and this site has. ``cache`` and ``gate``, how many may fetch at the same time,
    are those of all verifications of the process.
    """

    allow_loopback: bool = False
    allow_http: bool = False
    cache: AnswerCache | None = None
    gate: threading.Semaphore | None = None
    inside: Callable[[str], Response | None] | None = None
    tls: ssl.SSLContext | None = None
    resolve: Resolve = socket.getaddrinfo
    clock: Callable[[], float] = time.monotonic
    _documents: int = 0
    _bytes: int = 0
    _until: float | None = field(default=None)

    def fetch(self, url: str, *, accept: str = ACCEPT_BADGE) -> Response:
        """Return the final answer to a GET, whatever its status.

        Raises `FetchError`: the address is not public, the limits are reached, or nobody answers.
        """
        self._documents += 1
        if self._documents > MAX_DOCUMENTS:
            raise FetchError(
                Text(
                    "%(address)s is one document too many: %(limit)s are read",
                    address=shown(url),
                    limit=MAX_DOCUMENTS,
                )
            )
        deadline = self._deadline()
        if self.gate is None:
            return self._follow(urldefrag(url).url, accept, deadline)
        if not self.gate.acquire(timeout=GATE_SECONDS):
            raise FetchError(
                Text(
                    "%(address)s is not fetched now: too many verifications at once",
                    address=shown(url),
                )
            )
        try:
            return self._follow(urldefrag(url).url, accept, deadline)
        finally:
            self.gate.release()

    def _follow(self, url: str, accept: str, deadline: Deadline) -> Response:
        passed: list[str] = []
        current = url
        while len(passed) <= MAX_REDIRECTS:
            # A redirect to this very site would make it wait for itself.
            own = self.inside(current) if self.inside and passed else None
            if own is not None:
                return replace(own, redirects=tuple(passed))
            answer = self._ask(current, accept, deadline)
            if not answer.location:
                return Response(
                    status=answer.status,
                    final_url=current,
                    content_type=answer.headers.get("content-type", ""),
                    body=answer.body,
                    redirects=tuple(passed),
                )
            passed.append(current)
            try:
                current = urldefrag(urljoin(current, answer.location)).url
            except ValueError as error:
                raise FetchError(
                    Text("%(address)s redirects to what is no address", address=shown(current))
                ) from error
        raise FetchError(
            Text(
                "%(address)s redirects more than %(limit)s times",
                address=shown(url),
                limit=MAX_REDIRECTS,
            )
        )

    def _deadline(self) -> Deadline:
        now = self.clock()
        if self._until is None:
            self._until = now + TOTAL_SECONDS
        return Deadline(self.clock, min(now + DOCUMENT_SECONDS, self._until))

    def _ask(self, url: str, accept: str, deadline: Deadline) -> Answer:
        """Return one answer: a kept one where its server allows that, else a new one."""
        key = (url, accept, self.allow_loopback, self.allow_http)
        kept = self.cache.find(key) if self.cache else None
        if kept is not None and kept.fresh_until > self.clock():
            return kept.answer
        conditions = kept.conditions() if kept else {}
        answer = self._exchange(url, {"Accept": accept, **conditions}, deadline)
        if kept is not None and conditions and answer.status == NOT_MODIFIED:
            # What the server says now of keeping counts, not what it said then.
            answer = replace(kept.answer, headers={**kept.answer.headers, **answer.headers})
        if self.cache is not None:
            self.cache.keep(key, answer, self.clock())
        return answer

    def _exchange(self, url: str, headers: dict[str, str], deadline: Deadline) -> Answer:
        policy = Policy(allow_loopback=self.allow_loopback, allow_http=self.allow_http)
        try:
            place = policy.check(url, self.resolve, deadline.left())
        except TimeoutError as error:
            raise failed(url, error) from error
        answer = exchange(place, headers, deadline, self.tls)
        self._bytes += len(answer.body)
        if self._bytes > MAX_TOTAL_BYTES:
            raise FetchError(
                Text(
                    "%(address)s makes it more than %(limit)s bytes in all",
                    address=shown(url),
                    limit=MAX_TOTAL_BYTES,
                )
            )
        return answer
