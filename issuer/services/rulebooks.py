# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rules in force as one whole, and the cheap question whether they are still those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from issuer.models import Rule, RuleRevision
from issuer.services import collections
from rules.engine import RuleSet

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: What differs when any rule was added, changed, switched on or off.
Version = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules that were in force together."""

    ruleset: RuleSet
    version: Version
    unreadable: tuple[str, ...] = ()  # slugs of rules that this version of the program cannot read


def version(session: Session) -> Version:
    """Return the version of the rules in force: one statement over a small table."""
    newest = (
        select(func.max(RuleRevision.id))
        .join(Rule, Rule.id == RuleRevision.rule_id)
        .where(RuleRevision.number == Rule.current)
        .scalar_subquery()
    )
    row = session.execute(
        select(
            func.max(Rule.updated_at),
            func.count(),
            func.sum(case((Rule.active, 1), else_=0)),
            func.sum(case((Rule.active, Rule.id), else_=0)),
            func.sum(case((Rule.active, Rule.id * Rule.current), else_=0)),
            newest,
        ).select_from(Rule)
    ).one()
    return tuple(row)


def load(session: Session, former: Rulebook | None = None) -> Rulebook:
    """Compile the rules in force.

    A rule whose text cannot be read stays as it was in ``former``; the others are renewed.
    """
    seen = version(session)
    ruleset = collections.active_rules(session)
    readable = {rule.slug for rule in ruleset.rules}
    slugs = session.scalars(select(Rule.slug).where(Rule.active).order_by(Rule.slug))
    unreadable = tuple(slug for slug in slugs if slug not in readable)
    kept = [rule for rule in former.ruleset.rules if rule.slug in unreadable] if former else []
    if kept:
        ruleset = RuleSet(sorted((*ruleset.rules, *kept), key=lambda rule: rule.slug))
    return Rulebook(ruleset, seen, unreadable)
