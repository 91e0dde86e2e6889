# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules that are written on the site: drafts, what is in force, and the way back.

A text that is saved changes nothing until it is activated; then the site's text is in force, and
`accolades rules sync` notes what the file of the rule says without using it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from issuer.db import insert_once
from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import Rule
from issuer.services import audits, badges, collections, counts, permissions, rule_checks
from issuer.services.permissions import Right
from issuer.services.rule_checks import MAX_TEXT

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Badge, RuleRevision
    from issuer.services.permissions import Actor


@dataclass(frozen=True, slots=True)
class Place:
    """A badge, and its rule where there is one."""

    badge: Badge
    rule: Rule | None

    @property
    def newest(self) -> RuleRevision | None:
        """The last text that is one's to go on with, in force or not.

        What a file says is not, where the site has a text of its own in force.
        """
        rule = self.rule
        written = [each for each in rule.revisions if each.text] if rule is not None else []
        own = [
            each
            for each in written
            if rule is None or not rule.edited or each.author_id or each.number == rule.current
        ]
        return own[-1] if own else None

    @property
    def noted(self) -> RuleRevision | None:
        """What the file says now, where that is not in force and came after it."""
        rule = self.rule
        file = collections.of_file(rule) if rule is not None and rule.edited else None
        return file if rule is not None and file and file.number > rule.current else None

    @property
    def draft(self) -> RuleRevision | None:
        """The newest text where it is not in force."""
        rule, newest = self.rule, self.newest
        if rule is None or newest is None:
            return None
        return None if rule.active and newest.number == rule.current else newest


def find(session: Session, actor: Actor, slug: str, *, now: datetime, lock: bool = False) -> Place:
    """Return a badge with its rule; raise `NotFoundError`, or `ForbiddenError` without the right.

    With ``lock`` nobody else changes the rule until the end of the transaction.
    """
    statement = select(Rule).filter_by(slug=slug)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    rule = session.scalars(statement).one_or_none()
    badge = rule.badge if rule is not None else badges.find(session, slug)
    if badge.slug != slug:  # an old id of a badge is no address here
        raise NotFoundError("rule %(rule)r: there is no badge of that address", rule=slug)
    permissions.require(session, actor, Right.RULES, badge, now=now)
    return Place(badge, rule)


def save(
    session: Session, actor: Actor, slug: str, text: str, *, base: int, now: datetime
) -> tuple[RuleRevision, bool]:
    """Put a text on top of the history of a rule; tell whether it is new. It is not in force yet.

    ``base`` is the number of the revision that its author saw; 0: none. Raises `ConflictError`
    where somebody saved another one meanwhile, `InvalidInputError` for what is too long or empty.
    """
    if not text.strip() or len(text) > MAX_TEXT or "\0" in text:
        raise InvalidInputError(
            "rule %(rule)r: needs a text of 1 to %(limit)s characters", rule=slug, limit=MAX_TEXT
        )
    badge = find(session, actor, slug, now=now).badge
    facts = {"slug": slug, "badge_id": badge.id, "created_at": now, "updated_at": now}
    own = {"active": False, "current": 0}
    insert_once(session, Rule, facts | own, unique=("slug",))
    rule = _locked(session, actor, slug, now)
    newest = Place(badge, rule).newest
    if newest is not None and newest.text == text:
        return newest, False
    if (newest.number if newest else 0) != base:
        raise ConflictError(
            "rule %(rule)r: somebody saved another text meanwhile, see its history; save again "
            "to put yours on top",
            rule=slug,
        )
    made = collections.add_revision(
        rule, text, _fingerprint(text), now=now, author_id=actor.person_id
    )
    session.flush()
    audits.record(
        session, actor, "rule.save", "rule", slug, now=now, after={"revision": made.number}
    )
    return made, True


