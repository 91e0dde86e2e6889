# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows of backfills: one at a time for each rule, one holder at a time for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.errors import ConflictError, ForbiddenError, NotFoundError
from issuer.models import Backfill, Rule
from issuer.services import backfills, leases
from issuer.services.permissions import Actor, Role
from tests.issuing import NOW, make_badge

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.site import Site

ROOT = Actor(username="root", roles=frozenset({Role.ADMIN}))
SLUG = "first-steps"


@pytest.fixture
def rule(session: Session, site: Site) -> Rule:
    badge = make_badge(session, site)
    made = Rule(slug=SLUG, badge_id=badge.id, active=True, created_at=NOW, updated_at=NOW)
    session.add(made)
    session.flush()
    return made


def taken(session: Session, now: datetime = NOW) -> backfills.Job:
    job = backfills.take(session, now=now)
    assert job is not None
    return job


def ask(session: Session) -> Backfill:
    return backfills.ask(session, ROOT, SLUG, None, now=NOW)


@pytest.mark.usefixtures("rule")
def test_of_each_rule_one_is_made_at_a_time_and_one_process_holds_it(session: Session) -> None:
    made = ask(session)
    assert ask(session) is made
    first = taken(session)
    assert backfills.take(session, now=NOW) is None
    assert backfills.note(session, first, 7, 9, now=NOW)
    assert backfills.add(session, first, 2)
    later = NOW + leases.LEASE
    second = taken(session, later)
    assert not backfills.add(session, first, 5)
    assert not backfills.note(session, first, 9, 9, now=later)
    backfills.finish(session, first, now=later)
    assert backfills.add(session, second, 1)
    backfills.finish(session, second, now=later)
    session.refresh(made)
    assert (made.awarded, made.attempts, made.due_at, made.reason) == (3, 2, None, None)
    assert ask(session) is not made
    assert len(backfills.listed(session, SLUG)) == 2


@pytest.mark.usefixtures("rule")
def test_what_fails_is_tried_later_and_at_last_given_up(session: Session) -> None:
    made, now = ask(session), NOW
    for _ in range(leases.MAX_ATTEMPTS):
        backfills.put_off(session, taken(session, now), "accounts: away", now=now)
        assert backfills.take(session, now=now) is None
        now += leases.PAUSE
    session.refresh(made)
    assert (made.reason, made.due_at) == ("accounts: away", None)


def test_whoever_may_not_and_what_is_not_in_force_is_refused(session: Session, rule: Rule) -> None:
    with pytest.raises(ForbiddenError):
        backfills.ask(session, Actor(username="asha"), SLUG, None, now=NOW)
    with pytest.raises(NotFoundError):
        backfills.ask(session, ROOT, "another", None, now=NOW)
    rule.active = False
    session.flush()
    with pytest.raises(ConflictError, match="activate it first"):
        ask(session)
