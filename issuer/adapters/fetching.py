# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fetches documents of strangers: public addresses only, pinned, bounded in size and time."""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from openbadges.errors import FetchError
from openbadges.fetching import Response
from openbadges.vocabulary import ACCEPT_BADGE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ipaddress import IPv4Address, IPv6Address

MAX_REDIRECTS = 5
MAX_DOCUMENTS = 20
MAX_DOCUMENT_BYTES = 1 << 20
MAX_PICTURE_BYTES = 5 << 20
MAX_URL = 2048
DOCUMENT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
CHUNK = 64 << 10
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PORTS = {"https": 443, "http": 80}
AGENT = "Accolades (Open Badges verifier)"
#: Printable ASCII without what parsers read differently: white space, backslash, quotes, <>.
PLAIN_URL = re.compile(r"[!#-&(-;=?-\[\]-~]+")
#: Networks that `ipaddress` calls global though they lead inside, or nowhere.
NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "64:ff9b::/96",  # NAT64: an IPv4 address inside
        "64:ff9b:1::/48",
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4: an IPv4 address inside
        "fec0::/10",  # site local
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes: a checked address of the host that the URL names."""

    url: str
    parts: SplitResult
    address: str
    port: int


@dataclass(slots=True)
class GuardedFetcher:
    """Fetches for one verification; make a new one for the next.

    Without ``allow_loopback`` only https at its own port, at public addresses. With it, this
    machine too, by http and at any port: for development.
    """

    allow_loopback: bool = False
    resolve: Callable[..., Sequence[tuple[Any, ...]]] = socket.getaddrinfo
    clock: Callable[[], float] = time.monotonic
    _documents: int = 0
    _deadline: float = field(default=0.0)

    def fetch(self, url: str, *, accept: str = ACCEPT_BADGE) -> Response:
        """Return the final answer to a GET, whatever its status.

        Raises `FetchError`: the address is not public, the limits are reached, or nobody answers.
        """
        self._documents += 1
        if self._documents > MAX_DOCUMENTS:
            raise FetchError(f"{_shown(url)} is one document too many: {MAX_DOCUMENTS} are read")
        now = self.clock()
        self._deadline = self._deadline or now + TOTAL_SECONDS
        until = min(now + DOCUMENT_SECONDS, self._deadline)
        passed: list[str] = []
        current = urldefrag(url).url
        while len(passed) <= MAX_REDIRECTS:
            answer, location = self._get(self._place(current), accept, until)
            if location is None:
                return Response(
                    status=answer.status,
                    final_url=current,
                    content_type=answer.content_type,
                    body=answer.body,
                    redirects=tuple(passed),
                )
            passed.append(current)
            try:
                current = urldefrag(urljoin(current, location)).url
            except ValueError as error:
                raise FetchError(f"{_shown(current)} redirects to what is no address") from error
        raise FetchError(f"{_shown(url)} redirects more than {MAX_REDIRECTS} times")

    def _place(self, url: str) -> Place:
        if len(url) > MAX_URL or not PLAIN_URL.fullmatch(url):
            raise FetchError(f"{_shown(url)} is not an address that is fetched")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise FetchError(f"{_shown(url)} is not an address: {error}") from error
        if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
            raise FetchError(f"{_shown(url)} is not a web address without a user")
        usual = PORTS[parts.scheme]
        address = self._address(parts.hostname, port or usual, url)
        local = ipaddress.ip_address(address).is_loopback
        if not local and (parts.scheme != "https" or (port or usual) != usual):
            raise FetchError(f"{_shown(url)} is not fetched: only https at its own port is")
        return Place(url, parts, address, port or usual)

    def _address(self, host: str, port: int, url: str) -> str:
        """Return an address of the host; every one that it has must be allowed."""
        try:
            found = self.resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise FetchError(f"{_shown(url)} cannot be reached: no such host") from error
        addresses = [str(entry[4][0]) for entry in found if isinstance(entry[4], tuple)]
        if not addresses or not all(self._is_allowed(address) for address in addresses):
            raise FetchError(f"{_shown(url)} is not at a public address")
        return addresses[0]

    def _is_allowed(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return is_public(address) or (self.allow_loopback and address.is_loopback)

    def _get(self, place: Place, accept: str, until: float) -> tuple[Response, str | None]:
        try:
            connection = self._connect(place, until)
        except (OSError, ValueError) as error:
            raise _failed(place.url, error) from error
        try:
            headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": AGENT}
            connection.request("GET", _target(place.parts), headers=headers)
            opened = connection.sock
            opened.settimeout(self._left(until))
            answer = connection.getresponse()
            location = answer.getheader("Location") if answer.status in REDIRECTS else None
            body = b"" if location else self._read(answer, opened, place.url, until)
            response = Response(
                status=answer.status,
                final_url=place.url,
                content_type=answer.getheader("Content-Type", ""),
                body=body,
            )
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _failed(place.url, error) from error
        finally:
            connection.close()
        return response, location

    def _connect(self, place: Place, until: float) -> http.client.HTTPConnection:
        """Connect to the address that was checked; a name that changes its mind changes nothing."""
        host = place.parts.hostname or ""
        opened = socket.create_connection((place.address, place.port), self._left(until))
        try:
            if place.parts.scheme == "https":
                opened = ssl.create_default_context().wrap_socket(opened, server_hostname=host)
        except BaseException:
            opened.close()
            raise
        connection = http.client.HTTPConnection(host, place.port)
        connection.sock = opened
        return connection

    def _read(
        self,
        answer: http.client.HTTPResponse,
        opened: socket.socket,
        url: str,
        until: float,
    ) -> bytes:
        if answer.getheader("Content-Encoding", "identity").lower() != "identity":
            raise FetchError(f"{_shown(url)} answers compressed, though it was asked not to")
        body = b""
        limit = MAX_DOCUMENT_BYTES
        while True:
            # Each read may take what is left and no more: a slow server gets its time once.
            opened.settimeout(self._left(until))
            chunk = answer.read1(CHUNK)
            if not chunk:
                break
            body += chunk
            if _is_picture(body):
                limit = MAX_PICTURE_BYTES
            if len(body) > limit:
                raise FetchError(f"{_shown(url)} is larger than {limit} bytes")
        if answer.length:
            raise FetchError(f"{_shown(url)} breaks off {answer.length} bytes before its end")
        return body

    def _left(self, until: float) -> float:
        left = until - self.clock()
        if left <= 0:
            raise TimeoutError("took too long")
        return left


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the Internet at large, and holds no other inside."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(
        address in network for network in NOT_PUBLIC if network.version == address.version
    )


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_picture(body: bytes) -> bool:
    return body.startswith(b"\x89PNG\r\n\x1a\n") or b"<svg" in body[:1024]


def _failed(url: str, error: Exception) -> FetchError:
    reason = "took too long" if isinstance(error, TimeoutError) else str(error) or "no answer"
    return FetchError(f"{_shown(url)} cannot be reached: {reason}")


def _shown(url: str) -> str:
    """Return an address for a message: short, and without what could act on a terminal."""
    return ascii(url)[1:-1][:200]
