# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page of a badge shows: itself, its series, its holders, and when it was awarded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, literal, or_, select
from sqlalchemy.orm import contains_eager

from issuer.errors import NotFoundError
from issuer.models import (
    Award,
    Badge,
    BadgeMonth,
    BadgeTotal,
    Grant,
    Invitation,
    Person,
    Rule,
    RuleRevision,
    Tag,
    badge_tags,
)
from issuer.services.catalogue import holds, people_with_badges, steps_beside
from issuer.services.listing import Shown, award_card, award_cards, page_of_awards, plain
from issuer.services.rarity import Rarity, rarity

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from issuer.services.cards import AwardCard, Listing, SeriesCard

#: Of more years than that a chart shows the last.
MAX_MONTHS = 480


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a badge: nobody by name, or somebody with the groups that count here."""

    key: str = ""
    groups: Collection[str] = ()
    is_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgePage:
    """A badge, its series, and who holds it, newest first."""

    badge: Badge
    holders: int
    awards_ever: int
    rarity: Rarity
    rule: str  # the text in force, empty where none awards it
    is_mine: bool
    may_grant: bool
    invitation: str  # the token of one that is open, for those who may grant
    tags: tuple[str, ...]
    series: SeriesCard | None
    awards: Listing[AwardCard]
    first: AwardCard | None
    months: tuple[tuple[date, int], ...]


def badge_page(
    session: Session,
    slug: str,
    *,
    now: datetime,
    viewer: Viewer = Viewer(),
    after: str = "",
    limit: int = 30,
) -> BadgePage:
    """Return the badge with its holders after the cursor; raise `NotFoundError`."""
    row = session.execute(
        _badge(bool(viewer.key)),
        {"slug": plain(slug), "me": viewer.key, "groups": list(viewer.groups), "now": now},
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"badge {slug!r}: there is none")
    badge: Badge = row[0]
    may_grant = bool(row[6]) or viewer.is_admin
    own = award_cards().where(Award.badge_id == badge.id)
    first = session.execute(_first(), {"badge": badge.id}).one_or_none()
    return BadgePage(
        badge=badge,
        holders=row[1],
        awards_ever=row[2],
        rarity=rarity(row[1], int(row[3])),
        rule=row[4],
        is_mine=bool(row[5]),
        may_grant=may_grant,
        invitation=row[7] if may_grant else "",
        tags=tuple(sorted(row[8].split("\n"))) if row[8] else (),
        series=steps_beside(session, badge.id, me=viewer.key),
        awards=page_of_awards(session, own, after, limit),
        first=award_card(first) if first else None,
        months=_months(session, badge.id),
    )


def _months(session: Session, badge_id: int) -> tuple[tuple[date, int], ...]:
    """Return the months in which a badge was awarded, and how often."""
    rows = session.execute(_month_totals(), {"badge": badge_id})
    return tuple((month, number) for month, number in rows)[::-1]


# Statements are made once: making one costs more than running it.


@lru_cache
def _month_totals() -> Select[date, int]:
    return (
        select(BadgeMonth.month, BadgeMonth.awards)
        .where(BadgeMonth.badge_id == bindparam("badge"), BadgeMonth.awards > 0)
        .order_by(BadgeMonth.month.desc())
        .limit(MAX_MONTHS)
    )


@lru_cache
def _first() -> Select[*Shown]:
    own = award_cards().where(Award.badge_id == bindparam("badge"))
    return own.order_by(Award.issued_at, Award.id).limit(1)


@lru_cache
def _badge(known: bool) -> Select[Any]:
    text = (
        select(RuleRevision.text)
        .join(Rule, Rule.id == RuleRevision.rule_id)
        .where(Rule.badge_id == Badge.id, Rule.active)
        .order_by(Rule.id, RuleRevision.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    invitation = (
        select(Invitation.token)
        .where(
            Invitation.badge_id == Badge.id,
            Invitation.revoked_at.is_(None),
            or_(Invitation.expires_at.is_(None), Invitation.expires_at > bindparam("now")),
            or_(Invitation.maximum_uses.is_(None), Invitation.uses < Invitation.maximum_uses),
        )
        .order_by(Invitation.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    me = select(Person.id).where(Person.key == bindparam("me"))
    may = exists().where(
        Grant.badge_id == Badge.id,
        or_(Grant.expires_at.is_(None), Grant.expires_at > bindparam("now")),
        or_(
            Grant.person_id == me.scalar_subquery(),
            Grant.group_name.in_(bindparam("groups", expanding=True)),
        ),
    )
    tags = (
        select(func.aggregate_strings(Tag.name, "\n"))
        .join(badge_tags, badge_tags.c.tag_id == Tag.id)
        .where(badge_tags.c.badge_id == Badge.id)
        .scalar_subquery()
    )
    return (
        select(
            Badge,
            func.coalesce(BadgeTotal.holders, 0),
            func.coalesce(BadgeTotal.awards, 0),
            people_with_badges(),
            func.coalesce(text, ""),
            holds(bindparam("me") if known else ""),
            may if known else literal(value=False),
            func.coalesce(invitation, ""),
            func.coalesce(tags, ""),
        )
        .join(Badge.issuer)
        .options(contains_eager(Badge.issuer))
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .where(Badge.slug == bindparam("slug"))
    )
