# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an answer becomes, and what becomes of one that breaks the protocol."""

from __future__ import annotations

import socket

import pytest

from issuer.adapters.fetching import GuardedFetcher
from openbadges.errors import FetchError
from openbadges.fetching import Response
from openbadges.vocabulary import ACCEPT_DOCUMENT
from tests.unit.issuer.adapters.serving import CHUNKED, OK, fetcher, moved, plainly, serving

# What an answer becomes


def test_a_document_is_fetched_with_its_status_and_type() -> None:
    with serving(plainly(OK)) as (url, requests):
        response = fetcher().fetch(f"{url}/a?b=c#d", accept="application/json")
    assert (response.status, response.body) == (200, b"{}")
    assert response.content_type == "application/ld+json"
    assert response.final_url == f"{url}/a?b=c"
    assert requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert b"\r\nAccept: application/json\r\n" in requests[0]
    assert b"\r\nHost: " + url.removeprefix("http://").encode() + b"\r\n" in requests[0]
    for name in (b"cookie", b"authorization", b"referer"):
        assert name not in requests[0].lower()


def test_cookies_of_a_server_never_come_back() -> None:
    answer = OK.replace(b"Content-Type", b"Set-Cookie: a=b; Path=/\r\nContent-Type")
    with serving(plainly(answer)) as (url, requests):
        one = fetcher()
        one.fetch(url)
        one.fetch(f"{url}/again")
    assert not any(b"cookie" in request.lower() for request in requests)


@pytest.mark.parametrize("status", ["410 Gone", "404 Not Found", "500 Internal Server Error"])
def test_whatever_the_status_the_answer_is_returned(status: str) -> None:
    content = f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    with serving(plainly(content)) as (url, _):
        response = fetcher().fetch(url)
    assert (response.status, response.body) == (int(status[:3]), b"{}")


def test_redirects_are_followed_and_noted() -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        (plainly(OK) if b"/there" in request else moved("/there"))(connection, request)

    with serving(answer) as (url, _):
        response = fetcher().fetch(f"{url}/here")
    assert response.final_url == f"{url}/there"
    assert response.redirects == (f"{url}/here",)


def test_a_redirect_to_this_very_site_is_answered_inside() -> None:
    inside = Response(status=200, final_url="https://own.example/a", body=b"own")
    asked: list[str] = []

    def own(url: str) -> Response | None:
        asked.append(url)
        return inside if url.startswith("https://own.example/") else None

    with serving(moved("https://own.example/a")) as (url, _):
        response = GuardedFetcher(allow_loopback=True, inside=own).fetch(url)
    assert response.body == b"own"
    assert response.redirects == (url,)
    assert asked == ["https://own.example/a"]


# Answers that break the protocol


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"-1\r\n",
        CHUNKED + b"ffffffffffffffffffff\r\na",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 99999999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: identity, br\r\nContent-Length: 2\r\n\r\n{}",
        b"\x1b[31m\x1b]0;x\x07\r\n\r\n",
    ],
    ids=[
        "nothing",
        "no-http",
        "cut-off",
        "bad-chunk",
        "negative-chunk",
        "endless-chunk",
        "many-headers",
        "bad-status",
        "gzip",
        "two-encodings",
        "terminal-codes",
    ],
)
def test_answers_that_break_the_protocol_are_refused(content: bytes) -> None:
    with serving(plainly(content)) as (url, _), pytest.raises(FetchError) as raised:
        fetcher().fetch(url)
    assert str(raised.value).isprintable()


def test_nobody_there_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FetchError, match="cannot be reached"):
        fetcher().fetch(f"http://127.0.0.1:{port}/")


def test_a_header_that_is_none_is_not_sent() -> None:
    with serving(plainly(OK)) as (url, requests), pytest.raises(FetchError):
        fetcher().fetch(url, accept=f"{ACCEPT_DOCUMENT}\r\nCookie: a=b")
    assert requests in ([], [b""])
