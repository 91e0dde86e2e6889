# SPDX-License-Identifier: AGPL-3.0-or-later
"""The history that datagrepper shows: pages of JSON, which are believed only when they are whole.

What it cannot be asked (agents, names without case, moments within a second) is asked of each
message here, so that it answers exactly what the archive would.
"""

from __future__ import annotations

import json
import logging
import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import requests

from issuer.errors import HistoryAwayError, HistoryRefusedError
from rules.model import Message, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from issuer.adapters.history.asking import Archive

log = logging.getLogger(__name__)

PAGE = 100  # its own limit
#: More than that is not read for one answer: the database behind it can be asked.
MAX_COUNTED, MAX_KEPT = 100_000, 20_000
MAX_BYTES = 64 << 20
CONNECT_SECONDS, READ_SECONDS, PAGE_SECONDS = 5.0, 30.0, 60.0
CHUNK = 64 << 10
TRIES = 4
FIRST_WAIT = 0.5
#: Pages that moved while they were read: the order of messages of one moment is not fixed.
PASSES = 3
#: What it is asked in its own words; the rest is asked of each message.
ARGUMENTS = {
    "users": "user",
    "not_topics": "not_topic",
    "topics": "topic",
    "categories": "category",
    "not_categories": "not_category",
    "packages": "package",
    "not_packages": "not_package",
}
_Arguments = list[tuple[str, str]]
_Kept = TypeVar("_Kept")


class _PageError(Exception):
    """One try did not give a whole answer."""


