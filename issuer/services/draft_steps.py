# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a rule that somebody writes would award for a message, or not; nothing is written.

A message of the archive is explained as things were when it came; one that was handed in, as if it
came now.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.db import OverlongError, hurried
from issuer.errors import InvalidInputError
from issuer.models import ArchivedMessage
from issuer.services import archive, explaining
from issuer.services.trials import out_of_reach
from rules.counting import may_trigger
from rules.engine import RuleSet
from rules.errors import EvaluationError
from rules.explaining import explain
from rules.recipients import resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.orm import Session

    from issuer.models import Badge
    from issuer.services.archive import Row
    from issuer.services.processing import Policy
    from rules.criteria import Archive
    from rules.explaining import Explanation
    from rules.model import Message, Query, Rule
    from rules.recipients import Accounts

SECONDS = 5.0
#: Messages that are looked at to count how often somebody triggered a rule.
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Said:
    """A message and the people that are kept with it; without a row it is not in the archive."""

    message: Message
    users: tuple[str, ...]
    row: int | None = None


def find(session: Session, name: str) -> Said:
    """Return a message of the archive; raise `NotFoundError`."""
    message, users = explaining.find_message(session, name)
    row = session.scalars(select(ArchivedMessage.id).filter_by(message_id=name)).one()
    return Said(message, users, row)


def tell(session: Session, rule: Rule, badge: Badge, policy: Policy, said: Said) -> Explanation:
    """Return step by step whom a rule would award for a message, as if it were in force.

    Raises `InvalidInputError` where that takes too long, `AccountsAwayError`.
    """
    around = _Then(policy.accounts, policy.skip_users, session, badge, said)
    try:
        with hurried(session, SECONDS):
            return explain(rule, said.message, around)
    except OverlongError as error:
        raise InvalidInputError(
            "message %(message)s: counting takes too long here: ask 'accolades rules explain'",
            message=said.message.id,
        ) from error


@dataclass(frozen=True, slots=True)
class _Then:
    """The site at the moment of a message."""

    accounts: Accounts
    skip: Collection[str]
    session: Session
    badge: Badge
    said: Said

    @property
    def archive(self) -> Archive:
        """The messages so far, with this one."""
        return self

    @property
    def _alone(self) -> explaining.Lone:
        return explaining.Lone(self.accounts, self.skip, self.said.message, self.said.users)

    def count(self, query: Query) -> int:
        """Return how many messages a question finds."""
        own = 0 if self.said.row is not None else self._alone.count(query)
        return own + archive.count(self.session, query, upto=self.said.row)

    def rows(self, query: Query) -> Sequence[Row]:
        """Return the messages that a question finds."""
        found = archive.rows(self.session, query, upto=self.said.row)
        own = [] if self.said.row is not None else self._alone.rows(query)
        return [*found, *own] if query.order == "asc" else [*own, *found]

    def away(self, rule: Rule, message: Message, usernames: Sequence[str]) -> Mapping[str, str]:
        """Return who has the badge or opted out."""
        keys = [name.lower() for name in usernames]
        return out_of_reach(self.session, self.badge, keys, message.id)

    def triggers(self, rule: Rule, username: str) -> int:
        """Return how many messages triggered the rule; raises `EvaluationError` for too many."""
        alone, key, end = RuleSet([rule]), username.lower(), time.monotonic() + SECONDS
        number = 0 if self.said.row is not None else 1
        for place, (row, message) in enumerate(
            archive.numbered(self.session, lambda topic: may_trigger(rule, topic))
        ):
            if self.said.row is not None and row > self.said.row:
                break
            if place >= MOST or time.monotonic() > end:
                raise EvaluationError("too many messages have to be looked at for this count here")
            for decision in alone.triggered(message):
                if decision.error is None:
                    found = resolve(rule, decision.candidates, self.accounts, ())
                    number += key in {name.lower() for name in found.usernames}
        return number
