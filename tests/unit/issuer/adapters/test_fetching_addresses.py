# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses to refuse: the rows S1, S2, S3 and S5 of the list of attacks by their names."""

from __future__ import annotations

import socket

import pytest

from issuer.adapters import fetching
from issuer.adapters.fetching import GuardedFetcher
from openbadges.errors import FetchError
from tests.unit.issuer.adapters.serving import OK, fetcher, moved, plainly, resolving, serving

PUBLIC = "93.184.216.34"


@pytest.fixture
def never_connecting(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Note every connection that is tried, and let none be made."""
    tried: list[object] = []

    def connect(address: object, *_: object) -> None:
        tried.append(address)
        raise OSError("connected")

    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


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