@dataclass(slots=True)
class Datagrepper:
    """Answers from the pages of datagrepper; see `History`."""

    url: str
    sleep: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _session: requests.Session = field(default_factory=requests.Session)

    def count(self, query: Query, *, until: datetime, without: Collection[str]) -> int:
        """Return how many messages sent before ``until`` a question finds, each id once."""
        left = set(without)

        def is_found(message: Message) -> bool:
            return message.sent_at < until and query.matches(message, message.usernames)

        found = self._read(_arguments(query), until, is_found, MAX_COUNTED)
        return sum(fits for name, fits in found.items() if name not in left)

    def messages(
        self, concerned: Callable[[str], bool], known: Collection[str], *, until: datetime
    ) -> Iterator[Message]:
        """Yield the messages sent before ``until`` of the topics concerned, the oldest first.

        It cannot list its topics: those that are ``known`` here are asked for.
        """
        asked = [("topic", topic) for topic in sorted(known) if concerned(topic)]
        if asked:
            found = self._read(asked, until, lambda message: message, MAX_KEPT).values()
            in_order = sorted(found, key=lambda message: (message.sent_at, message.id))
            yield from (message for message in in_order if message.sent_at < until)

    def size(
        self, concerned: Callable[[str], bool], known: Collection[str], *, until: datetime
    ) -> int:
        """Return how many messages its pages say there are."""
        asked = [("topic", topic) for topic in sorted(known) if concerned(topic)]
        if not asked:
            return 0
        return int(self._page([*asked, *_paging(1, "asc", until)], 1, 0, 1)["total"])

    def archive(self, *, until: datetime, without: Collection[str]) -> Archive | None:
        """Return None: it counts for nobody but the one who is asked for."""
        return None

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _read(
        self, arguments: _Arguments, until: datetime, keep: Callable[[Message], _Kept], most: int
    ) -> dict[str, _Kept]:
        """Return what is kept of all messages that are found, by their ids, or raise.

        Every page must say the same of the whole, and hold as many messages as it should. Where two
        messages share a moment, a page may repeat one and leave out the other: then all pages are
        read once more in the other order, until nothing new appears.
        """
        found: dict[str, _Kept] = {}
        for number in range(PASSES):
            order, before = "desc" if number % 2 else "asc", len(found)
            seen: set[tuple[str, datetime]] = set()
            total, pages, page = 0, 1, 1
            while page <= pages:
                asked = [*arguments, *_paging(page, order, until)]
                answer = self._page(asked, page, total, pages)
                total, pages = answer["total"], answer["pages"]
                if total > most:
                    raise HistoryRefusedError(
                        f"datagrepper: {self.url}: {total} messages are too many to read in pages: "
                        "set ACCOLADES_HISTORY to datanommer, or let the rule ask for less"
                    )
                for message in map(_message, answer["raw_messages"]):
                    seen.add((message.id, message.sent_at))
                    found.setdefault(message.id, keep(message))
                page += 1
            if len(seen) == total or (number and len(found) == before):
                return found
        raise HistoryAwayError(f"datagrepper: {self.url}: its pages change while they are read")

    def _page(self, asked: _Arguments, page: int, total: int, pages: int) -> dict[str, Any]:
        """Return one page, whole; try a few times, each after a longer wait."""
        wait, reason = FIRST_WAIT, ""
        for number in range(TRIES):
            if number:
                self.sleep(wait)
                wait *= 2
            try:
                return _whole(self._get(asked), page, total, pages)
            except _PageError as failure:
                reason = str(failure)
                log.warning("datagrepper: page %d: %s", page, reason)
        raise HistoryAwayError(
            f"datagrepper: {self.url}: {reason}, {TRIES} times: check ACCOLADES_HISTORY_URL"
        )

    def _get(self, asked: _Arguments) -> object:
        deadline = self.clock() + PAGE_SECONDS
        try:
            with self._session.get(
                f"{self.url.rstrip('/')}/raw",
                params=asked,
                headers={"Accept": "application/json", "User-Agent": "Accolades"},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != requests.codes.ok:
                    raise _PageError(f"answers {response.status_code}")
                body = bytearray()
                for chunk in response.iter_content(CHUNK):
                    body += chunk
                    if len(body) > MAX_BYTES:
                        raise HistoryRefusedError(
                            f"datagrepper: {self.url}: a page is larger than {MAX_BYTES} bytes"
                        )
                    if self.clock() > deadline:
                        raise _PageError(f"takes longer than {PAGE_SECONDS:.0f} seconds")
            return json.loads(body)
        except (requests.RequestException, ValueError, RecursionError) as error:
            raise _PageError(f"{type(error).__name__}: {error}"[:300]) from error


def _arguments(query: Query) -> _Arguments:
    asked = []
    for key, argument in ARGUMENTS.items():
        for value in getattr(query, key) or ():
            asked.append((argument, value))
            if key == "users" and value != value.lower():
                asked.append((argument, value.lower()))
    return asked


def _paging(page: int, order: str, until: datetime) -> _Arguments:
    # It wants both ends or none, takes 0 for none, and compares whole seconds, both ends included.
    return [
        ("start", "1"),
        ("end", str(math.ceil(until.timestamp()))),
        ("rows_per_page", str(PAGE)),
        ("page", str(page)),
        ("order", order),
    ]


def _whole(answer: object, page: int, total: int, pages: int) -> dict[str, Any]:
    """Return a page that is whole and belongs to those before it; raise `_PageError` else."""
    if not isinstance(answer, dict):
        raise _PageError("gives no JSON object")
    messages = answer.get("raw_messages")
    counted = [answer.get(key) for key in ("total", "pages", "count")]
    numbers = all(isinstance(item, int) and not isinstance(item, bool) for item in counted)
    if not isinstance(messages, list) or not numbers:
        raise _PageError("gives a page without total, pages, count and raw_messages")
    if page > 1 and (counted[0], counted[1]) != (total, pages):
        raise _PageError("says another total on each page")
    total, pages, count = (int(item or 0) for item in counted)
    expected = min(PAGE, max(total - (page - 1) * PAGE, 0))
    if pages != math.ceil(total / PAGE) or not count == len(messages) == expected:
        raise _PageError(f"gives {len(messages)} of {expected} messages on page {page}")
    for raw in messages:
        _message(raw)
    return answer


def _message(raw: Any) -> Message:
    try:
        headers = raw.get("headers") or {}
        return Message(
            id=_text(raw["msg_id"]),
            topic=_text(raw["topic"]),
            body=raw["msg"] if isinstance(raw["msg"], dict) else {},
            sent_at=_moment(headers.get("sent-at"), raw["timestamp"]),
            headers=headers,
            agent_name=raw.get("agent_name") or raw.get("username") or None,
            usernames=tuple(_text(name) for name in raw["users"]),
            packages=tuple(_text(name) for name in raw["packages"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _PageError(f"gives a message that cannot be read: {error!r}"[:200]) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}"[:80])
    return value


def _moment(said: object, stamp: object) -> datetime:
    """Return when a message was sent: its own header is more exact than whole seconds."""
    if isinstance(said, str):
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            pass
        else:
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if isinstance(stamp, bool) or not isinstance(stamp, int | float):
        raise TypeError("no timestamp")
    return datetime.fromtimestamp(stamp, UTC)
