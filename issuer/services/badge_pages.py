# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page of a badge shows: itself, its series, its holders, and when it was awarded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Integer,
    Text,
    bindparam,
    cast,
    exists,
    extract,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import contains_eager

from issuer.errors import NotFoundError
from issuer.models import (
    Award,
    Badge,
    BadgePeriod,
    BadgeTotal,
    Grant,
    Invitation,
    Issuer,
    Period,
    Person,
    Rule,
    RuleRevision,
    Tag,
    badge_tags,
)
from issuer.services import endorsement_lists
from issuer.services.catalogue import holds, people_with_badges, steps_beside
from issuer.services.listing import (
    Shown,
    award_card,
    cards_of,
    ids_of,
    page_of_awards,
    plain,
)
from issuer.services.permissions import EVERY_ISSUER, NOBODY, Right, for_issuer
from issuer.services.rarity import Rarity, rarity

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from issuer.services.cards import AwardCard, Listing, SeriesCard
    from issuer.services.endorsement_lists import Said
    from issuer.services.permissions import Actor

#: Of more years than that a chart shows the last.
MAX_MONTHS = 480


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
    endorsements: tuple[Said, ...]


def badge_page(
    session: Session,
    slug: str,
    *,
    now: datetime,
    viewer: Actor = NOBODY,
    after: str = "",
    limit: int = 30,
) -> BadgePage:
    """Return the badge with its holders after the cursor; raise `NotFoundError`."""
    row = session.execute(
        _badge(bool(viewer.key)),
        {
            "slug": plain(slug),
            "me": viewer.key,
            "groups": list(viewer.groups),
            "every": for_issuer(viewer, Right.INVITE, EVERY_ISSUER),
            "issuers": list(viewer.issuers),
            "now": now,
        },
    ).one_or_none()
    if row is None:
        raise NotFoundError("badge %(badge)r: there is none", badge=slug)
    badge: Badge = row[0]
    may_grant = bool(row[6]) or for_issuer(viewer, Right.AWARD, badge.issuer.slug)
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
        awards=page_of_awards(session, after, limit, (Award.badge_id, badge.id)),
        first=award_card(first) if first else None,
        months=_months(row[9]),
        endorsements=endorsement_lists.of_badge(session, badge.id, now=now),
    )


def _months(text: str) -> tuple[tuple[date, int], ...]:
    """Return the months in which a badge was awarded, and how often."""
    found = (line.split(":") for line in text.split("\n") if line)
    return tuple(
        sorted((date(int(month[:-2]), int(month[-2:]), 1), int(number)) for month, number in found)
    )


# Statements are made once: making one costs more than running it.


@lru_cache
def _first() -> Select[*Shown]:
    badge = bindparam("badge", type_=Integer)
    first = ids_of(Award.badge_id, badge).order_by(Award.badge_id, Award.issued_at, Award.id)
    return cards_of(first.limit(1))


@lru_cache
def _badge(known: bool) -> Select[Any]:
    text = (
        select(RuleRevision.text)
        .join(Rule, Rule.id == RuleRevision.rule_id)
        .where(Rule.badge_id == Badge.id, Rule.active, RuleRevision.number == Rule.current)
        .order_by(Rule.id)
        .limit(1)
        .scalar_subquery()
    )
    me = select(Person.id).where(Person.key == bindparam("me"))
    invitation = (
        select(Invitation.token)
        .where(
            Invitation.badge_id == Badge.id,
            Invitation.batch == "",  # a code is for one person
            # Under a grant one sees what one made oneself: others have quotas of their own.
            or_(
                bindparam("every", type_=Boolean),
                Issuer.slug.in_(bindparam("issuers", expanding=True)),
                Invitation.created_by_id == me.scalar_subquery(),
            ),
            Invitation.revoked_at.is_(None),
            or_(Invitation.expires_at.is_(None), Invitation.expires_at > bindparam("now")),
            or_(Invitation.maximum_uses.is_(None), Invitation.uses < Invitation.maximum_uses),
        )
        .order_by(Invitation.id.desc())
        .limit(1)
        .scalar_subquery()
    )
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
    month = (
        select(
            cast(
                extract("year", BadgePeriod.starts_on) * 100
                + extract("month", BadgePeriod.starts_on),
                Integer,
            ).label("month"),
            BadgePeriod.awards.label("awards"),
        )
        .where(BadgePeriod.badge_id == Badge.id, BadgePeriod.period == Period.MONTH)
        .where(BadgePeriod.awards > 0)
        .order_by(BadgePeriod.starts_on.desc())
        .limit(MAX_MONTHS)
        .correlate(Badge)
        .subquery()
    )
    # In the same statement: a page may ask five times at most.
    months = select(
        func.aggregate_strings(cast(month.c.month, Text) + ":" + cast(month.c.awards, Text), "\n")
    ).scalar_subquery()
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
            func.coalesce(months, ""),
        )
        .join(Badge.issuer)
        .options(contains_eager(Badge.issuer))
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .where(Badge.slug == bindparam("slug"))
    )
