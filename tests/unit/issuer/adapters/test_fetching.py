# SPDX-License-Identifier: AGPL-3.0-or-later
"""The fetcher, with the rows S1 to S5 of the list of attacks by their names."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from issuer.adapters import exchanges, fetching
from issuer.adapters.fetching import GuardedFetcher
from issuer.adapters.places import Lookups
from openbadges.errors import FetchError
from openbadges.fetching import Response
from openbadges.vocabulary import ACCEPT_DOCUMENT
from tests.unit.issuer.adapters.serving import OK, dripping, moved, plainly, resolving, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PUBLIC = "93.184.216.34"


def fetcher() -> GuardedFetcher:
    return GuardedFetcher(allow_loopback=True)


@pytest.fixture
def never_connecting(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Note every connection that is tried, and let none be made."""
    tried: list[object] = []

    def connect(address: object, *_: object) -> None:
        tried.append(address)
        raise OSError("connected")

    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


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


# S1: addresses inside


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "0.0.0.0",  # noqa: S104 (an address to refuse)
        "0",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "169.254.169.254",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "192.0.0.8",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.5",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[2001:db8::1]",
        "[2607:f8b0::5efe:7f00:1]",
        "[100::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[5f00::1]",
        "[3fff::1]",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_s1_addresses_inside_are_refused_before_a_connection(
    never_connecting: list[object], scheme: str, host: str
) -> None:
    with pytest.raises(FetchError):
        GuardedFetcher(allow_http=True).fetch(f"{scheme}://{host}/")
    assert never_connecting == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1%eth0", "nonsense"]
)
def test_s1_a_name_that_leads_inside_is_refused(
    never_connecting: list[object], address: str
) -> None:
    for found in ((address,), (PUBLIC, address), (address, PUBLIC)):
        with pytest.raises(FetchError, match="public address"):
            GuardedFetcher(resolve=resolving(*found)).fetch("https://example.org/")
    assert never_connecting == []


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "0.0.0.0", "fd00::1"])  # noqa: S104 (to refuse)
def test_s1_the_setting_for_development_opens_this_machine_only(
    never_connecting: list[object], address: str
) -> None:
    with pytest.raises(FetchError):
        GuardedFetcher(allow_loopback=True, resolve=resolving(address)).fetch("http://a.example/")
    assert never_connecting == []


def test_s1_loopback_needs_the_setting() -> None:
    with serving(plainly(OK)) as (url, requests), pytest.raises(FetchError):
        GuardedFetcher(allow_http=True).fetch(url)
    assert requests == []


# S2: names that change their mind


def test_s2_the_address_that_was_checked_is_the_one_that_is_used() -> None:
    answers = iter([resolving("127.0.0.1"), resolving("10.0.0.1")])

    def resolve(host: str, port: int, **options: object) -> list[tuple[object, ...]]:
        return next(answers)(host, port, **options)

    with serving(plainly(OK)) as (url, requests):
        port = url.rpartition(":")[2]
        one = GuardedFetcher(allow_loopback=True, resolve=resolve)
        assert one.fetch(f"http://badges.example:{port}/").status == 200
        with pytest.raises(FetchError, match="public address"):
            one.fetch(f"http://badges.example:{port}/again")
    assert f"\r\nHost: badges.example:{port}\r\n".encode() in requests[0]
    assert len(requests) == 1


def test_s2_no_name_is_asked_for_when_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def connect(address: tuple[str, int], *_: object) -> None:
        tried.append(address[0])
        raise OSError("refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    resolve = resolving(PUBLIC, "2606:2800:220:1::1")
    with pytest.raises(FetchError, match="refused"):
        GuardedFetcher(resolve=resolve).fetch("https://example.org/")
    assert tried == [PUBLIC, "2606:2800:220:1::1"]


# S3: redirects lead astray


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://example.org/",
        "data:,x",
        "http://10.0.0.1/",
        "https://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "//[::ffff:a00:1]/",
        "//0x0a000001/",
        "https://93.184.216.34:8443/",
        "https://93.184.216.34:22/",
        "http://93.184.216.34/",
        "https://user@93.184.216.34/",
        "https://good.example\\@127.0.0.1/",
        "http://[::1",
        "https://exa mple.org/",
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 T", "308 P"])
def test_s3_redirects_that_lead_astray_are_refused(
    monkeypatch: pytest.MonkeyPatch, location: str, status: str
) -> None:
    tried: list[tuple[str, int]] = []
    connect = socket.create_connection

    def note(address: tuple[str, int], *rest: float) -> socket.socket:
        tried.append(address)
        return connect(address, *rest)

    with serving(moved(location, status)) as (url, requests):
        monkeypatch.setattr(socket, "create_connection", note)
        with pytest.raises(FetchError):
            fetcher().fetch(url)
    assert len(tried) == len(requests) == 1


def test_s3_another_port_of_this_machine_needs_the_setting_too() -> None:
    with serving(plainly(OK)) as (url, requests):
        port = url.rpartition(":")[2]
        strict = GuardedFetcher(allow_http=True, resolve=resolving("127.0.0.1"))
        with pytest.raises(FetchError):
            strict.fetch(f"http://badges.example:{port}/")
    assert requests == []


def test_s3_a_loop_of_redirects_ends() -> None:
    with (
        serving(moved("/again")) as (url, requests),
        pytest.raises(FetchError, match="more than 5"),
    ):
        fetcher().fetch(f"{url}/again")
    assert len(requests) == fetching.MAX_REDIRECTS + 1


# S4: slow and large answers


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


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


# S5: addresses that readers understand differently


@pytest.mark.parametrize(
    "url",
    [
        "http://good\\@127.0.0.1/",
        "https://good.example\\@127.0.0.1/",
        "https://good.example\\.evil.example/",
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://@example.org/",
        "https://exämple.org/",
        "https://ex\u0430mple.org/",
        "https://example\u3002org/",
        "https://ex%C3%A4mple.org/",
        "https://example.org%2f@evil.example/",
        "https://example.org%00.evil.example/",
        "https://example.org/a b",
        "https://example.org/a\r\nHost: evil",
        "https://example.org/a\nb",
        "https://example.org/\ta",
        "https://example.org\r\n.evil.example/",
        "https://exam\tple.org/",
        " https://example.org/",
        "https://example.org/\0",
        "https://example.org/ä",
        'https://example.org/"',
        "https://example.org/<a>",
        "https://-a.example/",
        "https://a..example/",
        "https://[::1/",
        "https://[v1.a]/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://example.org:-1/",
        "https://example.org:0/",
        "https://example.org:8443/",
        "http://example.org/",
        "http://example.org:443/",
        "https:///nothing",
        "https:example.org",
        "https://",
        "//example.org/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "javascript:alert(1)",
        "https://example.org/" + "a" * 3000,
        "",
    ],
)
def test_s5_what_is_no_plain_public_address_is_refused(
    never_connecting: list[object], url: str
) -> None:
    with pytest.raises(FetchError) as raised:
        GuardedFetcher(resolve=resolving(PUBLIC)).fetch(url)
    assert never_connecting == []
    assert str(raised.value).isprintable()


def test_http_is_for_those_who_chose_it(never_connecting: list[object]) -> None:
    one = GuardedFetcher(allow_http=True, resolve=resolving(PUBLIC))
    for url in ("http://example.org:8080/", "http://example.org:443/"):
        with pytest.raises(FetchError, match="own port"):
            one.fetch(url)
    assert never_connecting == []
    with pytest.raises(FetchError, match="connected"):
        one.fetch("http://example.org/")
    assert never_connecting == [(PUBLIC, 80)]


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
