# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our archive as it counts for everybody at one go: one grouped statement, whoever there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, case, func, literal, null, select

from issuer.adapters.history.asking import LONG_AGO, Place, Reached
from issuer.models import ArchivedMessage, MessageUser, Topic
from issuer.services import archive
from rules.model import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sqlalchemy.orm import InstrumentedAttribute, Session

    from rules.model import Message
    from rules.pushing import Grouped

#: People that are in memory at once.
BATCH = 1_000
#: The era of our archive: it comes after a history outside.
ERA = 1


def place_of(row: int) -> Place:
    """Return the place of a message of our archive."""
    return Place(ERA, LONG_AGO, row)


@dataclass(frozen=True, slots=True)
class OwnArchive:
    """The archive of this site; see `Archive`."""

    session: Session

    def reached(self, asked: Grouped) -> Iterator[Reached]:
        """Yield for each person the message that made the number, or the last one before it."""
        ranked = self._ranked(asked).subquery()
        group = [ranked.c.person, ranked.c.topic_id]
        every = func.max(ranked.c.number).over(partition_by=group).label("every")
        counted = select(ranked, every).subquery()
        columns = counted.c
        last = case((columns.every < asked.least, columns.every), else_=literal(asked.least))
        yield from self._run(select(counted).where(columns.number == last))

    def places(self, asked: Grouped, number: int, people: Collection[str]) -> Iterator[Reached]:
        """Yield the message that is the one of that number for each of a few people."""
        ranked = self._ranked(asked, people).subquery()
        yield from self._run(select(ranked).where(ranked.c.number == number))

    def fetch(self, places: Collection[Place]) -> Iterator[tuple[Place, Message]]:
        """Yield a few messages by their places."""
        for row, message in archive.fetch(self.session, [place.row for place in places]):
            yield place_of(row), message

    def after(
        self, place: Place, concerned: Callable[[str], bool]
    ) -> Iterator[tuple[Place, Message]]:
        """Yield all messages after a place that are of the topics concerned, in order."""
        begin = place.row if place.era == ERA else 0
        for row, message in archive.numbered(self.session, concerned, after=begin):
            yield place_of(row), message

    def _ranked(self, asked: Grouped, people: Collection[str] = ()) -> Select[Any]:
        """Give each message of a person its number, in the order in which they came."""
        person: InstrumentedAttribute[Any]
        if asked.people == "users":
            person, topic, row = (
                MessageUser.username,
                MessageUser.topic_id,
                MessageUser.message_ref,
            )
        else:
            person, topic, row = (
                ArchivedMessage.agent_key,
                ArchivedMessage.topic_id,
                ArchivedMessage.id,
            )
        group = [person, topic] if asked.by_topic else [person]
        number = func.row_number().over(partition_by=group, order_by=row).label("number")
        topic_id = topic if asked.by_topic else null()
        statement = select(
            person.label("person"), topic_id.label("topic_id"), row.label("row"), number
        ).where(person.is_not(None))
        if asked.people == "users" and asked.query != Query():
            statement = statement.join(ArchivedMessage, ArchivedMessage.id == row)
        if asked.query != Query():
            statement = archive.matching(statement, asked.query)
        topics = self.session.execute(select(Topic.id, Topic.name)).all()
        wanted = [row for row, name in topics if asked.counts(name)]
        if len(wanted) < len(topics):
            statement = statement.where(topic.in_(wanted))
        return statement.where(person.in_(people)) if people else statement

    def _run(self, statement: Select[Any]) -> Iterator[Reached]:
        names = dict(self.session.execute(select(Topic.id, Topic.name)).all())
        found = self.session.execute(statement.execution_options(yield_per=BATCH))
        for person, topic_id, row, number, *_ in found:
            topic = names[topic_id] if topic_id is not None else None
            yield Reached(person, topic, number, place_of(row))
