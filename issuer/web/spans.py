# SPDX-License-Identifier: AGPL-3.0-or-later
"""How spans of days are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.models import Period
from issuer.web import texts

if TYPE_CHECKING:
    from issuer.services.spans import Span


def span_title(span: Span) -> str:
    """Return how people call a span: 2026, March 2026, week 10 of 2026, or its days."""
    if span.is_all:
        return "All time"
    if span.period is Period.YEAR:
        return str(span.first.year)
    if span.period is Period.MONTH:
        return f"{span.first:%B %Y}"
    if span.period is Period.WEEK:
        year, week, _ = span.first.isocalendar()
        return f"Week {week} of {year}"
    if span.period is Period.DAY:
        return texts.day(span.first)
    return f"{texts.day(span.first, short=True)} to {texts.day(span.last, short=True)}"
