# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tells what was handed in: a URL, a signed token, a document, or a picture that holds one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from openbadges.baking import CREDENTIAL_KEYWORD, media_type, unbake
from openbadges.baking.contents import SVG_NAMES
from openbadges.errors import BakingError, MalformedError, NotBakedError
from openbadges.models.kinds import is_url
from openbadges.serialization import MAX_BYTES, dumps
from openbadges.verification.documents import parse_document
from openbadges.verification.forms import NotABadgeError, NothingBakedError

# Whatever looks like a token is judged as one, so that a malformed one is invalid and not unknown.
_LIKE_A_TOKEN = re.compile(r"\s*eyJ[^\s.{}]*\.[^\s.{}]*\.[^\s.{}]*\s*")
_CREDENTIAL_WORDS = (CREDENTIAL_KEYWORD.encode(), SVG_NAMES[CREDENTIAL_KEYWORD].element.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What was handed in, in exactly one of three forms, and how it came."""

    kind: str
    baked: bool = False
    url: str = ""
    token: str = ""
    document: dict[str, Any] | None = None
    # The credentials of version 3.0 that pictures on the way carry beside their older badge.
    beside: tuple[str, ...] = ()


def read_input(source: str | bytes | dict[str, Any]) -> Input:
    """Return what a source is: URL, JWS, JSON, or what is baked into a PNG or SVG.

    Raises `NotABadgeError`: it is none of them, and `NothingBakedError` for a picture that holds no
    badge. Raises `BakingError`: it is a picture that cannot
    be read without doubt.
    """
    if isinstance(source, dict):
        return Input(kind="JSON", document=parse_document(dumps(source)))
    if isinstance(source, bytes):
        return _from_bytes(source)
    if source.lstrip("\ufeff \t\r\n").startswith("<"):
        return _from_bytes(source.encode("utf-8", "replace"))
    return _from_text(source)


def _from_bytes(data: bytes) -> Input:
    try:
        kind = media_type(data)
    except BakingError:
        try:
            return _from_text(data.decode())
        except UnicodeDecodeError as error:
            raise NotABadgeError("this is neither a PNG or SVG picture nor text") from error
    try:
        inside = _from_text(unbake(data, thorough=True))
    except NotBakedError as error:
        raise NothingBakedError(str(error)) from error
    return Input(
        kind=f"{inside.kind} baked into {kind}",
        baked=True,
        url=inside.url,
        token=inside.token,
        document=inside.document,
        beside=_beside(data),
    )


def _beside(data: bytes) -> tuple[str, ...]:
    # Under neither name it is written otherwise; a picture is only read again where it may be.
    if not any(word in data for word in _CREDENTIAL_WORDS):
        return ()
    try:
        return (unbake(data, CREDENTIAL_KEYWORD),)
    except NotBakedError:
        return ()


def _from_text(text: str) -> Input:
    stripped = text.strip()
    if len(text) <= MAX_BYTES and is_url(stripped):
        return Input(kind="URL", url=stripped)
    if _LIKE_A_TOKEN.fullmatch(text):
        # A file ends in a newline; any other white space is not part of a token.
        return Input(kind="JWS", token=text.rstrip("\r\n"))
    if not stripped.startswith(("{", "[")):
        raise NotABadgeError("this is no URL, no JWS, no JSON object and no PNG or SVG picture")
    try:
        return Input(kind="JSON", document=parse_document(text))
    except MalformedError as error:
        raise NotABadgeError(str(error)) from error
