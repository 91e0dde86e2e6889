# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far a person is with a rule, and whether that is far enough.

The value is the number of archived messages that the rule's filter matches for the person, with
the current one, each once. A rule with a condition and no filter counts the messages that trigger
it. Whatever was archived when the rule counts belongs to the value: of two messages that come at
once the second to count sees the first, whichever has the lower row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.db import insert_once
from issuer.models import Counter
from issuer.services import archive
from rules.engine import RuleSet
from rules.recipients import resolve

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from rules.model import Message, Query, Rule
    from rules.recipients import Accounts


def reached(
    session: Session,
    rule: Rule,
    rule_id: int,
    message: Message,
    row: int,
    username: str,
    accounts: Accounts,
    *,
    now: datetime,
) -> bool:
    """Count for one person and tell whether the rule's condition holds; keep the count.

    Raises `RuleError` when the rule cannot be evaluated.
    """
    if rule.condition is None and rule.previous is None:
        return True
    counter = _locked(session, rule_id, username.lower(), now)
    if rule.previous is not None:
        counter.value = _value(session, rule, message, username)
    elif counter.message_ref is not None:
        counter.value += 1
    else:
        counter.value = _triggers(session, rule, username, accounts)
    counter.message_ref = row
    counter.updated_at = now
    return rule.accepts(counter.value)


def fulfilled(session: Session, rule: Rule, message: Message) -> bool:
    """Whether the criteria of a rule hold that are asked once for a message, not for each person.

    Raises `RuleError` when the rule cannot be evaluated.
    """
    return rule.criteria is None or rule.criteria(message, _Archive(session))


class _Archive:
    """The archive as criteria ask it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def count(self, query: Query) -> int:
        return archive.count(self._session, query)

    def rows(self, query: Query) -> list[archive.Row]:
        return archive.rows(self._session, query)


def _locked(session: Session, rule_id: int, key: str, now: datetime) -> Counter:
    """Return the counter, locked: of two messages at once the second sees what the first wrote."""
    values = {"rule_id": rule_id, "person_key": key, "value": 0, "updated_at": now}
    insert_once(session, Counter, values, unique=("rule_id", "person_key"))
    statement = select(Counter).filter_by(rule_id=rule_id, person_key=key)
    return session.scalars(statement.with_for_update()).one()


def _value(session: Session, rule: Rule, message: Message, username: str) -> int:
    query = rule.query(message, username)
    if query is None:
        return 0
    if not rule.needs_rows:
        return archive.count(session, query)
    return rule.value(message, archive.rows(session, query))


def _triggers(session: Session, rule: Rule, username: str, accounts: Accounts) -> int:
    """Count the messages of the archive that trigger a rule for a person: once, at the first look.

    Skipped names were left out before: whoever is counted here is not one of them.
    """
    alone, key = RuleSet([rule]), username.lower()
    return sum(
        key in {name.lower() for name in resolve(rule, found.candidates, accounts, ()).usernames}
        for message in archive.messages(session)
        for found in alone.triggered(message)
        if found.error is None
    )
