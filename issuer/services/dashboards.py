# SPDX-License-Identifier: AGPL-3.0-or-later
"""What those who run a site want to see first; no statement grows with the number of awards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from issuer.models import (
    Award,
    Badge,
    BadgePeriod,
    KeyState,
    Period,
    PythonBadgeState,
    QuarantinedMessage,
    Rule,
    SigningKey,
)
from issuer.services import exports, mailing, operating, outbox, pushes, trails
from issuer.services.permissions import Right

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import AuditEntry, JobRun
    from issuer.services.outbox import Backlog

MONTHS = 24
SHOWN = 5
#: A key that signs for longer than this should have a successor.
OLD_KEY = timedelta(days=730)
#: What is due for so long nobody works on.
LATE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Awards:
    """How many awards there were today and in each month, the oldest first."""

    today: int
    months: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class Failing:
    """A rule or a badge in Python that fails."""

    name: str
    failures: int
    reason: str
    last_at: datetime | None
    badge: str = ""  # the slug of its badge


@dataclass(frozen=True, slots=True)
class Queue:
    """How much waits for workers, and how late the first of it is."""

    waiting: int
    due_at: datetime | None

    def is_late(self, now: datetime) -> bool:
        """Whether nobody seems to work on it."""
        return self.due_at is not None and now - self.due_at > LATE


@dataclass(frozen=True, slots=True)
class Traffic:
    """What waits: announcements, letters, badges, exports, and messages that were put aside."""

    backlog: Backlog
    letters: int
    pushes: Queue
    exports: Queue
    quarantined: int
    oldest: datetime | None
    jobs: Sequence[JobRun]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The boxes that somebody may see; nothing in those they may not."""

    awards: Awards | None = None
    failing: Sequence[Failing] | None = None
    traffic: Traffic | None = None
    keys: Sequence[SigningKey] | None = None
    audit: Sequence[AuditEntry] | None = None


def dashboard(session: Session, rights: Collection[Right], *, now: datetime) -> Dashboard:
    """Return what somebody with these rights for some badge or all may see."""
    return Dashboard(
        awards=awards(session, now=now) if Right.AWARD in rights else None,
        failing=failing(session) if Right.RULES in rights else None,
        traffic=traffic(session) if Right.OPERATE in rights else None,
        keys=keys(session) if Right.KEYS in rights else None,
        audit=trails.recent(session) if Right.AUDIT in rights else None,
    )


def awards(session: Session, *, now: datetime) -> Awards:
    """Return the awards of today, and of the last two years by month."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = select(func.count()).select_from(Award).where(Award.issued_at >= midnight)
    first = date(now.year - MONTHS // 12, now.month, 1)
    months = (
        select(BadgePeriod.starts_on, func.sum(BadgePeriod.awards))
        .where(BadgePeriod.period == Period.MONTH, BadgePeriod.starts_on > first)
        .where(BadgePeriod.awards > 0)
        .group_by(BadgePeriod.starts_on)
        .order_by(BadgePeriod.starts_on)
    )
    return Awards(
        session.scalars(today.where(Award.revoked_at.is_(None))).one(),
        tuple((month, int(number)) for month, number in session.execute(months)),
    )


def failing(session: Session) -> list[Failing]:
    """Return the rules and badges in Python that failed last."""
    rules = (
        select(Rule.slug, Rule.failures, Rule.last_failure, Rule.last_failure_at, Badge.slug)
        .join(Badge, Badge.id == Rule.badge_id)
        .where(Rule.active, Rule.failures > 0)
        .order_by(Rule.last_failure_at.desc())
        .limit(SHOWN)
    )
    found = [
        Failing(row[0], row[1], row[2] or "", row[3], row[4]) for row in session.execute(rules)
    ]
    classes = (
        select(PythonBadgeState)
        .where(PythonBadgeState.failures > 0)
        .order_by(PythonBadgeState.last_failure_at.desc())
        .limit(SHOWN)
    )
    found += [
        Failing(each.slug, each.failures, each.last_failure or "", each.last_failure_at, each.slug)
        for each in session.scalars(classes)
    ]
    return found


def traffic(session: Session) -> Traffic:
    """Return what waits, and how jobs fared last."""
    aside = select(func.count(), func.min(QuarantinedMessage.received_at)).where(
        QuarantinedMessage.resolved_at.is_(None)
    )
    number, oldest = session.execute(aside).one()
    return Traffic(
        backlog=outbox.backlog(session),
        letters=mailing.waiting(session),
        pushes=Queue(pushes.waiting(session), pushes.next_due(session)),
        exports=Queue(exports.waiting(session), exports.next_due(session)),
        quarantined=number,
        oldest=oldest,
        jobs=operating.last_runs(session),
    )


def keys(session: Session) -> Sequence[SigningKey]:
    """Return the keys that sign now, the oldest first."""
    active = select(SigningKey).filter_by(state=KeyState.ACTIVE)
    return session.scalars(active.order_by(SigningKey.valid_from, SigningKey.id)).all()
