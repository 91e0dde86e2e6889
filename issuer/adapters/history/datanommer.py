# SPDX-License-Identifier: AGPL-3.0-or-later
"""The history in the database of datanommer, which is only read."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, distinct, event, func, make_url, select, text, tuple_
from sqlalchemy.exc import SQLAlchemyError

from issuer.adapters.history.asking import LONG_AGO, Place
from issuer.adapters.history.groups import DatanommerArchive
from issuer.adapters.history.tables import (
    MESSAGES,
    PACKAGES,
    PACKAGES_MESSAGES,
    USERS,
    USERS_MESSAGES,
    conditions,
    identity,
    is_first,
    is_one,
    naive,
)
from issuer.errors import HistoryAwayError
from rules.model import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Table

    from issuer.adapters.history.asking import Archive
    from rules.model import Query

CONNECT_SECONDS = 5
#: One statement may take that long: the consumer waits for it, but holds no lock meanwhile.
STATEMENT_SECONDS = 120
#: Messages that are in memory at once.
BATCH = 500
#: Finds each topic by one look into the index, however many messages there are.
TOPICS = text("""
WITH RECURSIVE found AS (
    (SELECT topic FROM messages ORDER BY topic LIMIT 1)
    UNION ALL
    SELECT (SELECT topic FROM messages WHERE topic > found.topic ORDER BY topic LIMIT 1)
    FROM found WHERE found.topic IS NOT NULL)
SELECT topic FROM found WHERE topic IS NOT NULL
""")


class Datanommer:
    """Answers from the tables of datanommer; see `History`."""

    def __init__(self, url: str, *, seconds: float = STATEMENT_SECONDS) -> None:
        # Its own models need another driver; the tables are the same.
        self._engine = create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=1,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )

        def prepare(connection: Any, _record: object) -> None:
            # Not as options of the connection: poolers in between refuse those.
            with connection.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = on")
                cursor.execute(f"SET statement_timeout = {int(seconds * 1000)}")
                cursor.execute("SET timezone = 'UTC'")
            connection.commit()

        event.listen(self._engine, "connect", prepare)

    def count(self, query: Query, *, until: datetime, without: Collection[str]) -> int:
        """Return how many messages sent before ``until`` a question finds, each id once."""
        statement = select(func.count(distinct(identity()))).where(
            MESSAGES.c.timestamp < naive(until), *conditions(query), *_none_of(without)
        )
        with self.connected() as connection:
            number: int = connection.scalars(statement).one()
        return number

    def messages(
        self, concerned: Callable[[str], bool], known: Collection[str], *, until: datetime
    ) -> Iterator[Message]:
        """Yield the messages sent before ``until`` of the topics concerned, the oldest first."""
        return (message for _, message in self.numbered(concerned, until=until))

    def size(
        self, concerned: Callable[[str], bool], known: Collection[str], *, until: datetime
    ) -> int:
        """Return how many rows these messages have."""
        statement = select(func.count()).where(
            MESSAGES.c.timestamp < naive(until), *self._of(concerned)
        )
        with self.connected() as connection:
            number: int = connection.scalars(statement).one()
        return number

    def numbered(
        self, concerned: Callable[[str], bool], *, until: datetime, after: Place | None = None
    ) -> Iterator[tuple[Place, Message]]:
        """Yield messages with their places, in batches: no statement stays open between them."""
        limits = [MESSAGES.c.timestamp < naive(until), is_first(), *self._of(concerned)]
        last = after or Place(0, LONG_AGO, 0)
        while True:
            behind = tuple_(MESSAGES.c.timestamp, MESSAGES.c.id) > tuple_(
                naive(last.moment), last.row
            )
            found = self._read([*limits, behind])
            yield from found
            if len(found) < BATCH:
                return
            last = found[-1][0]

    def fetch(self, places: Collection[Place]) -> Iterator[tuple[Place, Message]]:
        """Yield the messages at these places, at most a batch of them."""
        rows = [(naive(place.moment), place.row) for place in places]
        if rows:
            yield from self._read([tuple_(MESSAGES.c.timestamp, MESSAGES.c.id).in_(rows)])

    def topics(self, concerned: Callable[[str], bool]) -> list[str] | None:
        """Return the topics that are concerned, None where all are."""
        with self.connected() as connection:
            every = connection.scalars(TOPICS).all()
        found = [topic for topic in every if concerned(topic)]
        return None if len(found) == len(every) else found

    def archive(self, *, until: datetime, without: Collection[str]) -> Archive | None:
        """Return it as it counts for everybody."""
        return DatanommerArchive(self, until, frozenset(without))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Give a connection; raise `HistoryAwayError` for whatever goes wrong with it."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).strip().splitlines() or [""]
            raise HistoryAwayError(
                f"datanommer: cannot be asked: {said[0]}: check ACCOLADES_HISTORY_URL"
            ) from error

    def _of(self, concerned: Callable[[str], bool]) -> list[ColumnElement[bool]]:
        topics = self.topics(concerned)
        return [] if topics is None else [is_one(MESSAGES.c.topic, topics)]

    def _read(self, limits: Sequence[ColumnElement[bool]]) -> list[tuple[Place, Message]]:
        statement = (
            select(MESSAGES, identity().label("identity"))
            .where(*limits)
            .order_by(MESSAGES.c.timestamp, MESSAGES.c.id)
            .limit(BATCH)
        )
        with self.connected() as connection:
            rows = connection.execute(statement).all()
            users = _linked(connection, rows, USERS, USERS_MESSAGES)
            packages = _linked(connection, rows, PACKAGES, PACKAGES_MESSAGES)
        return [(_place(row), _message(row, users, packages)) for row in rows]


_Names = dict[tuple[int, datetime], list[str]]


def _linked(connection: Connection, rows: Sequence[Row[Any]], names: Table, to: Table) -> _Names:
    found: _Names = {}
    if rows:
        keys = [(row.id, row.timestamp) for row in rows]
        statement = (
            select(to.c.msg_id, to.c.msg_timestamp, names.c.name)
            .join(names, names.c.id == to.c[0])
            .where(tuple_(to.c.msg_id, to.c.msg_timestamp).in_(keys))
            .order_by(names.c.name)
        )
        for row, moment, name in connection.execute(statement):
            found.setdefault((row, moment), []).append(name)
    return found


def _none_of(ids: Collection[str]) -> list[ColumnElement[bool]]:
    return [~is_one(identity(), ids)] if ids else []


def _place(row: Row[Any]) -> Place:
    return Place(0, row.timestamp.replace(tzinfo=UTC), row.id)


def _message(row: Row[Any], users: _Names, packages: _Names) -> Message:
    key = (row.id, row.timestamp)
    return Message(
        id=row.identity,
        topic=row.topic,
        body=_body(row.msg),
        sent_at=row.timestamp.replace(tzinfo=UTC),
        headers=row.headers if isinstance(row.headers, dict) else {},
        agent_name=row.agent_name,
        usernames=tuple(users.get(key, ())),
        packages=tuple(packages.get(key, ())),
    )


def _body(said: str | None) -> dict[str, Any]:
    try:
        body = json.loads(said or "{}")
    except (ValueError, RecursionError):
        return {}  # no rule can read it, and it counts all the same
    return body if isinstance(body, dict) else {}
