# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one way of a message: archive, count, award, announce, in the caller's transaction.

The consumer, the replay, the events of programs and the dry run of admins all come through here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import select

from issuer.errors import AccoladesError
from issuer.models import Award, Badge, Person, Rule, Source
from issuer.services import archive, awards, counts, persons, python_badges
from rules.errors import MissingValueError, RuleError
from rules.recipients import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from rules.engine import Decision, RuleSet
    from rules.model import Message
    from rules.plugins import PythonBadge
    from rules.recipients import Accounts

log = logging.getLogger(__name__)

MAX_FAILURE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for all messages: who is who, who is skipped, where recipients have mail."""

    accounts: Accounts
    skip_users: frozenset[str]
    email_domain: str
    message_url: str = ""  # with `{id}`: where people read a message
    plugins: tuple[PythonBadge, ...] = ()

    def cause_url(self, message: Message) -> str | None:
        """Address where people read what caused an award."""
        named = quote(message.id, safe="")
        return self.message_url.replace("{id}", named) if self.message_url else None


@dataclass(frozen=True, slots=True)
class Given:
    """One award that a message made."""

    badge: Badge
    person: Person
    award: Award


@dataclass(slots=True)
class Processed:
    """What became of a message."""

    message_id: str
    duplicate: bool = False
    given: list[Given] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)  # rule, reason
    misfits: list[tuple[str, str]] = field(default_factory=list)  # rule, what the message lacks
    dropped: list[tuple[str, str]] = field(default_factory=list)  # candidate, reason


def process(
    session: Session,
    message: Message,
    ruleset: RuleSet,
    policy: Policy,
    *,
    users: Iterable[str],
    now: datetime,
) -> Processed:
    """Archive a message and make the awards that it earns; the same message twice changes nothing.

    ``users`` are the people that the archive keeps with it. A broken rule is recorded and the
    others still run. Database errors are the caller's.
    """
    result = Processed(message.id)
    row = archive.store(session, message, users, now=now)
    if row is None:
        result.duplicate = True
        return result
    decisions = list(ruleset.triggered(message))
    known = _rows(session, decisions)
    for decision in decisions:
        rule = known.get(decision.rule.slug)
        if rule is None or not rule.active:
            continue
        try:
            with session.begin_nested():
                _decide(session, message, row, decision, rule, policy, result, now)
        except (RuleError, AccoladesError) as error:
            _fail(rule, error, result, now)
    _ask_plugins(session, message, policy, result, now)
    session.flush()
    return result


def _ask_plugins(
    session: Session, message: Message, policy: Policy, result: Processed, now: datetime
) -> None:
    for answer in python_badges.hear(session, message, policy, now=now):
        if answer.made is not None:
            result.given.append(Given(*answer.made))
        elif answer.failed:
            result.failures.append((answer.slug, answer.reason))
        else:
            result.dropped.append((answer.username, answer.reason))


def _decide(
    session: Session,
    message: Message,
    row: int,
    decision: Decision,
    rule: Rule,
    policy: Policy,
    result: Processed,
    now: datetime,
) -> None:
    if decision.error is not None:
        raise decision.error
    resolution = resolve(decision.rule, decision.candidates, policy.accounts, policy.skip_users)
    result.dropped.extend((*decision.dropped, *resolution.dropped))
    occurrence = message.id if rule.badge.repeatable else ""
    away = _out_of_reach(session, rule.badge, resolution.usernames, occurrence)
    someone = any(username.lower() not in away for username in resolution.usernames)
    if someone and not counts.fulfilled(session, decision.rule, message):
        return
    for username in resolution.usernames:
        if reason := away.get(username.lower()):
            result.dropped.append((username, reason))
            continue
        if not counts.reached(
            session, decision.rule, rule.id, message, row, username, policy.accounts, now=now
        ):
            continue
        person = persons.ensure(session, username, now=now)
        cause = awards.Cause(
            source=Source.RULE,
            id=message.id,
            url=policy.cause_url(message),
            evidence=_evidence(policy.cause_url(message)),
        )
        outcome = awards.award(
            session,
            rule.badge,
            person,
            cause=cause,
            email_domain=policy.email_domain,
            issued_at=message.sent_at,
            occurrence=occurrence,
            now=now,
        )
        if outcome.created:
            result.given.append(Given(rule.badge, person, outcome.award))


def _rows(session: Session, decisions: list[Decision]) -> dict[str, Rule]:
    if not decisions:
        return {}
    slugs = {decision.rule.slug for decision in decisions}
    return {rule.slug: rule for rule in session.scalars(select(Rule).where(Rule.slug.in_(slugs)))}


def _out_of_reach(
    session: Session, badge: Badge, usernames: Iterable[str], occurrence: str
) -> Mapping[str, str]:
    """Return why people get nothing, by their key: answered before anything is counted."""
    keys = [username.lower() for username in usernames]
    reasons: dict[str, str] = {}
    if badge.retired_at is not None:
        return dict.fromkeys(keys, "the badge is retired")
    statement = (
        select(Person.key, Person.opted_out, Person.erased_at, Award.id)
        .outerjoin(
            Award,
            (Award.person_id == Person.id)
            & (Award.badge_id == badge.id)
            & (Award.occurrence == occurrence),
        )
        .where(Person.key.in_(keys))
    )
    for key, opted_out, erased_at, award_id in session.execute(statement):
        if opted_out or erased_at:
            reasons[key] = "opted out"
        elif award_id is not None:
            reasons[key] = "has the badge"
    return reasons


def _evidence(url: str | None) -> tuple[dict[str, str], ...]:
    return ({"id": url, "name": "The message that earned it"},) if url else ()


def _fail(rule: Rule, error: Exception, result: Processed, now: datetime) -> None:
    if isinstance(error, MissingValueError):
        # A message of another shape than the rule expects: it does not match, nothing is broken.
        log.info("rule %s does not fit message %s: %s", rule.slug, result.message_id, error)
        result.misfits.append((rule.slug, str(error)))
        return
    log.warning("rule %s fails on message %s: %s", rule.slug, result.message_id, error)
    rule.failures += 1
    rule.last_failure = str(error)[:MAX_FAILURE]
    rule.last_failure_at = now
    result.failures.append((rule.slug, str(error)))
