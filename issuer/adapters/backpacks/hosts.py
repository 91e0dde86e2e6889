# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds out where a host of Open Badges 2.1 or 3.0 has its API and its login."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from issuer.adapters.backpacks.results import Kind, plain, text_at
from issuer.errors import BackpackUnfitError, InvalidInputError
from openbadges.errors import FetchError, MalformedError
from openbadges.serialization import loads_object

if TYPE_CHECKING:
    from openbadges.fetching import Fetcher

MANIFEST = "/.well-known/badgeconnect.json"
DISCOVERY = "/ims/ob/v3p0/discovery"
API3 = "/ims/ob/v3p0"
MAX_ADDRESS = 500
MAX_SCOPES = 20
SCOPES2 = "https://purl.imsglobal.org/spec/ob/v2p1/scope/"
SCOPES3 = "https://purl.imsglobal.org/spec/ob/v3p0/scope/"
#: What is asked for, as far as it is offered; no host lets us change a profile, and none is asked.
WANTED = {
    Kind.BADGE_CONNECT: (
        f"{SCOPES2}assertion.readonly",
        f"{SCOPES2}assertion.create",
        f"{SCOPES2}profile.readonly",
    ),
    Kind.OB3: (
        f"{SCOPES3}credential.readonly",
        f"{SCOPES3}credential.upsert",
        f"{SCOPES3}profile.readonly",
    ),
}
OFFLINE = "offline_access"
LOCAL = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where a host is asked, and for what."""

    kind: Kind
    base_url: str
    name: str
    api: str
    registration_url: str
    authorization_url: str
    token_url: str
    refresh_url: str
    scopes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Host:
        """Return it as it was kept."""
        return cls(**{**kept, "kind": Kind(kept["kind"]), "scopes": tuple(kept["scopes"])})


#: A name or a number of the network; nothing else is asked for, nor looked for in the database.
HOST = re.compile(r"[a-z0-9.:-]+", re.ASCII)


def origin(address: str, *, allow_loopback: bool) -> str:
    """Return the origin that somebody typed; raise `InvalidInputError` for anything else."""
    typed = address.strip()
    if typed and "://" not in typed:
        typed = f"https://{typed}"
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = (parts.hostname or "").lower()
    if not HOST.fullmatch(host) or len(typed) > MAX_ADDRESS or "@" in parts.netloc:
        raise InvalidInputError(
            "address %(address)r: must be like https://api.badgr.io", address=typed[:80]
        )
    if not _is_safe(parts.scheme, host, allow_loopback=allow_loopback):
        raise InvalidInputError("address %(address)r: must begin with https://", address=typed[:80])
    name = f"[{host}]" if ":" in host else host
    usual = port is None or (parts.scheme == "https" and port == 443)
    return f"{parts.scheme}://{name}" + ("" if usual else f":{port}")


def discover(fetcher: Fetcher, kind: Kind, base_url: str, *, allow_loopback: bool) -> Host:
    """Return what a host tells of itself.

    Raises `BackpackUnfitError`: it is no host of that kind, or nobody answers.
    """
    path = MANIFEST if kind is Kind.BADGE_CONNECT else DISCOVERY
    try:
        answer = fetcher.fetch(f"{base_url}{path}", accept="application/json")
        if answer.status != 200:
            raise BackpackUnfitError(
                "%(address)s: has no %(path)s (%(status)s)",
                address=base_url,
                path=path,
                status=answer.status,
            )
        document = loads_object(answer.body)
    except FetchError as error:
        raise BackpackUnfitError(error.args[0]) from error
    except MalformedError as error:
        raise BackpackUnfitError(
            "%(address)s%(path)s: %(reason)s", address=base_url, path=path, reason=error
        ) from error
    found = (
        _manifest(document, base_url)
        if kind is Kind.BADGE_CONNECT
        else _described(document, base_url)
    )
    for address in (found.api, found.registration_url, found.authorization_url, found.token_url):
        check_address(address, allow_loopback=allow_loopback)
    if found.refresh_url:
        check_address(found.refresh_url, allow_loopback=allow_loopback)
    return found


def check_address(address: str, *, allow_loopback: bool) -> None:
    """Raise `BackpackUnfitError` for an address where nothing of ours may go."""
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    host = (parts.hostname or "").lower()
    is_plain = address.isascii() and address.isprintable() and " " not in address
    if not is_plain or not _is_safe(parts.scheme, host, allow_loopback=allow_loopback):
        raise BackpackUnfitError(
            "the host names %(address)r where https is needed", address=plain(address)[:80]
        )


def _is_safe(scheme: str, host: str, *, allow_loopback: bool) -> bool:
    return bool(host) and (
        scheme == "https" or (scheme == "http" and allow_loopback and host in LOCAL)
    )


def _manifest(document: dict[str, Any], base_url: str) -> Host:
    listed = document.get("badgeConnectAPI")
    found = listed[0] if isinstance(listed, list) and listed else listed
    offered = found.get("scopesOffered") if isinstance(found, dict) else None
    return Host(
        kind=Kind.BADGE_CONNECT,
        base_url=base_url,
        name=plain(text_at(found, "name"))[:80],
        api=_whole(text_at(found, "apiBase")).rstrip("/"),
        registration_url=_whole(text_at(found, "registrationUrl")),
        authorization_url=_whole(text_at(found, "authorizationUrl")),
        token_url=_whole(text_at(found, "tokenUrl")),
        refresh_url="",
        scopes=_scopes(Kind.BADGE_CONNECT, offered),
    )


def _described(document: dict[str, Any], base_url: str) -> Host:
    schemes = document.get("components", {})
    scheme = schemes.get("securitySchemes", {}) if isinstance(schemes, dict) else {}
    found = scheme.get("OAuth2ACG") if isinstance(scheme, dict) else None
    flow = "flows", "authorizationCode"
    offered: Any = found
    for step in (*flow, "scopes"):
        offered = offered.get(step) if isinstance(offered, dict) else None
    server = _joined(base_url, text_at(document, "servers", 0, "url"))
    return Host(
        kind=Kind.OB3,
        base_url=base_url,
        name=plain(text_at(found, "x-imssf-name") or text_at(document, "info", "title"))[:80],
        api=(server or f"{base_url}{API3}").rstrip("/"),
        registration_url=_whole(text_at(found, "x-imssf-registrationUrl")),
        authorization_url=_whole(text_at(found, *flow, "authorizationUrl")),
        token_url=_whole(text_at(found, *flow, "tokenUrl")),
        refresh_url=_whole(text_at(found, *flow, "refreshUrl")),
        scopes=_scopes(Kind.OB3, list(offered) if isinstance(offered, dict) else offered),
    )


def _joined(base_url: str, server: str) -> str:
    """Return the address of an API that may be told as a path; empty unless it is at the host."""
    try:
        joined = urljoin(f"{base_url}/", server)
        is_there = urlsplit(joined).netloc == urlsplit(base_url).netloc
    except ValueError:
        return ""
    return joined if server and is_there else ""


def _scopes(kind: Kind, offered: object) -> tuple[str, ...]:
    """Return what is asked for: Badgr refuses whoever asks for more than it offers."""
    if not isinstance(offered, list) or not offered:
        return WANTED[kind]
    named = {each for each in offered[:MAX_SCOPES] if isinstance(each, str)}
    return tuple(scope for scope in (*WANTED[kind], OFFLINE) if scope in named) or WANTED[kind]


def _whole(address: str) -> str:
    """Return an address with its scheme, which examples of the specification leave out."""
    return address if not address or "://" in address else f"https://{address}"
