# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges that a class in Python decides: at the event, or later by a worker.

What the class is told is the *state*: the members of the event's body, and under names that a body
cannot take ``user``, ``event``, ``at``, ``id``, ``message`` and ``history``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from issuer.adapters.pictures import MAX_BYTES, read_picture
from issuer.db import insert_once, leave
from issuer.errors import AccoladesError, InvalidInputError, OptedOutError
from issuer.models import Badge, PendingDecision, PythonBadgeState, Source
from issuer.services import archive, awards, badges, persons
from issuer.services.collections import SyncReport
from issuer.services.tasks import Task
from rules.errors import RuleError
from rules.queries import LIST_KEYS, Query
from rules.recipients import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.adapters.objects import ObjectFolder
    from issuer.adapters.pictures import Picture
    from issuer.models import Award, Issuer, Person
    from issuer.services.processing import Policy
    from rules.model import Message
    from rules.plugins import Level, PythonBadge

log = logging.getLogger(__name__)

MAX_FAILURE = 500
#: A decision that fails is tried again after 1, 2, 4… minutes, this many times in all.
MAX_ATTEMPTS = 8
FIRST_WAIT = timedelta(minutes=1)


class Made(NamedTuple):
    """An award that a class decided on."""

    badge: Badge
    person: Person
    award: Award


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a class made of one event for one person: an award, or the reason for none."""

    slug: str
    username: str
    made: Made | None = None
    reason: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """Counts messages of the archive up to the event: what a class may ask to decide."""

    session: Session
    until: datetime

    def count(self, **wanted: Iterable[str]) -> int:
        """Return how many messages there are with any of the given ``users``, ``topics`` and so on.

        The names are those of the filters of rules. Raises `InvalidInputError` for another.
        """
        if unknown := wanted.keys() - set(LIST_KEYS):
            raise InvalidInputError(f"history: there is no {min(unknown)!r} to count by")
        lists = {
            name: (values,) if isinstance(values, str) else tuple(values)
            for name, values in wanted.items()
        }
        return archive.count(self.session, Query(**lists, end=self.until))  # type: ignore[arg-type]  # a list each


def sync(
    session: Session,
    found: Iterable[PythonBadge],
    issuer: Issuer,
    objects: ObjectFolder,
    placeholder: Picture,
    *,
    now: datetime,
) -> SyncReport:
    """Bring the badges of classes, one for each level, to what the classes say."""
    report = SyncReport()
    for badge in found:
        try:
            picture = _picture(badge) or placeholder
            for level in badge.levels:
                with session.begin_nested():
                    _put(session, badge, level, issuer, picture, objects, report, now)
        except AccoladesError as error:
            report.problems.append(f"{badge.source}: {error}")
    return report


def hear(
    session: Session,
    message: Message,
    policy: Policy,
    *,
    now: datetime,
) -> Iterator[Answer]:
    """Let the classes that hear of a message decide, or keep the state for those that do it later.

    Each decision stands alone: one that fails is recorded and stops no other.
    """
    for badge in policy.plugins:
        if not badge.hears(message.topic):
            continue
        names = dict.fromkeys(filter(None, (message.agent_name, *message.usernames)))
        for username in resolve(badge, names, policy.accounts, policy.skip_users).usernames:
            state = _state(session, message, username)
            if badge.background:
                answer = _keep(session, badge, message, username, state, now)
            else:
                cause = awards.Cause(source=Source.RULE, id=message.id)
                answer = _decide(session, badge, username, state, cause, policy, now)
            if answer is not None:
                yield answer


def run_pending(session: Session, policy: Policy, *, now: datetime, limit: int = 100) -> int:
    """Decide what was kept for later, the oldest first; return how many events that were.

    Several workers never take the same.
    """
    known = {badge.slug: badge for badge in policy.plugins}
    statement = (
        select(PendingDecision)
        .where(PendingDecision.badge.in_(known), PendingDecision.next_try_at <= now)
        .order_by(PendingDecision.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(statement).all()
    for kept in found:
        state: dict[str, Any] = {
            **kept.state,
            "user": kept.username,
            "at": kept.happened_at,
            "id": kept.event_id,
            "history": History(session, kept.happened_at),
        }
        badge = known[kept.badge]
        cause = awards.Cause(source=Source.RULE, id=kept.event_id)
        answer = _decide(session, badge, kept.username, state, cause, policy, now)
        if answer is not None and answer.failed:
            _postpone(kept, answer.reason, now)
        else:
            session.delete(kept)
    session.flush()
    return len(found)


def _state(session: Session, message: Message, username: str) -> dict[str, Any]:
    return {
        **message.body,
        "user": username,
        "event": message.topic,
        "at": message.sent_at,
        "id": message.id,
        "message": message,
        "history": History(session, message.sent_at),
    }


def _keep(
    session: Session,
    badge: PythonBadge,
    message: Message,
    username: str,
    state: Mapping[str, Any],
    now: datetime,
) -> Answer | None:
    given = state if hasattr(badge.decider, "freeze") else message.body
    try:
        frozen = {"event": message.topic, **badge.freeze(given)}
    except RuleError as error:
        return _failed(session, badge, username, error, now)
    values = {
        "badge": badge.slug,
        "event_id": message.id,
        "username": username,
        "state": frozen,
        "happened_at": message.sent_at,
        "attempts": 0,
        "next_try_at": now,
        "created_at": now,
    }
    if insert_once(session, PendingDecision, values, unique=("badge", "event_id", "username")):
        leave(session, Task.DECIDE)
    return None


def _decide(
    session: Session,
    badge: PythonBadge,
    username: str,
    state: Mapping[str, Any],
    cause: awards.Cause,
    policy: Policy,
    now: datetime,
) -> Answer | None:
    try:
        # What the class asks of the database, or breaks in it, ends with its own decision.
        with session.begin_nested():
            level = badge.decide(state)
            if level is None:
                return None
            row = badges.find(session, level.slug)
            person = persons.ensure(session, username, now=now)
            outcome = awards.award(
                session,
                row,
                person,
                cause=cause,
                email_domain=policy.email_domain,
                issued_at=state["at"],
                occurrence=str(state["id"]) if badge.multiple else "",
                now=now,
            )
    except OptedOutError:
        return Answer(slug=badge.slug, username=username, reason="opted out")
    except (RuleError, AccoladesError) as error:
        return _failed(session, badge, username, error, now)
    if not outcome.created:
        return Answer(slug=badge.slug, username=username, reason="has the badge")
    made = Made(row, person, outcome.award)
    return Answer(slug=badge.slug, username=username, made=made)


def _failed(
    session: Session, badge: PythonBadge, username: str, error: Exception, now: datetime
) -> Answer:
    log.warning("badge %s fails for %s: %s", badge.slug, username, error)
    insert_once(session, PythonBadgeState, {"slug": badge.slug, "failures": 0}, unique=("slug",))
    statement = select(PythonBadgeState).filter_by(slug=badge.slug).with_for_update()
    state = session.scalars(statement).one()
    state.failures += 1
    state.last_failure = str(error)[:MAX_FAILURE]
    state.last_failure_at = now
    return Answer(slug=badge.slug, username=username, reason=str(error), failed=True)


def _postpone(kept: PendingDecision, reason: str, now: datetime) -> None:
    kept.attempts += 1
    kept.last_error = reason[:MAX_FAILURE]
    wait = FIRST_WAIT * 2 ** (kept.attempts - 1)
    # After the last attempt it stays, for people to look at, and is not tried again.
    kept.next_try_at = now + (wait if kept.attempts < MAX_ATTEMPTS else timedelta(days=365_000))


def _put(
    session: Session,
    badge: PythonBadge,
    level: Level,
    issuer: Issuer,
    picture: Picture,
    objects: ObjectFolder,
    report: SyncReport,
    now: datetime,
) -> None:
    series = (badge.slug, badge.name, level.number) if len(badge.levels) > 1 else None
    facts = badges.Facts(
        name=level.name,
        slug=level.slug,
        legacy_id=level.slug,
        description=level.description,
        criteria_text=level.description,
        tags=badge.tags,
        points=badge.points,
        repeatable=badge.multiple,
        series=series,
    )
    known = session.scalars(select(Badge.id).filter_by(legacy_id=level.slug)).one_or_none()
    row, changed = badges.put(session, issuer, facts, picture, objects, now=now)
    state = report.added if known is None else report.changed if changed else report.unchanged
    state.append(row.slug)


def _picture(badge: PythonBadge) -> Picture | None:
    if badge.image is None:
        return None
    if badge.image.stat().st_size > MAX_BYTES:
        raise InvalidInputError(f"{badge.image.name}: larger than {MAX_BYTES} bytes")
    return read_picture(badge.image.read_bytes(), badge.image.name)
