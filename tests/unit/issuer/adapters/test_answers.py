# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is kept of other servers' answers: no more than they allow, and not for long."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from issuer.adapters import answers
from issuer.adapters.answers import AnswerCache, seconds_fresh
from issuer.adapters.exchanges import Answer
from issuer.adapters.fetching import GuardedFetcher
from openbadges.errors import FetchError
from openbadges.vocabulary import ACCEPT_BADGE, ACCEPT_IMAGE
from tests.unit.issuer.adapters.serving import plainly, serving

if TYPE_CHECKING:
    import socket

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


class Server:
    """Answers with what it holds now."""

    def __init__(self, headers: str = "", body: bytes = b"{}", status: str = "200 OK") -> None:
        self.headers, self.body, self.status = headers, body, status

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\n{self.headers}\r\n"
        plainly(head.encode() + self.body)(connection, request)


class Verifications:
    """Fetches as one verification after the other does, at moments that the test chooses."""

    def __init__(self) -> None:
        self.cache = AnswerCache()
        self.now = 1000.0

    def fetch(self, url: str, accept: str = ACCEPT_BADGE) -> bytes:
        one = GuardedFetcher(allow_loopback=True, cache=self.cache, clock=lambda: self.now)
        response = one.fetch(url, accept=accept)
        assert response.status in {200, 410}
        return response.body


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "max-age=30"}, 30),
        ({"cache-control": "max-age=31536000"}, 60),
        ({"cache-control": 'Max-Age="30"'}, 30),
        ({"cache-control": "public, max-age=30, s-maxage=10"}, 10),
        ({"cache-control": "max-age=30", "age": "20"}, 10),
        ({"cache-control": "max-age=30", "age": "40"}, 0),
        ({"cache-control": "max-age=30, max-age=50"}, 0),
        ({"cache-control": "max-age=30, must-revalidate"}, 30),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": "max-age=x"}, 0),
        ({"cache-control": "max-age=" + "9" * 5000}, 0),
        ({"cache-control": "max-age=30, no-cache"}, 0),
        ({"cache-control": 'no-cache="set-cookie", max-age=30'}, 0),
        ({"cache-control": "max-age=30, NO-STORE"}, None),
        ({"cache-control": "private, max-age=30"}, None),
        ({"cache-control": "max-age=30", "vary": "*"}, None),
        ({"cache-control": "max-age=30", "vary": "Accept, Cookie"}, 30),
        ({"pragma": "no-cache", "expires": "Sat, 21 Nov 2026 12:00:30 GMT", "date": DATE}, 0),
        ({"expires": "Sat, 21 Nov 2026 12:00:30 GMT", "date": DATE}, 30),
        ({"expires": "Sat, 21 Nov 2099 12:00:30 GMT", "date": DATE}, 60),
        ({"expires": "Sat, 21 Nov 2026 11:00:00 GMT", "date": DATE}, 0),
        ({"expires": "Sat, 21 Nov 2026 12:00:30 GMT"}, 0),
        ({"expires": "0", "date": DATE}, 0),
        ({"expires": "Sat, 21 Nov 2026 12:00:30 -0000", "date": DATE}, 0),
        ({"expires": DATE, "date": DATE, "cache-control": "max-age=30"}, 30),
        ({"last-modified": "Sat, 21 Nov 2000 12:00:00 GMT", "date": DATE}, 0),
        ({}, 0),
    ],
    ids=str,
)
def test_an_answer_is_fresh_as_long_as_its_headers_say_and_no_longer(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert seconds_fresh(headers, 60) == seconds


def test_a_fresh_answer_is_not_asked_for_again() -> None:
    server = Server("Cache-Control: max-age=30\r\n")
    with serving(server) as (url, requests):
        visits = Verifications()
        visits.fetch(url)
        visits.now += 29
        assert visits.fetch(f"{url}#part") == b"{}"
        assert len(requests) == 1
        visits.now += 2
        visits.fetch(url)
        assert len(requests) == 2


@pytest.mark.parametrize(("body", "most"), [(b"{}", 60), (PNG, 300)], ids=["document", "picture"])
def test_nothing_is_believed_for_long_whatever_its_server_says(body: bytes, most: int) -> None:
    server = Server('Cache-Control: max-age=31536000, immutable\r\nETag: "1"\r\n', body)
    with serving(server) as (url, requests):
        visits = Verifications()
        visits.fetch(url)
        visits.now += most - 1
        visits.fetch(url)
        assert len(requests) == 1
        visits.now += 2
        server.status, server.body = "410 Gone", b"withdrawn"
        assert visits.fetch(url) == b"withdrawn"
        server.status, server.body = "200 OK", b"again"
        assert visits.fetch(url) == b"again"  # neither the old answer nor the refusal was kept
    assert b'If-None-Match: "1"' in requests[1]
    assert b"If-None-Match" not in requests[2]


@pytest.mark.parametrize(
    ("headers", "question"),
    [
        ('ETag: W/"a"\r\n', b'If-None-Match: W/"a"\r\n'),
        (f"Last-Modified: {DATE}\r\n", f"If-Modified-Since: {DATE}\r\n".encode()),
    ],
    ids=["etag", "last-modified"],
)
def test_an_answer_that_still_holds_is_used_again(headers: str, question: bytes) -> None:
    server = Server("Cache-Control: no-cache\r\n" + headers, b"long document")
    with serving(server) as (url, requests):
        visits = Verifications()
        visits.fetch(url)
        server.status, server.body, server.headers = "304 Not Modified", b"", ""
        assert visits.fetch(url) == b"long document"
        assert visits.fetch(url) == b"long document"
        server.headers = "Cache-Control: no-store\r\n"
        assert visits.fetch(url) == b"long document"
        server.status, server.body = "200 OK", b"new"
        assert visits.fetch(url) == b"new"
    assert [question in request for request in requests] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ('Cache-Control: no-store, max-age=30\r\nETag: "1"\r\n', "200 OK"),
        ('Cache-Control: private, max-age=30\r\nETag: "1"\r\n', "200 OK"),
        ("", "200 OK"),
        ("ETag: \x1b[31m\r\n", "200 OK"),
        ('Cache-Control: max-age=30\r\nETag: "1"\r\n', "410 Gone"),
    ],
    ids=["no-store", "private", "silent", "odd-etag", "gone"],
)
def test_what_may_not_be_kept_is_asked_for_each_time(headers: str, status: str) -> None:
    with serving(Server(headers, status=status)) as (url, requests):
        visits = Verifications()
        visits.fetch(url)
        visits.fetch(url)
    assert len(requests) == 2
    assert b"If-" not in requests[1]


