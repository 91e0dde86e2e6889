# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeps what a directory of accounts answered, for a while; while it is away, somewhat longer."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from issuer.errors import AccountsAwayError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

MOST = 100_000
#: Seconds for which a directory that did not answer is left alone.
PAUSE = 15.0
#: Seconds after which even a directory that is away is not believed any more to know somebody.
LONGEST = 24 * 3600.0


class Question(Protocol):
    """Asks a directory; in haste it asks once. Raises `AccountsAwayError`."""

    def __call__(self, *, hasty: bool) -> str | None:
        """Return the account, None: nobody's."""
        ...


@dataclass(slots=True)
class Lookups:
    """What became of questions since the process began."""

    asked: int = 0
    stale: int = 0  # answered from memory because the directory was away
    failed: int = 0
    trouble: str = ""  # why the directory does not answer now


@dataclass(frozen=True, slots=True)
class _Kept:
    account: str | None
    at: float


class Memory:
    """A bounded memory of answers; what nobody has is forgotten sooner."""

    def __init__(
        self,
        *,
        seconds: float,
        missing_seconds: float,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._missing_seconds = seconds, missing_seconds
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._ask_again_at = float("-inf")
        self.lookups = Lookups()

    def answer(self, kind: str, name: str, ask: Question) -> str | None:
        """Return the account of a name, from memory or by asking.

        While the directory is away, who was known before still is. Raises `AccountsAwayError`
        for everybody else: also for those whom nobody had, because somebody may by now.
        """
        key, now = (kind, name), self._clock()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                if now - kept.at < (self._seconds if kept.account else self._missing_seconds):
                    return kept.account
            is_pause = now < self._ask_again_at
        known = kept if kept is not None and kept.account and now - kept.at < LONGEST else None
        if is_pause:
            return self._from_before(known, AccountsAwayError(self.lookups.trouble))
        try:
            account = ask(hasty=known is not None)
        except AccountsAwayError as error:
            self._pause(error)
            return self._from_before(known, error)
        self._keep(key, account)
        return account

    def _keep(self, key: tuple[str, str], account: str | None) -> None:
        with self._lock:
            self._kept[key] = _Kept(account, self._clock())
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
            self.lookups.asked += 1
            if self.lookups.trouble:
                log.warning("accounts: the directory answers again")
                self.lookups.trouble = ""

    def _pause(self, error: AccountsAwayError) -> None:
        with self._lock:
            self.lookups.failed += 1
            if not self.lookups.trouble:
                log.warning("%s: who was known still is, others wait", error)
            self.lookups.trouble = str(error)
            self._ask_again_at = self._clock() + PAUSE

    def _from_before(self, known: _Kept | None, error: AccountsAwayError) -> str | None:
        if known is None:
            raise error
        with self._lock:
            self.lookups.stale += 1
        return known.account
