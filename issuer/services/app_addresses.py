# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where apps may be answered: web servers by https, and programs on a person's own device."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_ADDRESS = 500
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
#: Schemes of programs are a domain of theirs, turned round (RFC 8252, section 7.1). The point in
#: them keeps away all that a browser would do something with: javascript:, data:, file:.
OWN_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+", re.ASCII)
HOST = re.compile(r"[a-z0-9.:-]+", re.ASCII)


def check_redirect(uri: str) -> None:
    """Raise `InvalidInputError` for an address where no code may ever be sent."""
    parts = _parts(uri)
    if parts is None or parts.fragment or "#" in uri:
        raise InvalidInputError(
            "redirect_uris: %(uri)r: must be an address without a fragment", uri=uri[:80]
        )
    if parts.scheme == "https" and _is_host(parts):
        return
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return  # RFC 8252, section 7.3
    if OWN_SCHEME.fullmatch(parts.scheme) and not parts.netloc:
        return
    raise InvalidInputError(
        "redirect_uris: %(uri)r: must be https, http on the device itself (127.0.0.1), or a "
        "scheme that is a domain turned round, like com.example.app:/back",
        uri=uri[:80],
    )


def check_page(name: str, uri: str) -> None:
    """Raise `InvalidInputError` for what is no address of a page on the web."""
    parts = _parts(uri)
    ok = parts is not None and _is_host(parts)
    if not ok or parts is None or not (parts.scheme == "https" or _is_local(parts)):
        raise InvalidInputError(
            "%(name)s: %(uri)r: must be an https address", name=name, uri=uri[:80]
        )


def fits(registered: Collection[str], asked: str) -> bool:
    """Whether an address was registered, letter for letter.

    A program on a device listens where there is room: its port may differ (RFC 8252, 7.3).
    """
    return asked in registered or _without_port(asked) in {
        bare for each in registered if (bare := _without_port(each))
    }


def place(uri: str) -> str:
    """Return where an address leads, as people are told it: a host, or the scheme of a program."""
    parts = urlsplit(uri)
    return parts.netloc or f"{parts.scheme}:"


def is_on_device(uri: str) -> bool:
    """Whether an address is that of a program on the device of whoever asks."""
    return urlsplit(uri).scheme != "https"


def source(uri: str) -> str:
    """Return an address as a policy for browsers names it."""
    parts = urlsplit(uri)
    return "https:" if parts.scheme == "https" else place(uri) if not parts.netloc else _origin(uri)


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def _parts(uri: str) -> SplitResult | None:
    # Browsers drop control characters and read `\` as `/`.
    if (
        len(uri) > MAX_ADDRESS
        or not uri.isascii()
        or not uri.isprintable()
        or set(uri) & set(' \\"<>;')
    ):
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return None if "@" in parts.netloc else parts


def _is_host(parts: SplitResult) -> bool:
    return bool(parts.hostname and HOST.fullmatch(parts.hostname))


def _is_local(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def _without_port(uri: str) -> str:
    """Return an address on the device itself without its port; empty for any other."""
    parts = _parts(uri)
    if parts is None or not _is_local(parts):
        return ""
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return parts._replace(netloc=str(host)).geturl()
