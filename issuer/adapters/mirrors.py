# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of those who look after mirrors, as MirrorManager publishes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from issuer.adapters import patience
from issuer.adapters.places import shown
from issuer.errors import SourceAwayError

if TYPE_CHECKING:
    from issuer.config import Settings

ACCEPT = "application/json"
OK = 200


def read_admins(settings: Settings) -> list[object]:
    """Return what stands on the list: names, and what is none where some are.

    Raises `SourceAwayError` when there is no list of names to be had.
    """
    url = settings.mirror_url
    answer = patience.fetch(settings, url, accept=ACCEPT)
    if answer.status != OK:
        raise SourceAwayError(f"{shown(url)} answers with {answer.status}: check mirror_url")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise SourceAwayError(f"{shown(url)} is not JSON: check mirror_url") from error
    admins = document.get("admins") if isinstance(document, dict) else None
    if not isinstance(admins, list) or (admins and not any(isinstance(a, str) for a in admins)):
        raise SourceAwayError(f"{shown(url)} has no list 'admins' of names: check mirror_url")
    return admins
