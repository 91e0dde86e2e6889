# SPDX-License-Identifier: AGPL-3.0-or-later
"""Times as Open Badges 2.0 writes them: a date, ``T``, a time and always a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from openbadges.errors import MalformedError

_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}([.,]\d{1,12})?)?(Z|[+-]\d{2}(:?\d{2})?)", re.ASCII
)


def parse_time(text: str) -> datetime:
    """Return the moment that an ISO 8601 string names (Open Badges 2.0, DateTime).

    Raises `MalformedError`: the text is no date with time and zone.
    """
    if not _DATE_TIME.fullmatch(text):
        raise MalformedError(f"{text[:60]!r} is no time with a date, 'T' and a zone")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedError(f"{text!r} is no time: {error}") from error


def format_time(moment: datetime) -> str:
    """Return a moment in UTC to the second, as ``2026-01-31T12:00:00Z``.

    Raises `MalformedError`: the moment carries no zone.
    """
    if moment.utcoffset() is None:
        raise MalformedError(f"{moment.isoformat()} carries no zone; give an aware datetime")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
