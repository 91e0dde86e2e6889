# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lists that somebody hands in, for tests: from the wish to what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.adapters.accounts import OpenAccounts
from issuer.models import BatchKind, BatchLine
from issuer.services import awarding, batches, naming, permissions, persons, wishes
from issuer.services.permissions import Actor, Role
from issuer.services.wishes import Wish
from tests.issuing import NOW

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.models import Batch
    from rules.recipients import Accounts

DOMAIN = "example.org"


def admin(session: Session, name: str = "root") -> Actor:
    person = persons.ensure(session, name, now=NOW)
    return Actor(username=name, roles=frozenset({Role.ADMIN}), person_id=person.id)


def member(session: Session, name: str, *groups: str) -> Actor:
    person = persons.ensure(session, name, now=NOW)
    return permissions.actor(permissions.Policy(), name, groups, person_id=person.id)


def wished(*lines: tuple[str, ...]) -> list[Wish]:
    """Return wishes of lines: name, badge, evidence, narrative, date."""
    kinds = ("name", "badge", "evidence", "narrative", "date")
    return [
        Wish(number=number, **dict(zip(kinds, line, strict=False)))
        for number, line in enumerate(lines, 1)
    ]


def show(
    session: Session,
    actor: Actor,
    *lines: tuple[str, ...],
    make_accounts: bool = False,
    again: bool = False,
    accounts: Accounts | None = None,
    now: datetime = NOW,
) -> Batch:
    wanted = wished(*lines)
    names = naming.ask(session, accounts or OpenAccounts(), [wish.name for wish in wanted])
    found = wishes.read(session, wanted, names, make_accounts=make_accounts, now=now)
    awarding.judge(session, actor, found, again=again, now=now)
    options = {"again": again}
    batch = batches.make(session, actor, BatchKind.AWARD, found, now=now, options=options)
    session.flush()
    return batch


def give(session: Session, actor: Actor, batch: Batch, now: datetime = NOW) -> bool:
    return awarding.give(session, actor, batch, email_domain=DOMAIN, now=now)


def states(session: Session, batch: Batch) -> list[tuple[str, str]]:
    """Return of each line its state, and why where it is refused."""
    own = select(BatchLine.state, BatchLine.reason).filter_by(batch_id=batch.id)
    session.flush()
    return [(row[0], row[1]) for row in session.execute(own.order_by(BatchLine.number))]
