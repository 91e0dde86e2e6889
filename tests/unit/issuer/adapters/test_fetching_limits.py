# SPDX-License-Identifier: AGPL-3.0-or-later
"""Slow and large answers: the row S4 of the list of attacks by its name."""

from __future__ import annotations

import gzip
import threading
import time
from typing import TYPE_CHECKING

import pytest

from issuer.adapters import exchanges, fetching
from issuer.adapters.fetching import GuardedFetcher
from issuer.adapters.places import Lookups
from openbadges.errors import FetchError
from tests.unit.issuer.adapters.serving import (
    CHUNKED,
    OK,
    dripping,
    fetcher,
    moved,
    plainly,
    serving,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Give what ends a server that would send for ever."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> float:
    """Make the time of one document short, so that no test waits."""
    monkeypatch.setattr(fetching, "DOCUMENT_SECONDS", 0.3)
    return 5.0  # what even a busy machine needs less than


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" "),
        (CHUNKED, b"1\r\n \r\n"),
        (CHUNKED, b"0"),
        (CHUNKED + b"1;", b"x"),
        (CHUNKED + b"0\r\n", b"X: y\r\n"),
    ],
    ids=[
        "status",
        "header",
        "headers",
        "continue",
        "body",
        "body-with-length",
        "chunks",
        "chunk-size",
        "chunk-extension",
        "trailers",
    ],
)
def test_s4_a_slow_server_gets_its_time_once(
    hasty: float, stop: threading.Event, start: bytes, piece: bytes
) -> None:
    started = time.monotonic()
    with serving(dripping(start, piece, stop)) as (url, _):
        with pytest.raises(FetchError):
            fetcher().fetch(url)
        assert time.monotonic() - started < hasty
        stop.set()


@pytest.mark.parametrize("piece", [b"\x16", b"\x16\x03\x03\x00\x01"], ids=["silent", "dripping"])
def test_s4_a_slow_handshake_gets_its_time_once(
    hasty: float, stop: threading.Event, piece: bytes
) -> None:
    started = time.monotonic()
    with serving(dripping(b"", piece, stop)) as (url, _):
        with pytest.raises(FetchError):
            fetcher().fetch(url.replace("http:", "https:"))
        assert time.monotonic() - started < hasty
        stop.set()


def test_s4_a_name_that_is_never_found_gets_its_time_once(
    hasty: float, stop: threading.Event
) -> None:
    def hanging(*_: object, **__: object) -> list[tuple[object, ...]]:
        stop.wait(60)
        return []

    started = time.monotonic()
    with pytest.raises(FetchError, match="too long"):
        GuardedFetcher(resolve=hanging).fetch("https://example.org/")
    assert time.monotonic() - started < hasty


def test_s4_names_that_are_never_found_do_not_pile_up(stop: threading.Event) -> None:
    asked: list[str] = []

    def hanging(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        stop.wait(60)
        return []

    lookups = Lookups(most=2)
    for host in ("a.example", "a.example", "b.example", "c.example"):
        with pytest.raises(TimeoutError):
            lookups.find(hanging, host, 443, 0.01)
    assert asked == ["a.example", "b.example"]


def test_s4_redirects_share_the_time_of_their_document() -> None:
    moment = [0.0]

    def answer(connection: socket.socket, request: bytes) -> None:
        moment[0] += 2.0
        moved("/again")(connection, request)

    with serving(answer) as (url, requests), pytest.raises(FetchError, match="too long"):
        GuardedFetcher(allow_loopback=True, clock=lambda: moment[0]).fetch(url)
    assert len(requests) == 3


def test_s4_a_verification_has_a_time_of_its_own() -> None:
    moment = [100.0]

    def answer(connection: socket.socket, request: bytes) -> None:
        moment[0] += 4.0
        plainly(OK)(connection, request)

    with serving(answer) as (url, requests):
        slow = GuardedFetcher(allow_loopback=True, clock=lambda: moment[0])
        assert [slow.fetch(url).status for _ in range(2)] == [200, 200]
        with pytest.raises(FetchError, match="too long"):
            slow.fetch(url)
        with pytest.raises(FetchError, match="too long"):
            slow.fetch(url)
    assert len(requests) == 3  # the last one is not even begun


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"a" * 2_000_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 2_000_000,
        CHUNKED + b"100000\r\n" + b"a" * (1 << 20) + b"\r\n1\r\na\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 2000 + b"\r\n") * 50 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
    ],
    ids=["10-gb", "with-length", "endless", "chunked", "header", "headers", "continue"],
)
def test_s4_an_answer_that_is_too_large_is_refused(content: bytes) -> None:
    with (
        serving(plainly(content)) as (url, _),
        pytest.raises(FetchError, match=r"larger|more than"),
    ):
        fetcher().fetch(url)


