# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the answer to a question grew, message by message, in two statements however many there are.

To count anew at each message of a period would cost as much as all of them together.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from issuer.models import ArchivedMessage, MessageUser, Topic
from issuer.services import archive

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from rules.counting import Question
    from rules.model import Query

#: Messages of one question that are remembered; what came later is counted.
MOST = 20_000
#: Questions whose growth is remembered.
MOST_QUESTIONS = 5_000


@dataclass(slots=True)
class _Growth:
    """The answer at a row, and the rows that made it one more each."""

    row: int
    value: int
    later: list[int]


@dataclass(slots=True)
class Growing:
    """Answers to questions as they were when a row of the archive was the newest."""

    session: Session
    known: dict[str, _Growth] = field(default_factory=dict)

    def count(self, question: Question, row: int) -> int:
        """Return how many messages a question found; rows come in their order."""
        query = question.query
        if query.contains or query.start or query.end:
            return archive.count(self.session, query, upto=row)  # it looks at the newest alone
        growth = self.known.get(question.key)
        if growth is None:
            growth = self._begin(query, row)
            if len(self.known) < MOST_QUESTIONS:
                self.known[question.key] = growth
        if len(growth.later) == MOST and row > growth.later[-1]:
            return archive.count(self.session, query, upto=row)
        return growth.value + bisect_right(growth.later, row)

    def _begin(self, query: Query, row: int) -> _Growth:
        number = _finding(select(func.count()).select_from(ArchivedMessage), query)
        value = self.session.scalars(number.where(ArchivedMessage.id <= row)).one()
        rows = _finding(select(ArchivedMessage.id), query).where(ArchivedMessage.id > row)
        later = self.session.scalars(rows.order_by(ArchivedMessage.id).limit(MOST)).all()
        return _Growth(row, value, list(later))


def _finding(statement: Select[Any], query: Query) -> Select[Any]:
    """Limit a statement to what a question finds; SQLite begins with the people if told so."""
    if query.users:
        keys = [name.lower() for name in query.users]
        named = select(MessageUser.message_ref).where(MessageUser.username.in_(keys))
        if query.topics:
            topics = select(Topic.id).where(Topic.name.in_(query.topics))
            named = named.where(MessageUser.topic_id.in_(topics))
        statement = statement.where(ArchivedMessage.id.in_(named))
    return archive.matching(statement, query)
