# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import ipaddress
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from issuer.adapters import fetching
from issuer.adapters.fetching import GuardedFetcher, is_public
from openbadges.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/ld+json\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def serving(answer: Callable[[socket.socket, bytes], None]) -> Iterator[tuple[str, list[bytes]]]:
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
                    requests.append(connection.recv(65536))
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


def plainly(content: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda connection, _: connection.sendall(content)


def resolving(*addresses: str) -> Callable[..., list[tuple[object, ...]]]:
    def resolve(_host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    return resolve


def fetcher() -> GuardedFetcher:
    return GuardedFetcher(allow_loopback=True)


def test_a_document_is_fetched_with_its_status_and_type() -> None:
    with serving(plainly(OK)) as (url, requests):
        response = fetcher().fetch(f"{url}/a?b=c#d", accept="application/json")
    assert (response.status, response.body) == (200, b"{}")
    assert response.content_type == "application/ld+json"
    assert response.final_url == f"{url}/a?b=c"
    assert requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert b"Accept: application/json" in requests[0]
    assert b"Cookie" not in requests[0]


def test_whatever_the_status_the_answer_is_returned() -> None:
    with serving(plainly(b"HTTP/1.1 410 Gone\r\nContent-Length: 2\r\n\r\n{}")) as (url, _):
        assert fetcher().fetch(url).status == 410


def test_redirects_are_followed_and_noted() -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        moved = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(OK if b"/there" in request else moved)

    with serving(answer) as (url, _):
        response = fetcher().fetch(f"{url}/here")
    assert response.final_url == f"{url}/there"
    assert response.redirects == (f"{url}/here",)


@pytest.mark.parametrize(
    "location",
    [
        "/again",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://10.0.0.1/",
        "//[::ffff:a00:1]/",
    ],
)
def test_redirects_that_do_not_end_or_lead_inside_are_refused(location: str) -> None:
    moved = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    with serving(plainly(moved)) as (url, requests), pytest.raises(FetchError):
        fetcher().fetch(f"{url}/again")
    assert len(requests) <= fetching.MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://127.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://192.0.0.8/",
        "https://10.1.2.3/",
        "https://100.64.0.1/",
        "https://localhost/",
    ],
)
def test_addresses_inside_are_refused(url: str) -> None:
    with pytest.raises(FetchError):
        GuardedFetcher().fetch(url)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://good.example\\@127.0.0.1/",
        "https://exämple.org/",
        "https://example.org/a b",
        "https://example.org/a\r\nHost: evil",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https:///nothing",
        "https://example.org/" + "a" * 3000,
        "http://example.org/",
        "https://example.org:8443/",
        "//example.org/",
        "",
    ],
)
def test_what_is_no_plain_public_address_is_refused(url: str) -> None:
    with pytest.raises(FetchError):
        GuardedFetcher(resolve=resolving("93.184.216.34")).fetch(url)


def test_one_private_address_of_a_host_is_enough_to_refuse_it() -> None:
    with pytest.raises(FetchError, match="public address"):
        GuardedFetcher(resolve=resolving("93.184.216.34", "10.0.0.1")).fetch("https://example.org/")


def test_the_address_that_was_checked_is_the_one_that_is_used() -> None:
    answers = iter([resolving("127.0.0.1"), resolving("10.0.0.1")])

    def resolve(host: str, port: int, **options: object) -> list[tuple[object, ...]]:
        return next(answers)(host, port, **options)

    with serving(plainly(OK)) as (url, requests):
        port = url.rpartition(":")[2]
        response = GuardedFetcher(allow_loopback=True, resolve=resolve).fetch(
            f"http://badges.example:{port}/"
        )
    assert response.status == 200
    assert f"Host: badges.example:{port}".encode() in requests[0]


def test_loopback_needs_the_setting() -> None:
    with serving(plainly(OK)) as (url, requests), pytest.raises(FetchError):
        GuardedFetcher().fetch(url)
    assert requests == []


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"a" * (2 << 20),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (2 << 20),
    ],
    ids=["with-length", "endless"],
)
def test_a_document_that_is_too_large_is_refused(content: bytes) -> None:
    with serving(plainly(content)) as (url, _), pytest.raises(FetchError, match="larger"):
        fetcher().fetch(url)


def test_a_picture_may_be_larger() -> None:
    body = b"\x89PNG\r\n\x1a\n" + b"a" * (2 << 20)
    content = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + body
    with serving(plainly(content)) as (url, _):
        assert fetcher().fetch(url).body == body


def test_a_slow_server_gets_no_more_than_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "DOCUMENT_SECONDS", 0.5)

    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.05)

    started = time.monotonic()
    with serving(drip) as (url, _), pytest.raises(FetchError, match="too long"):
        fetcher().fetch(url)
    assert time.monotonic() - started < 10


def test_a_verification_has_a_time_of_its_own() -> None:
    moments = iter([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 11.0, 11.0, 11.0, 11.0])
    with serving(plainly(OK)) as (url, _):
        slow = GuardedFetcher(allow_loopback=True, clock=lambda: next(moments, 11.0))
        slow.fetch(url)
        with pytest.raises(FetchError, match="too long"):
            for _ in range(3):
                slow.fetch(url)


def test_a_verification_reads_so_many_documents_and_no_more() -> None:
    with serving(plainly(OK)) as (url, _):
        one = fetcher()
        for _ in range(fetching.MAX_DOCUMENTS):
            one.fetch(url)
        with pytest.raises(FetchError, match="too many"):
            one.fetch(url)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    ],
    ids=["nothing", "no-http", "cut-off", "bad-chunk", "compressed", "many-headers"],
)
def test_answers_that_break_the_protocol_are_refused(content: bytes) -> None:
    with serving(plainly(content)) as (url, _), pytest.raises(FetchError):
        fetcher().fetch(url)


def test_nobody_there_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FetchError, match="cannot be reached"):
        fetcher().fetch(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
