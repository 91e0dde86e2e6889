# SPDX-License-Identifier: AGPL-3.0-or-later
"""One request and its answer over HTTP/1.1, within one time and one size however they are cut."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from issuer.adapters.places import shown
from issuer.words import Said, Text
from openbadges.baking import media_type
from openbadges.errors import BakingError, FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from issuer.adapters.places import Place

MAX_HEAD_BYTES = 64 << 10
MAX_DOCUMENT_BYTES = 1 << 20
MAX_PICTURE_BYTES = 5 << 20
#: Chunks may cost something beside what they hold.
MAX_WIRE_BYTES = 2 * MAX_PICTURE_BYTES
CHUNK = 64 << 10
BEGINNING = 64 << 10
#: The media type of what has none.
UNKNOWN = "application/octet-stream"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
AGENT = "Accolades (Open Badges verifier)"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which patience ends, for every step alike."""

    clock: Callable[[], float]
    until: float

    def left(self) -> float:
        """Return the seconds that are left; raise `TimeoutError` when there are none."""
        left = self.until - self.clock()
        if left <= 0:
            raise TimeoutError
        return left


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def location(self) -> str:
        """Where the answer leads on; empty where it is the last one."""
        return self.headers.get("location", "") if self.status in REDIRECTS else ""


class UnreachedError(FetchError):
    """Nobody got the request, so that nothing can have come of it."""


class _Wire(io.RawIOBase):
    """The bytes of a server: every read gets what is left of the time, and no more."""

    def __init__(self, opened: socket.socket, deadline: Deadline, url: str) -> None:
        self.most = MAX_HEAD_BYTES
        self._opened, self._deadline, self._url = opened, deadline, url

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # as io calls it
        """Read what is there; raise `TimeoutError` or `FetchError` at the limits."""
        self._opened.settimeout(self._deadline.left())
        count = self._opened.recv_into(buffer)
        self.most -= count
        if self.most < 0:
            raise FetchError(
                Text(
                    "%(address)s is larger than what is read of an answer", address=shown(self._url)
                )
            )
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return itself as `http.client` wants a socket to be read."""
        return io.BufferedReader(self)


def exchange(
    place: Place,
    headers: Mapping[str, str],
    deadline: Deadline,
    tls: ssl.SSLContext | None = None,
    *,
    method: str = "GET",
    body: bytes = b"",
) -> Answer:
    """Return the answer to a request, whatever its status; the body of a redirect is left unread.

    Raises `FetchError`: nobody answers in time, not by the protocol, or with too much; and
    `UnreachedError` where nobody got the request.
    """
    try:
        opened = _connect(place, deadline, tls)
    except (OSError, ValueError) as error:
        raise UnreachedError(*failed(place.url, error).args) from error
    try:
        opened.settimeout(deadline.left())
        opened.sendall(_request(place, headers, method) + body)
        wire = _Wire(opened, deadline, place.url)
        response = http.client.HTTPResponse(cast("socket.socket", wire), method=method)
        response.begin()
        wire.most = MAX_WIRE_BYTES
        names = {name.lower() for name in response.headers}
        answer = Answer(response.status, {name: response.getheader(name) or "" for name in names})
        if answer.location or response.status == 304:
            return answer
        return Answer(response.status, answer.headers, _body(response, place.url, deadline))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise failed(place.url, error) from error
    finally:
        opened.close()


def failed(url: str, error: Exception) -> FetchError:
    """Return the error that says why an address cannot be reached."""
    if isinstance(error, TimeoutError):
        reason: str = Text("took too long")
    elif isinstance(error, ssl.SSLCertVerificationError):
        reason = Text(
            "its certificate does not hold: %(reason)s", reason=Said(error.verify_message)
        )
    else:
        reason = Said(ascii(str(error))[1:-1][:200]) or Text("no answer")
    return FetchError(
        Text("%(address)s cannot be reached: %(reason)s", address=shown(url), reason=reason)
    )


def _connect(place: Place, deadline: Deadline, tls: ssl.SSLContext | None) -> socket.socket:
    """Connect to an address that was checked; a name that changes its mind changes nothing."""
    opened = _open(place, deadline)
    if place.parts.scheme != "https":
        return opened
    try:
        opened.settimeout(deadline.left())  # holds for the whole handshake
        return (tls or trusted()).wrap_socket(opened, server_hostname=place.host)
    except BaseException:
        opened.close()
        raise


def _open(place: Place, deadline: Deadline) -> socket.socket:
    """Try the addresses one after the other; one that is silent leaves time for the next."""
    *others, last = place.addresses
    for number, address in enumerate(others):
        share = deadline.left() / (len(place.addresses) - number)
        try:
            return socket.create_connection((address, place.port), share)
        except OSError:
            continue  # the last address tells why nobody answers
    return socket.create_connection((last, place.port), deadline.left())


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """Return what the certificates of servers are judged by; reading them takes a while."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _request(place: Place, headers: Mapping[str, str], method: str) -> bytes:
    lines = {
        "Host": place.host_header,
        "User-Agent": AGENT,
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    head = [f"{method} {place.target} HTTP/1.1"]
    head += [f"{name}: {value}" for name, value in lines.items()]
    if any(not line.isprintable() for line in head):
        raise ValueError("a header is no text")
    return ("\r\n".join(head) + "\r\n\r\n").encode("ascii")


def _body(response: http.client.HTTPResponse, url: str, deadline: Deadline) -> bytes:
    if (response.getheader("Content-Encoding") or "identity").strip().lower() != "identity":
        raise FetchError(
            Text("%(address)s answers compressed, though it was asked not to", address=shown(url))
        )
    body = bytearray()
    if (response.length or 0) > MAX_PICTURE_BYTES:
        raise FetchError(
            Text(
                "%(address)s is larger than %(limit)s bytes",
                address=shown(url),
                limit=MAX_PICTURE_BYTES,
            )
        )
    while chunk := response.read1(CHUNK):
        deadline.left()  # many small pieces may cost us the time, not the server
        body += chunk
        if len(body) > MAX_DOCUMENT_BYTES:
            limit = MAX_PICTURE_BYTES if _is_picture(body, response) else MAX_DOCUMENT_BYTES
            if len(body) > limit:
                raise FetchError(
                    Text(
                        "%(address)s is larger than %(limit)s bytes",
                        address=shown(url),
                        limit=limit,
                    )
                )
    if response.length:
        raise FetchError(
            Text(
                "%(address)s breaks off %(number)s bytes before its end",
                address=shown(url),
                number=response.length,
            )
        )
    return bytes(body)


def _is_picture(body: bytearray, response: http.client.HTTPResponse) -> bool:
    """Whether the bytes are those of a picture, and the server does not call it something else."""
    called = (response.getheader("Content-Type") or UNKNOWN).partition(";")[0].strip().lower()
    if not called.startswith("image/") and called != UNKNOWN:
        return False
    try:
        media_type(bytes(body[:BEGINNING]))
    except BakingError:
        return False
    return True