def activate(session: Session, actor: Actor, slug: str, number: int, *, now: datetime) -> Rule:
    """Put a revision in force.

    Raises `InvalidInputError` unless it loads, `ConflictError` where the badge is retired.
    """
    rule = _locked(session, actor, slug, now)
    revision = _revision(rule, number)
    if rule.badge.retired_at is not None:
        raise ConflictError(
            "badge %(badge)r: is retired, nobody can get it: bring it back first", badge=slug
        )
    found = rule_checks.check(session, revision.text, rule.badge)
    if found.rule is None:
        raise InvalidInputError(
            "rule %(rule)r: revision %(revision)s: %(reason)s",
            rule=slug,
            revision=number,
            reason=found.errors[0],
        )
    before, former = _state(rule), rule.in_force
    file = collections.of_file(rule)
    rule.current, rule.active, rule.updated_at = number, True, now
    rule.edited = file is None or file.number != number
    collections.aim(rule, found.rule)
    session.flush()
    if former != revision.text:
        # A changed filter asks anew; nobody asks for the old counters.
        counts.forget_others(session, collections.active_rules(session).rules)
    _audit(session, actor, "rule.activate", rule, before, now)
    return rule


def deactivate(session: Session, actor: Actor, slug: str, *, now: datetime) -> Rule:
    """Take a rule out of force; whoever has the badge keeps it."""
    rule = _locked(session, actor, slug, now)
    before = _state(rule)
    if rule.active:
        rule.active, rule.updated_at = False, now
        session.flush()
        _audit(session, actor, "rule.deactivate", rule, before, now)
    return rule


def restore(session: Session, actor: Actor, slug: str, number: int, *, now: datetime) -> Rule:
    """Put an older text on top of the history again, as a draft."""
    rule = _locked(session, actor, slug, now)
    revision = _revision(rule, number)
    newest = Place(rule.badge, rule).newest
    base = newest.number if newest is not None else 0
    save(session, actor, slug, revision.text, base=base, now=now)
    return rule


def follow_file(session: Session, actor: Actor, slug: str, *, now: datetime) -> Rule:
    """Put in force what the file of a rule said last, and follow the file from now on.

    Raises `ConflictError` where the rule never had a file.
    """
    rule = _locked(session, actor, slug, now)
    file = collections.of_file(rule)
    if file is None:
        raise ConflictError("rule %(rule)r: has no file: it was written on the site", rule=slug)
    if not rule.active:
        before = _state(rule)
        rule.current, rule.edited, rule.updated_at = file.number, False, now
        session.flush()
        _audit(session, actor, "rule.follow_file", rule, before, now)
        return rule
    return activate(session, actor, slug, file.number, now=now)


def reset_failures(session: Session, actor: Actor, slug: str, *, now: datetime) -> Rule:
    """Forget how often a rule failed: it is looked at, or mended."""
    rule = _locked(session, actor, slug, now)
    before = {"failures": rule.failures, "last_failure": rule.last_failure}
    rule.failures, rule.last_failure, rule.last_failure_at = 0, None, None
    session.flush()
    after = {"failures": 0, "last_failure": None}
    audits.record(
        session,
        actor,
        "rule.reset_failures",
        "rule",
        slug,
        now=now,
        before=before,
        after=after,
    )
    return rule


def _locked(session: Session, actor: Actor, slug: str, now: datetime) -> Rule:
    rule = find(session, actor, slug, now=now, lock=True).rule
    if rule is None:
        raise NotFoundError("rule %(rule)r: nothing was saved yet", rule=slug)
    return rule


def _revision(rule: Rule, number: int) -> RuleRevision:
    found = rule.revision(number)
    if found is None or not found.text:
        raise NotFoundError(
            "rule %(rule)r: has no text in revision %(revision)s", rule=rule.slug, revision=number
        )
    return found


def _state(rule: Rule) -> dict[str, Any]:
    return {"active": rule.active, "revision": rule.current, "edited": rule.edited}


def _audit(
    session: Session,
    actor: Actor,
    action: str,
    rule: Rule,
    before: dict[str, Any],
    now: datetime,
) -> None:
    after = _state(rule)
    audits.record(session, actor, action, "rule", rule.slug, now=now, before=before, after=after)


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