def test_no_old_answer_stands_in_for_a_server_that_is_away() -> None:
    with serving(Server('Cache-Control: max-age=30\r\nETag: "1"\r\n')) as (url, _):
        visits = Verifications()
        visits.fetch(url)
    visits.fetch(url)
    visits.now += 31
    with pytest.raises(FetchError):
        visits.fetch(url)


def test_what_was_asked_for_in_another_form_or_by_a_looser_rule_is_another_answer() -> None:
    with serving(Server("Cache-Control: max-age=30\r\n")) as (url, requests):
        visits = Verifications()
        visits.fetch(url)
        visits.fetch(url, ACCEPT_IMAGE)
        assert len(requests) == 2
        with pytest.raises(FetchError):
            GuardedFetcher(cache=visits.cache, clock=lambda: visits.now).fetch(url)


def test_redirects_are_never_kept() -> None:
    server = Server("Cache-Control: max-age=30\r\nLocation: /a\r\n", b"", "301 Moved")
    with serving(server) as (url, requests):
        visits = Verifications()
        for _ in range(2):
            with pytest.raises(FetchError):
                visits.fetch(url)
    assert len(requests) == 12


def test_the_oldest_answers_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_ENTRIES", 3)
    monkeypatch.setattr(answers, "MAX_BYTES", 100)
    monkeypatch.setattr(answers, "MAX_ENTRY_BYTES", 60)
    cache = AnswerCache()

    def keep(key: str, size: int) -> None:
        cache.keep(key, Answer(200, {"cache-control": "max-age=9"}, b"x" * size), 0.0)

    for key in "abcd":
        keep(key, 10)
    assert [key for key in "abcd" if cache.find(key)] == ["b", "c", "d"]
    cache.find("b")
    keep("e", 60)
    keep("f", 30)
    assert [key for key in "bcdef" if cache.find(key)] == ["b", "e", "f"]
    keep("f", 61)
    assert [key for key in "bcdef" if cache.find(key)] == ["b", "e"]


def test_only_the_headers_that_are_needed_are_kept() -> None:
    cache = AnswerCache()
    headers = {"cache-control": "max-age=9", "x": "y" * 60_000, "etag": "1", "content-type": "a/b"}
    cache.keep("a", Answer(200, headers, b"x"), 0.0)
    found = cache.find("a")
    assert found is not None
    assert found.answer.headers == {"etag": "1", "content-type": "a/b"}


def test_threads_share_it() -> None:
    cache = AnswerCache()
    troubles: list[Exception] = []

    def work(name: int) -> None:
        try:
            for number in range(500):
                key = (name + number) % 300
                cache.keep(key, Answer(200, {"cache-control": "max-age=9"}, b"x" * key), 0.0)
                cache.find(number)
        except Exception as error:
            troubles.append(error)
            raise

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert troubles == []
    assert sum(len(kept.answer.body) for kept in cache._kept.values()) == cache._bytes
