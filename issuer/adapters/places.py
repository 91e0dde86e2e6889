# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which addresses of the web may be asked, and where their hosts are: public places only."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from issuer.words import Text
from openbadges.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ipaddress import IPv4Address, IPv6Address

    Resolve = Callable[..., Sequence[tuple[Any, ...]]]

MAX_URL = 2048
MAX_ADDRESSES = 4
MAX_LOOKUPS = 64
PORTS = {"https": 443, "http": 80}
#: Printable ASCII without what parsers read differently: white space, backslash, quotes, <>.
PLAIN_URL = re.compile(r"[!#-&(-;=?-\[\]-~]+")
#: As it stands in certificates; a percent sign or another letter would mean another host to some.
HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
INTERNET = ipaddress.ip_network("2000::/3")
#: Networks that `ipaddress` calls global though they lead inside, or nowhere.
NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.31.196.0/24",  # answered by whoever is near
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.175.48.0/24",
        "2001::/23",  # protocol assignments, with Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)
#: The middle of an IPv6 address that holds an IPv4 address for a tunnel (RFC 5214, 6.1).
TUNNELS = (0x00005EFE, 0x02005EFE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes: the checked addresses of the host that the URL names."""

    url: str
    parts: SplitResult
    addresses: tuple[str, ...]
    port: int

    @property
    def host(self) -> str:
        """The host that the URL names."""
        return self.parts.hostname or ""

    @property
    def target(self) -> str:
        """What a request asks of the host."""
        return (self.parts.path or "/") + (f"?{self.parts.query}" if self.parts.query else "")

    @property
    def host_header(self) -> str:
        """The host as a request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.parts.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Policy:
    """Where requests may go.

    Public addresses by https at its own port; with ``allow_http`` by http at its own too. With
    ``allow_loopback`` this machine as well, by http and at any port: for development.
    """

    allow_loopback: bool = False
    allow_http: bool = False

    def check(self, url: str, resolve: Resolve, seconds: float) -> Place:
        """Return where a URL leads.

        Raises `FetchError`: nothing is fetched from there. Raises `TimeoutError`: its host is not
        found in time.
        """
        if len(url) > MAX_URL or not PLAIN_URL.fullmatch(url):
            raise FetchError(
                Text("%(address)s is not an address that is fetched", address=shown(url))
            )
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise FetchError(
                Text("%(address)s is not an address: %(reason)s", address=shown(url), reason=error)
            ) from error
        unclear = "@" in parts.netloc or ("[" in parts.netloc and ":" not in (parts.hostname or ""))
        if parts.scheme not in PORTS or not parts.hostname or unclear:
            raise FetchError(
                Text("%(address)s is not a web address without a user", address=shown(url))
            )
        usual = PORTS[parts.scheme]
        port = usual if port is None else port
        addresses = self._addresses(parts.hostname, port, url, resolve, seconds)
        local = all(ipaddress.ip_address(address).is_loopback for address in addresses)
        if not local and parts.scheme == "http" and not self.allow_http:
            raise FetchError(Text("%(address)s is not fetched: only https is", address=shown(url)))
        if not local and port != usual:
            raise FetchError(
                Text(
                    "%(address)s is not fetched: only %(scheme)s at its own port is",
                    address=shown(url),
                    scheme=parts.scheme,
                )
            )
        return Place(url, parts, addresses, port)

    def _addresses(
        self, host: str, port: int, url: str, resolve: Resolve, seconds: float
    ) -> tuple[str, ...]:
        """Return the addresses of a host; every one that it has must be allowed."""
        try:
            found = [str(ipaddress.ip_address(host))]
        except ValueError:
            if not HOST_NAME.fullmatch(host):
                raise FetchError(
                    Text("%(address)s names no host that is asked", address=shown(url))
                ) from None
            found = LOOKUPS.find(resolve, host, port, seconds)
        if not found:
            raise FetchError(
                Text("%(address)s cannot be reached: no such host", address=shown(url))
            )
        if not all(self._is_allowed(address) for address in found):
            raise FetchError(Text("%(address)s is not at a public address", address=shown(url)))
        return tuple(dict.fromkeys(found))[:MAX_ADDRESSES]

    def _is_allowed(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)  # a zone (%eth0) makes it none of the Internet's
        except ValueError:
            return False
        return is_public(address) or (self.allow_loopback and address.is_loopback)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the Internet at large, and holds no other inside."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        tunnel = int(address) >> 32 & 0xFFFFFFFF in TUNNELS
        if address not in INTERNET or address.scope_id or tunnel:
            return False
    return not any(
        address in network for network in NOT_PUBLIC if network.version == address.version
    )


@dataclass(slots=True)
class _Lookup:
    """One look-up on its way."""

    done: threading.Event = field(default_factory=threading.Event)
    addresses: list[str] = field(default_factory=list)


class Lookups:
    """Looks names up in threads of their own: a look-up by itself knows no end of time.

    One that is given up runs on until the resolver gives up too, so their number is bounded, and
    whoever asks for the same name meanwhile waits for the same one.
    """

    def __init__(self, most: int = MAX_LOOKUPS) -> None:
        self._most = most
        self._running: dict[tuple[Any, ...], _Lookup] = {}
        self._lock = threading.Lock()

    def find(self, resolve: Resolve, host: str, port: int, seconds: float) -> list[str]:
        """Return the addresses of a host, none where it is unknown.

        Raises `TimeoutError`: not in this time, or too many others are looked up already.
        """
        key = (resolve, host, port)
        with self._lock:
            lookup = self._running.get(key)
            if lookup is None:
                if len(self._running) >= self._most:
                    raise TimeoutError
                lookup = self._running[key] = _Lookup()
                worker = threading.Thread(target=self._work, args=(key, lookup), daemon=True)
                try:
                    worker.start()
                except RuntimeError as error:  # the machine has no thread left
                    del self._running[key]
                    raise TimeoutError from error
        if not lookup.done.wait(seconds):
            raise TimeoutError
        return lookup.addresses

    def _work(self, key: tuple[Any, ...], lookup: _Lookup) -> None:
        resolve, host, port = key
        try:
            found = resolve(host, port, type=socket.SOCK_STREAM)
            lookup.addresses = [str(entry[4][0]) for entry in found if isinstance(entry[4], tuple)]
        except (OSError, UnicodeError):
            lookup.addresses = []  # no such host
        finally:
            with self._lock:
                del self._running[key]
            lookup.done.set()


LOOKUPS = Lookups()


def shown(url: str) -> str:
    """Return an address for a message: short, and without what could act on a terminal."""
    return ascii(url)[1:-1][:200]
