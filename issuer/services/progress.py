# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far people are on the way to badges, by the counters that are kept of them.

A badge whose rule asks for no number to be reached is on no list: there is no way to tell how far
anybody is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, or_, select

from issuer.models import Badge, BadgeTotal, Counter, Rule
from issuer.services.cards import BadgeCard
from issuer.services.catalogue import holds

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

#: Of so many counters of a person the nearest are found: far more than anybody has at present.
COUNTERS = 500


@dataclass(frozen=True, slots=True)
class Way:
    """A badge that somebody is on the way to."""

    badge: BadgeCard
    criteria: str
    value: int
    threshold: int

    @property
    def percent(self) -> int:
        """How far, in whole percent."""
        return 100 * self.value // self.threshold


def nearest(session: Session, key: str, limit: int) -> tuple[Way, ...]:
    """Return the badges that somebody is nearest to: of what is counted the next level each."""
    rows = session.execute(_nearest(), {"me": key, "most": limit})
    return tuple(Way(BadgeCard(*row[:6]), row[6], row[7], int(row[8])) for row in rows)


@lru_cache
def _nearest() -> Select[Any]:
    kept = (
        select(Counter.id, Counter.filter, Counter.facts, Counter.value)
        .where(Counter.person_key == bindparam("me"), Counter.value > 0)
        .order_by(Counter.filter)
        .limit(COUNTERS)
        .subquery()
    )
    counted = kept.c.facts["topics"][0].as_string()
    level = func.row_number().over(
        partition_by=kept.c.id, order_by=(Rule.threshold, Badge.slug, Rule.id)
    )
    found = (
        select(
            Badge.slug,
            Badge.name,
            Badge.description,
            BadgeTotal.holders,
            Badge.version,
            Badge.svg_id,
            Badge.criteria_text,
            kept.c.value,
            Rule.threshold,
            level.label("level"),
        )
        .select_from(kept)
        .join(Rule, and_(Rule.asks == kept.c.filter, Rule.active))
        .join(Badge, Badge.id == Rule.badge_id)
        .join(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .where(
            kept.c.value < Rule.threshold,
            Badge.retired_at.is_(None),
            # Rules of different messages share a filter that names the message's own topic.
            or_(Rule.topic == "", counted.endswith(Rule.topic)),
            ~holds(bindparam("me")),
        )
        .subquery()
    )
    share = (1.0 * found.c.value / found.c.threshold).desc()
    first = select(found).where(found.c.level == 1).order_by(share, found.c.slug)
    return first.limit(bindparam("most"))
