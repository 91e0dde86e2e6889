# SPDX-License-Identifier: AGPL-3.0-or-later
"""The badges that somebody looks after: searched, filtered, and what rule files say of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from issuer.models import (
    Badge,
    BadgeTotal,
    Grant,
    Invitation,
    Issuer,
    Milestone,
    Rule,
    Series,
    Tag,
    badge_tags,
)
from issuer.services import badge_editing, collections, milestones, permissions, searching
from issuer.services.badge_editing import SAID_BY_RULES
from issuer.services.listing import plain
from issuer.services.permissions import Right
from rules.errors import RuleError
from rules.loader import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from issuer.services.permissions import Actor

MAX_CHOICES = 500
#: What a table of badges may be sorted by.
COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "name": func.lower(Badge.name),
    "holders": func.coalesce(BadgeTotal.holders, 0),
    "points": Badge.points,  # type: ignore[dict-item]  # a column of a model is an expression
    "changed": Badge.updated_at,  # type: ignore[dict-item]  # the same
}
STATES = ("open", "retired", "unfinished")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which badges are asked for; empty values ask for nothing."""

    query: str = ""
    tag: str = ""
    series: str = ""
    issuer: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """A rule that describes a badge, too, and the facts of which it says something else."""

    rule: str
    source: str
    differing: tuple[str, ...]

    @property
    def name(self) -> str:
        """How the file is called, without the folders of this machine."""
        return "/".join(self.source.split("/")[-2:]) or self.rule


def listing(
    session: Session, actor: Actor, wanted: Wanted, *, now: datetime
) -> Select[*tuple[Any, ...]]:
    """Select the badges that somebody may change, as a table shows them."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            Badge.slug,
            Badge.name,
            Badge.version,
            Badge.svg_id,
            Badge.png_id,
            Badge.points,
            Badge.retired_at,
            Badge.claimable,
            Badge.updated_at,
            func.coalesce(BadgeTotal.holders, 0).label("holders"),
            Issuer.name.label("issuer"),
        )
        .join(Issuer, Badge.issuer_id == Issuer.id)
        .outerjoin(BadgeTotal, BadgeTotal.badge_id == Badge.id)
        .where(permissions.within(actor, Right.BADGES, now=now))
    )
    return statement.where(*_filters(session, wanted))


def tags(session: Session) -> list[str]:
    """Return the names of tags, as suggestions."""
    return list(session.scalars(select(Tag.name).order_by(Tag.name).limit(MAX_CHOICES)))


def series(session: Session) -> list[tuple[str, str]]:
    """Return slugs and names of series, as suggestions."""
    statement = select(Series.slug, Series.name).order_by(Series.name).limit(MAX_CHOICES)
    return [(slug, name) for slug, name in session.execute(statement)]


def issuers(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """Return slugs and names of the issuers for which somebody may make badges."""
    statement = select(Issuer.slug, Issuer.name).order_by(Issuer.name)
    return [
        (slug, name)
        for slug, name in session.execute(statement)
        if permissions.for_issuer(actor, Right.BADGES, slug)
    ]


def described(session: Session, badge: Badge) -> Described | None:
    """Return the rule whose file describes a badge, None where there is none."""
    statement = select(Rule).filter_by(badge_id=badge.id).options(selectinload(Rule.revisions))
    row = session.scalars(statement.order_by(Rule.active.desc(), Rule.id).limit(1)).one_or_none()
    text = collections.of_file(row) if row is not None else None
    if row is None or text is None:
        return None
    try:
        facts = collections.facts_of(parse(text.text, source=row.source))
    except RuleError:
        return Described(row.slug, row.source, ())
    place = milestones.of(session, badge)
    now = {
        **badge_editing.told(session, badge),
        "series": (place.series.slug, place.position) if place else None,
    }
    says = {
        **{name: getattr(facts, name) for name in SAID_BY_RULES if hasattr(facts, name)},
        "tags": sorted(set(facts.tags)),
        "series": (facts.series[0], facts.series[2]) if facts.series else None,
        "expires_after": round(facts.expires_after.total_seconds())
        if facts.expires_after
        else None,
        "alignments": [dict(item) for item in facts.alignments],
    }
    differing = tuple(name for name in says if says[name] != now[name])
    return Described(row.slug, row.source, differing)


def _filters(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.query:
        words = searching.words(wanted.query)
        named = Badge.slug.contains(plain(wanted.query).lower(), autoescape=True)
        found.append(
            or_(named, Badge.id.in_(searching.badge_ids(session, words))) if words else named
        )
    if wanted.tag:
        tagged = select(badge_tags.c.badge_id).join(Tag).where(Tag.name == plain(wanted.tag))
        found.append(Badge.id.in_(tagged))
    if wanted.series:
        own = select(Milestone.badge_id).join(Series).where(Series.slug == plain(wanted.series))
        found.append(Badge.id.in_(own))
    if wanted.issuer:
        found.append(Issuer.slug == plain(wanted.issuer))
    if wanted.state in STATES:
        found.append(
            {
                "open": Badge.retired_at.is_(None),
                "retired": Badge.retired_at.is_not(None),
                "unfinished": Badge.png_id.is_(None),
            }[wanted.state]
        )
    return found


def goes_along(session: Session, badge: Badge) -> dict[str, int]:
    """Return how many grants and invitations would go with a badge."""
    return {
        "grants": _number(session, Grant.badge_id, badge),
        "invitations": _number(session, Invitation.badge_id, badge),
    }


def _number(session: Session, column: InstrumentedAttribute[int], badge: Badge) -> int:
    return session.scalar(select(func.count()).where(column == badge.id)) or 0
