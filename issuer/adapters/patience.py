# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks a server that a job depends on: a few times, later each time, then it counts as away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from issuer.adapters.fetching import GuardedFetcher
from issuer.adapters.places import shown
from issuer.errors import SourceAwayError
from openbadges.errors import FetchError

if TYPE_CHECKING:
    from issuer.config import Settings
    from openbadges.fetching import Response

TRIES = 4
#: Seconds before the second try; twice as long before each later one.
BACK_OFF = 1.0
TOO_MANY = 429
BROKEN = 500


def fetch(settings: Settings, url: str, *, accept: str, tries: int = TRIES) -> Response:
    """Return the answer to a GET; raise `SourceAwayError` when there is none that means anything.

    Time, size and redirects are bounded, and only public addresses are asked, as `Policy` says.
    """
    reason = ""
    for number in range(tries):
        if number:
            time.sleep(BACK_OFF * 2 ** (number - 1))
        # Each has the time of one document.
        fetcher = GuardedFetcher(allow_loopback=settings.allow_loopback)
        try:
            answer = fetcher.fetch(url, accept=accept)
        except FetchError as error:
            reason = str(error)
            continue
        if answer.status != TOO_MANY and answer.status < BROKEN:
            return answer
        reason = f"{shown(url)} answers with {answer.status}"
    raise SourceAwayError(f"{reason}: asked {tries} times")
