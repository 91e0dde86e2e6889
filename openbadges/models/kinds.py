# SPDX-License-Identifier: AGPL-3.0-or-later
"""The kinds of value a property can hold: how each is read from JSON and written back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard
from urllib.parse import urlsplit

from openbadges.errors import MalformedError
from openbadges.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

# What RFC 3986 and 3987 never allow in an IRI; a backslash makes readers see different hosts.
_NEVER_IN_IRI = re.compile(r'[\x00-\x20\x7f-\x9f\\<>"{}|^`]')
# What nearly all URLs look like; it lets through nothing that a careful look would refuse.
_USUAL_URL = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:[/?#][\w.~!$&'()*+,;=:@%/?#-]*)?", re.ASCII
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.", re.ASCII)
_UUID_URN = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.I)
_REGISTERED_NAME = re.compile(
    r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?", re.ASCII | re.I
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
# E.164, with the digits' usual separators left out, and an extension (Open Badges 2.0, Profile).
_TELEPHONE = re.compile(r"\+?[1-9]\d{1,14}(;ext=\d+)?", re.ASCII)
# BCP 47 (RFC 5646, 2.1): language, script, region, variants, extensions, private use.
_LANGUAGE = re.compile(
    r"([a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{4,8})(-[a-z]{4})?(-([a-z]{2}|\d{3}))?"
    r"(-([a-z0-9]{5,8}|\d[a-z0-9]{3}))*(-[a-wy-z0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?"
    r"|x(-[a-z0-9]{1,8})+",
    re.ASCII | re.I,
)
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one kind are read and written; both raise MalformedError and name the place."""

    read: Callable[[Any, str], Any]
    write: Callable[[Any, str], Any]


def refuse(where: str, wanted: str, value: object) -> NoReturn:
    """Raise the error that says what a property must hold and what it holds."""
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
    raise MalformedError(f"{where} must be {wanted}, not {shown}")


def is_url(value: object) -> bool:
    """Say whether a value is an absolute http or https URL with a host and without a login."""
    return isinstance(value, str) and bool(_USUAL_URL.fullmatch(value) or _is_careful_url(value))


def _is_careful_url(value: str) -> bool:
    if _NEVER_IN_IRI.search(value):
        return False
    try:
        parts = urlsplit(value)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return False
    named = parts.scheme in {"http", "https"} and _is_host(parts.hostname or "")
    return named and port_is_sound and "@" not in parts.netloc


def _is_host(name: str) -> bool:
    """Say whether a host is named; a dot may end it, and no label is empty (RFC 1034, 3.1)."""
    return all(name.removesuffix(".").split("."))


def is_iri(value: object) -> bool:
    """Say whether a value is an id: an http(s) URL or a ``urn:uuid``."""
    return is_url(value) or is_uuid(value)


def is_uuid(value: object) -> TypeGuard[str]:
    """Say whether a value is a ``urn:uuid``."""
    return isinstance(value, str) and bool(_UUID_URN.fullmatch(value))


def is_absolute(value: object) -> bool:
    """Say whether a value has the form of any absolute IRI, or of a compact one with a prefix."""
    return (
        isinstance(value, str)
        and bool(_SCHEME.match(value))
        and not _NEVER_IN_IRI.search(value)
        and (is_url(value) or not value.lower().startswith(("http:", "https:")))
    )


def _plain(test: Callable[[Any], bool], wanted: str) -> Kind:
    """Return the kind of a value that is the same in JSON and in Python."""

    def same(value: Any, where: str) -> Any:
        return value if test(value) else refuse(where, wanted, value)

    return Kind(same, same)


def _is_time(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parse_time(value)
    except MalformedError:
        return False
    return True


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def _is_version(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _is_picture(value: object) -> bool:
    return is_iri(value) or (isinstance(value, str) and value[:11].lower() == "data:image/")


TEXT = _plain(lambda value: isinstance(value, str), "text")
WORD = _plain(
    lambda value: isinstance(value, str) and value.strip() != "", "text that is not empty"
)
BOOLEAN = _plain(lambda value: isinstance(value, bool), "true or false")
TIME = _plain(_is_time, "a time such as 2026-01-31T12:00:00Z (date, 'T', time, zone)")
URL = _plain(is_url, "an http or https URL")
IRI = _plain(is_iri, "an http or https URL or a urn:uuid")
ABSOLUTE = _plain(is_absolute, "an absolute IRI")
PICTURE = _plain(_is_picture, "the URL of a picture or a data:image URI")
EMAIL = _plain(_matches(_EMAIL), "an e-mail address")
TELEPHONE = _plain(_matches(_TELEPHONE), "a telephone number in E.164 form")
REGISTERED_NAME = _plain(_matches(_REGISTERED_NAME), "a host name without scheme, port and path")
LANGUAGE = _plain(_matches(_LANGUAGE), "a language tag such as es or es-MX (BCP 47)")
VERSION = _plain(_is_version, "text or a number")