def test_s4_chunks_may_not_cost_much_more_than_they_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "MAX_WIRE_BYTES", 100_000)
    content = CHUNKED + (b"1;" + b"x" * 1000 + b"\r\na\r\n") * 200
    with serving(plainly(content)) as (url, _), pytest.raises(FetchError, match="larger"):
        fetcher().fetch(url)


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"


@pytest.mark.parametrize("start", [PNG, b"<?xml version='1.0'?>\n<svg:svg xmlns:svg='x'>"])
@pytest.mark.parametrize("called", ["Content-Type: image/png\r\n", ""])
def test_s4_a_picture_may_be_larger(start: bytes, called: str) -> None:
    body = start + b"a" * (4 << 20)
    content = f"HTTP/1.1 200 OK\r\n{called}\r\n".encode() + body
    with serving(plainly(content)) as (url, _):
        assert fetcher().fetch(url).body == body


@pytest.mark.parametrize(
    ("called", "body"),
    [
        ("image/png", b"{" * (2 << 20)),
        ("application/json", PNG + b"a" * (2 << 20)),
        ("image/png", PNG + b"a" * (6 << 20)),
    ],
    ids=["no-picture", "called-json", "too-large-a-picture"],
)
def test_s4_what_only_looks_or_is_called_like_a_picture_may_not(called: str, body: bytes) -> None:
    content = f"HTTP/1.1 200 OK\r\nContent-Type: {called}\r\n\r\n".encode() + body
    with serving(plainly(content)) as (url, _), pytest.raises(FetchError, match="larger"):
        fetcher().fetch(url)


def test_s4_a_gzip_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"0" * (32 << 20))
    content = b"HTTP/1.1 200 OK\r\nContent-Encoding: GZip\r\n\r\n" + bomb
    with (
        serving(plainly(content)) as (url, requests),
        pytest.raises(FetchError, match="compressed"),
    ):
        fetcher().fetch(url)
    assert b"\r\nAccept-Encoding: identity\r\n" in requests[0]


def test_s4_a_verification_reads_so_many_documents_and_no_more() -> None:
    with serving(plainly(OK)) as (url, requests):
        one = fetcher()
        for _ in range(20):
            one.fetch(url)
        with pytest.raises(FetchError, match="too many"):
            one.fetch(url)
    assert len(requests) == 20


def test_s4_a_verification_reads_so_many_bytes_and_no_more() -> None:
    content = b"HTTP/1.1 200 OK\r\n\r\n" + PNG + b"a" * (4 << 20)
    with serving(plainly(content)) as (url, _):
        one = fetcher()
        with pytest.raises(FetchError, match="in all"):
            for _ in range(6):
                one.fetch(url)


def test_only_so_many_fetch_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "GATE_SECONDS", 0.01)
    gate = threading.Semaphore(1)
    with serving(plainly(OK)) as (url, requests):
        one = GuardedFetcher(allow_loopback=True, gate=gate)
        with gate, pytest.raises(FetchError, match="at once"):
            one.fetch(url)
        assert requests == []
        assert one.fetch(url).status == 200
        assert one.fetch(url).status == 200  # the place was given back
