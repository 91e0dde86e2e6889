# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened in a kept period: how much of it when, which badges most, which were new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, literal, or_, select, union_all

from issuer.models import Badge, BadgePeriod, BadgeTotal, Period, RankHistogram
from issuer.services import spans
from issuer.services.cards import BadgeCard

if TYPE_CHECKING:
    from sqlalchemy import CompoundSelect, Select
    from sqlalchemy.orm import Session

    from issuer.services.spans import Span

#: Of what a period is made, as a report shows it.
INNER = {Period.YEAR: Period.MONTH, Period.MONTH: Period.DAY, Period.WEEK: Period.DAY}
TOP = 8
NEWEST = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a period, and how many badges were awarded in it."""

    span: Span
    badges: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many people got how many badges in a period, and in each part of it."""

    people: int
    badges: int
    parts: tuple[Part, ...]  # none for a day


@dataclass(frozen=True, slots=True)
class Often:
    """A badge, and how often it was awarded in a period."""

    badge: BadgeCard
    awards: int


def numbers(session: Session, span: Span) -> Numbers:
    """Return the numbers of a kept period, from the histograms of it and of its parts."""
    inner = INNER.get(span.period or Period.ALL)
    values = {
        "period": span.period,
        "first": span.first,
        "inner": inner or "",
        "from": span.first,
        "to": span.last,
    }
    people, badges, found = 0, 0, {}
    for period, start, number, total in session.execute(_numbers(), values):
        if period == span.period:
            people, badges = int(number), int(total)
        else:
            found[start] = int(total)
    parts = _parts(span, inner) if inner else ()
    return Numbers(people, badges, tuple(Part(part, found.get(part.first, 0)) for part in parts))


def badges(session: Session, span: Span) -> tuple[tuple[Often, ...], tuple[BadgeCard, ...]]:
    """Return the badges awarded most in a kept period, and the newest that were made in it."""
    values = {
        "period": span.period,
        "first": span.first,
        "begin": datetime.combine(span.first, time.min, tzinfo=UTC),
        "end": datetime.combine(span.last + timedelta(days=1), time.min, tzinfo=UTC),
    }
    rows = session.execute(_badges(), values).all()
    # Whoever puts the parts together need not keep their order.
    often = sorted((row for row in rows if row.part == "often"), key=lambda row: (-row[6], row[0]))
    newest = sorted((row for row in rows if row.part == "new"), key=lambda row: row[6])
    return (
        tuple(Often(BadgeCard(*row[:6]), row[6]) for row in often),
        tuple(BadgeCard(*row[:6]) for row in newest),
    )


def _parts(span: Span, inner: Period) -> tuple[Span, ...]:
    found, day = [], span.first
    while day <= span.last:
        part = spans.current(inner, day)
        found.append(part)
        day = part.last + timedelta(days=1)
    return tuple(found)


# Statements are made once: making one costs more than running it.


@lru_cache
def _numbers() -> Select[Period, date, int, int]:
    histogram = RankHistogram
    return (
        select(
            histogram.period,
            histogram.starts_on,
            func.sum(histogram.people),
            func.sum(histogram.people * histogram.total),
        )
        .where(histogram.measure == "badges", histogram.total > 0)
        .where(
            or_(
                and_(
                    histogram.period == bindparam("period"),
                    histogram.starts_on == bindparam("first"),
                ),
                and_(
                    histogram.period == bindparam("inner"),
                    histogram.starts_on.between(bindparam("from"), bindparam("to")),
                ),
            )
        )
        .group_by(histogram.period, histogram.starts_on)
    )


@lru_cache
def _badges() -> CompoundSelect[Any]:
    card = (
        Badge.slug,
        Badge.name,
        Badge.description,
        func.coalesce(BadgeTotal.holders, 0).label("holders"),
        Badge.version,
        Badge.svg_id,
    )
    most = (
        select(BadgePeriod.badge_id, BadgePeriod.awards)
        .where(BadgePeriod.period == bindparam("period"))
        .where(BadgePeriod.starts_on == bindparam("first"), BadgePeriod.awards > 0)
        .order_by(BadgePeriod.awards.desc(), BadgePeriod.badge_id.desc())
        .limit(TOP)
        .subquery()
    )
    often = (
        select(*card, most.c.awards.label("number"), literal("often").label("part"))
        .join(most, most.c.badge_id == Badge.id)
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
    )
    place = func.row_number().over(order_by=(Badge.created_at.desc(), Badge.id.desc()))
    made = (
        select(Badge.id)
        .where(Badge.created_at >= bindparam("begin"), Badge.created_at < bindparam("end"))
        .where(Badge.retired_at.is_(None))
        .order_by(Badge.created_at.desc(), Badge.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    newest = (
        select(*card, place.label("number"), literal("new").label("part"))
        .join(made, made.c.id == Badge.id)
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
    )
    return union_all(*(select(part.subquery()) for part in (often, newest)))
