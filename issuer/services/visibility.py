# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hides people who opted out and shows those who come back: pages, lists and ranks at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.models import Person
from issuer.services import totals

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def opt_out(session: Session, person: Person) -> bool:
    """Hide a person everywhere but in assertions that verify; tell whether they were shown."""
    _lock(session, person)
    if person.opted_out:
        return False
    if person.erased_at is None:
        totals.leave(session, person.id)
    person.opted_out = True
    session.flush()
    return True


def opt_in(session: Session, person: Person) -> bool:
    """Show a person again, with all their badges; tell whether they were hidden."""
    _lock(session, person)
    if not person.opted_out:
        return False
    person.opted_out = False
    session.flush()
    if person.erased_at is None:
        totals.come_back(session, person.id)
    return True


def _lock(session: Session, person: Person) -> None:
    """Let nobody else change the person, and see what others changed."""
    session.flush()
    statement = select(Person).filter_by(id=person.id).with_for_update()
    session.scalars(statement.execution_options(populate_existing=True)).one()
