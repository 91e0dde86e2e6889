# SPDX-License-Identifier: AGPL-3.0-or-later
"""Datanommer as it counts for everybody at one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Select, func, null, select

from issuer.adapters.history.asking import Place, Reached
from issuer.adapters.history.tables import (
    MESSAGES,
    USERS,
    USERS_MESSAGES,
    conditions,
    identity,
    is_first,
    is_one,
    linked,
    naive,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import ColumnElement, Connection, FromClause

    from rules.model import Message
    from rules.pushing import Grouped

#: People that are in memory at once.
BATCH = 1_000


class _Source(Protocol):
    def connected(self) -> AbstractContextManager[Connection]: ...
    def topics(self, concerned: Callable[[str], bool]) -> list[str] | None: ...
    def fetch(self, places: Collection[Place]) -> Iterator[tuple[Place, Message]]: ...
    def numbered(
        self, concerned: Callable[[str], bool], *, until: datetime, after: Place | None = None
    ) -> Iterator[tuple[Place, Message]]: ...


@dataclass(frozen=True, slots=True)
class DatanommerArchive:
    """What datanommer kept before a moment, ``without`` some messages; see `Archive`."""

    source: _Source
    until: datetime
    without: frozenset[str]

    def reached(self, asked: Grouped) -> Iterator[Reached]:
        """Yield for each person the message that made the number, or the last one before it."""
        ranked = self._ranked(asked).subquery()
        group = [ranked.c.person, ranked.c.topic]
        every = func.max(ranked.c.number).over(partition_by=group).label("every")
        counted = select(ranked, every).subquery()
        last = counted.c.number == func.least(counted.c.every, asked.least)
        yield from self._run(select(counted).where(last).distinct())

    def places(self, asked: Grouped, number: int, people: Collection[str]) -> Iterator[Reached]:
        """Yield the message that is the one of that number for each of a few people."""
        ranked = self._ranked(asked).subquery()
        chosen = is_one(ranked.c.person, people)
        yield from self._run(select(ranked).where(ranked.c.number == number, chosen).distinct())

    def fetch(self, places: Collection[Place]) -> Iterator[tuple[Place, Message]]:
        """Yield messages by their places."""
        return self.source.fetch(places)

    def after(
        self, place: Place, concerned: Callable[[str], bool]
    ) -> Iterator[tuple[Place, Message]]:
        """Yield all messages after a place that are of the topics concerned, in order."""
        begin = place if place.era == 0 else None
        for found in self.source.numbered(concerned, until=self.until, after=begin):
            if found[1].id not in self.without:
                yield found

    def _ranked(self, asked: Grouped) -> Select[Any]:
        """Give each message of a person its number, in the order in which they were sent."""
        person: ColumnElement[Any]
        source: FromClause = MESSAGES
        if asked.people == "users":
            person = func.lower(USERS.c.name)
            source = MESSAGES.join(USERS_MESSAGES, linked(USERS_MESSAGES)).join(
                USERS, USERS.c.id == USERS_MESSAGES.c.user_id
            )
        else:
            person = func.lower(MESSAGES.c.agent_name)
        topic = MESSAGES.c.topic if asked.by_topic else null()
        group = [person, MESSAGES.c.topic] if asked.by_topic else [person]
        order = [MESSAGES.c.timestamp, MESSAGES.c.id]
        limits = [
            MESSAGES.c.timestamp < naive(self.until),
            person.is_not(None),
            is_first(),
            *conditions(asked.query),
        ]
        if (topics := self.source.topics(asked.counts)) is not None:
            limits.append(is_one(MESSAGES.c.topic, topics))
        if self.without:
            limits.append(~is_one(identity(), self.without))
        return (
            select(
                person.label("person"),
                topic.label("topic"),
                MESSAGES.c.id.label("row"),
                MESSAGES.c.timestamp.label("moment"),
                # One message may name a person twice, in capitals and without: it counts once.
                func.dense_rank().over(partition_by=group, order_by=order).label("number"),
            )
            .select_from(source)
            .where(*limits)
        )

    def _run(self, statement: Select[Any]) -> Iterator[Reached]:
        with self.source.connected() as connection:
            streaming = connection.execution_options(yield_per=BATCH)
            for person, topic, row, moment, number, *_ in streaming.execute(statement):
                place = Place(0, moment.replace(tzinfo=UTC), row)
                yield Reached(person, topic, number, place)
