# SPDX-License-Identifier: AGPL-3.0-or-later
"""How spans of days are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.dates import format_date, format_skeleton
from flask_babel import gettext

from issuer.models import Period
from issuer.web import languages, texts

if TYPE_CHECKING:
    from issuer.services.spans import Span


def span_title(span: Span) -> str:
    """Return how people call a span: 2026, March 2026, week 10 of 2026, or its days."""
    if span.is_all:
        return str(gettext("All time"))
    if span.period is Period.YEAR:
        return str(span.first.year)
    if span.period is Period.MONTH:
        return texts.month(span.first)
    if span.period is Period.WEEK:
        year, week, _ = span.first.isocalendar()
        return str(gettext("Week %(week)s of %(year)s", week=week, year=year))
    if span.period is Period.DAY:
        return texts.day(span.first)
    first, last = (texts.day(day, short=True) for day in (span.first, span.last))
    return str(gettext("%(first)s to %(last)s", first=first, last=last))


def part_title(span: Span) -> str:
    """Return how people call a part of a period whose name they know: March, or Mon 2 March."""
    if span.period is Period.MONTH:
        return format_date(span.first, "LLLL", locale=languages.locale())
    return format_skeleton("EdMMMM", span.first, locale=languages.locale())
