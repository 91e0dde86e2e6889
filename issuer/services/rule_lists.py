# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which rules there are: what a table of them shows, and badges that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, or_, select

from issuer.models import Badge, Rule, RuleRevision
from issuer.services import permissions
from issuer.services.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

FAILING = or_(Rule.failures > 0, Rule.last_failure.is_not(None))
#: What each filter of the table means.
STATES: Mapping[str, ColumnElement[bool]] = {
    "active": Rule.active.is_(True),
    "inactive": ~Rule.active,
    "failing": FAILING,
}
FROM_FILE = (Rule.source != "") & ~Rule.edited
SOURCES: Mapping[str, ColumnElement[bool]] = {"file": FROM_FILE, "site": ~FROM_FILE}
COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "name": func.lower(Badge.name),
    "failures": Rule.failures + 0,
    "changed": Rule.updated_at.expression,
}
MOST_BADGES = 50


def listed(
    actor: Actor, query: str, state: str, source: str, *, now: datetime
) -> Select[tuple[Rule, Badge, int]]:
    """Return the rules that somebody may change, each with its badge and its newest revision."""
    newest = (
        select(func.coalesce(func.max(RuleRevision.number), 0))
        .where(RuleRevision.rule_id == Rule.id, RuleRevision.text != "")
        .scalar_subquery()
    )
    statement = select(Rule, Badge, newest.label("newest")).join(Badge, Rule.badge_id == Badge.id)
    statement = statement.where(permissions.within(actor, Right.RULES, now=now))
    if query:
        statement = statement.where(_named(query))
    for known, wanted in ((STATES, state), (SOURCES, source)):
        if wanted in known:
            statement = statement.where(known[wanted])
    return statement


def without_rule(session: Session, actor: Actor, query: str, *, now: datetime) -> Sequence[Badge]:
    """Return some badges that have no rule yet and may get one from somebody."""
    statement = (
        select(Badge)
        .where(permissions.within(actor, Right.RULES, now=now), Badge.retired_at.is_(None))
        .where(~exists().where(Rule.badge_id == Badge.id))
        .order_by(func.lower(Badge.name), Badge.id)
        .limit(MOST_BADGES)
    )
    return session.scalars(statement.where(_named(query)) if query else statement).all()


def _named(query: str) -> ColumnElement[bool]:
    return or_(
        func.lower(Badge.name).contains(query.lower(), autoescape=True),
        Badge.slug.contains(query.lower(), autoescape=True),
    )
