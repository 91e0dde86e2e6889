# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps answers of other servers for a short while, as their headers allow."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from openbadges.baking import media_type
from openbadges.errors import BakingError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from issuer.adapters.exchanges import Answer

MAX_ENTRIES = 256
MAX_ENTRY_BYTES = 1 << 20
MAX_BYTES = 16 << 20
#: A picture says nothing of validity. Any document may: the badge, its issuer, a key, a list of
#: what was revoked. None is believed without asking for longer than this, whatever its server says.
PICTURE_SECONDS = 300.0
DOCUMENT_SECONDS = 60.0
#: All that is needed of the headers later; the others could be large.
KEPT = frozenset({"content-type", "etag", "last-modified"})
SECONDS = re.compile(r"[0-9]{1,9}")
#: What is sent back to a server must be harmless in a header.
VALIDATOR = re.compile(r"[ -~]{1,200}")


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and until when it may be used without asking."""

    answer: Answer
    fresh_until: float

    def conditions(self) -> dict[str, str]:
        """Return the headers that ask whether it still holds."""
        headers = self.answer.headers
        pairs = {
            "If-None-Match": headers.get("etag", ""),
            "If-Modified-Since": headers.get("last-modified", ""),
        }
        return {name: value for name, value in pairs.items() if VALIDATOR.fullmatch(value)}


class AnswerCache:
    """Answers with status 200, for all verifications of a process; safe to share by threads.

    Nothing is used against the will of its server (RFC 9111), nor without asking after the
    times above. Refusals, redirects and "gone" are never kept.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Kept | None:
        """Return what is kept, whether still fresh or to be asked for."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: Hashable, answer: Answer, now: float) -> None:
        """Keep an answer in the place of an earlier one, or only forget that one."""
        seconds = seconds_fresh(answer.headers, _bound(answer.body))
        headers = {name: answer.headers[name] for name in KEPT & answer.headers.keys()}
        new = Kept(replace(answer, headers=headers), now + (seconds or 0.0))
        allowed = (
            answer.status == 200 and seconds is not None and len(answer.body) <= MAX_ENTRY_BYTES
        )
        with self._lock:
            self._drop(key)
            if allowed and (seconds or new.conditions()):
                self._kept[key] = new
                self._bytes += len(answer.body)
            while len(self._kept) > MAX_ENTRIES or self._bytes > MAX_BYTES:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        former = self._kept.pop(key, None)
        if former is not None:
            self._bytes -= len(former.answer.body)


def seconds_fresh(headers: Mapping[str, str], most: float) -> float | None:
    """Return for how long an answer may be used without asking; None: it may not be kept."""
    said = _directives(headers.get("cache-control", ""))
    if {"no-store", "private"} & said.keys() or "*" in headers.get("vary", ""):
        return None
    if "no-cache" in said or (not said and "no-cache" in headers.get("pragma", "").lower()):
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in said:
            lifetime = _seconds(said[name])
            break
    else:
        lifetime = _until_expiry(headers)
    age = _seconds(headers["age"]) if "age" in headers else 0.0
    return max(0.0, min(lifetime - age, most))


def _directives(text: str) -> dict[str, str]:
    """Return what Cache-Control says; of what it says twice, nothing but zero is sure."""
    said: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        said[name] = value if said.get(name, value) == value else "0"
    said.pop("", None)
    return said


def _seconds(text: str) -> float:
    text = text.strip()
    return float(text) if SECONDS.fullmatch(text) else 0.0


def _until_expiry(headers: Mapping[str, str]) -> float:
    """Return the time from Date to Expires by the server's own clock; 0 where one is missing."""
    try:
        expires = parsedate_to_datetime(headers["expires"])
        return (expires - parsedate_to_datetime(headers["date"])).total_seconds()
    except (KeyError, TypeError, ValueError, OverflowError):
        return 0.0


def _bound(body: bytes) -> float:
    try:
        media_type(body)
    except BakingError:
        return DOCUMENT_SECONDS
    return PICTURE_SECONDS
