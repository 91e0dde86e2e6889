# SPDX-License-Identifier: AGPL-3.0-or-later
"""The archive: every message once, and the answers to what a rule asks of it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import Select, Text, cast, exists, func, insert, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from issuer.db import insert_once
from issuer.models import ArchivedMessage, MessagePackage, MessageUser, Topic
from issuer.services import postgres
from rules.counting import anchors_of, locks_of, names_of
from rules.model import Message, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session


#: Rows that a rule may look at when it does not say how many.
DEFAULT_ROWS = 1000
#: Messages that are in memory at once when all are looked at.
BATCH = 500
#: A message with all that belongs to it, in three statements however many there are.
WHOLE = (
    joinedload(ArchivedMessage.topic, innerjoin=True),
    selectinload(ArchivedMessage.users),
    selectinload(ArchivedMessage.packages),
)


#: Rows of topics, by database: they are never changed nor removed.
_remembered: WeakKeyDictionary[object, dict[str, int]] = WeakKeyDictionary()
MAX_REMEMBERED = 10_000
#: Advisory locks that all names share.
LOCKS = 2_048


@dataclass(slots=True)
class Entry:
    """A message as it is kept: its people without case, each once, and how counters find it."""

    message: Message
    users: tuple[str, ...]
    packages: tuple[str, ...]
    agent: str | None
    names: list[str]
    anchors: dict[str, None]
    row: int = 0

    @classmethod
    def of(cls, message: Message, users: Iterable[str]) -> Entry:
        """Return the form in which a message is kept with ``users``."""
        people = tuple(dict.fromkeys(name.lower() for name in users))
        names = names_of(message, people)
        return cls(
            message=message,
            users=people,
            packages=tuple(dict.fromkeys(message.packages)),
            agent=message.agent_name.lower() if message.agent_name else None,
            names=names,
            anchors=dict.fromkeys(anchors_of(names, message.topic)),
        )


@dataclass(frozen=True, slots=True)
class UserName:
    """A user of an archived message, in the form that rules read."""

    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """An archived message, in the form that rules read (that of datanommer)."""

    id: int
    msg_id: str
    msg: dict[str, Any]
    topic: str
    category: str | None
    timestamp: datetime
    agent_name: str | None
    headers: dict[str, Any]
    users: tuple[UserName, ...]
    packages: tuple[str, ...]


def store(session: Session, message: Message, users: Iterable[str], *, now: datetime) -> int | None:
    """Keep a message with its people; return its row, or None when it was kept before."""
    return keep(session, [Entry.of(message, users)], now=now).get(message.id)


def keep(
    session: Session,
    entries: Sequence[Entry],
    *,
    now: datetime,
    alone: Iterable[str] = (),
) -> dict[str, int]:
    """Keep messages with their people; return the rows of those that were not kept before.

    Until the transaction ends nobody else keeps a message that has one of the locks ``alone``. On
    SQLite there is one writer at a time anyway.
    """
    topics = _topic_ids(session, [entry.message for entry in entries])
    if postgres.is_used(session):
        return _keep_at_once(session, entries, topics, _locks(entries, alone), now)
    rows = {}
    for entry in entries:
        row = _keep_one(session, entry, topics[entry.message.topic], now)
        if row is not None:
            rows[entry.message.id] = row
    return rows


def _keep_at_once(
    session: Session,
    entries: Sequence[Entry],
    topics: dict[str, int],
    locks: list[int],
    now: datetime,
) -> dict[str, int]:
    records = [
        {
            "id": message.id,
            "topic_id": topics[message.topic],
            "sent": message.sent_at.isoformat(),
            "agent_key": entry.agent,
            "agent": message.agent_name,
            "headers": message.headers,
            "body": message.body,
            "users": entry.users,
            "packages": entry.packages,
        }
        for entry in entries
        for message in [entry.message]
    ]
    messages = postgres.text(records)
    found = postgres.run(
        session,
        postgres.KEEP,
        messages=messages,
        lock_class=postgres.LOCK_CLASS,
        locks=locks,
        now=now,
    )
    return {row[0]: row[1] for row in found}


def _keep_one(session: Session, entry: Entry, topic_id: int, now: datetime) -> int | None:
    message = entry.message
    values = {
        "message_id": message.id,
        "topic_id": topic_id,
        "sent_at": message.sent_at,
        "received_at": now,
        "agent_key": entry.agent,
        "agent_name": message.agent_name,
        "headers": message.headers,
        "body": message.body,
    }
    if not insert_once(session, ArchivedMessage, values, unique=("message_id",)):
        return None
    row: int = session.scalars(select(ArchivedMessage.id).filter_by(message_id=message.id)).one()
    here = {"topic_id": topic_id, "message_ref": row}
    if entry.users:
        people = [{"username": name, **here} for name in entry.users]
        session.execute(insert(MessageUser), people)
    if entry.packages:
        packages = [{"package": name, **here} for name in entry.packages]
        session.execute(insert(MessagePackage), packages)
    return row


def _locks(entries: Iterable[Entry], alone: Iterable[str]) -> list[int]:
    """Return the locks in the order in which everybody takes them; shared ones are negative."""
    whole = {_place(name) for name in alone}
    shared = {
        _place(name) for entry in entries for name in locks_of(entry.names, entry.message.topic)
    }
    return sorted([*whole, *(-place for place in shared - whole)], key=abs)


def _place(name: str) -> int:
    # So few that any number of names fits into the server's table of locks.
    return 1 + zlib.crc32(name.encode("utf-8", "surrogatepass")) % LOCKS


def count(session: Session, query: Query, *, without: Sequence[int] = ()) -> int:
    """Return how many messages a rule's question finds, ``without`` those rows.

    A question that no index answers looks at the newest messages alone, as `rows` does.
    """
    if query.contains or query.start or query.end:
        found = _newest(query, without).subquery()
        statement = select(func.count()).select_from(found)
    else:
        statement = _matching(select(func.count()).select_from(ArchivedMessage), query)
        statement = _less(statement, without)
    number: int = session.scalars(statement).one()
    return number


def rows(session: Session, query: Query, *, without: Sequence[int] = ()) -> list[Row]:
    """Return the messages that a rule's question finds, newest first unless it says otherwise.

    They are among the newest that the indexed part of the question finds: as many as a page has.
    """
    moment = ArchivedMessage.id if query.order == "asc" else ArchivedMessage.id.desc()
    found = _newest(query, without).subquery()
    statement = select(ArchivedMessage).options(*WHOLE)
    statement = statement.where(ArchivedMessage.id.in_(select(found.c.id))).order_by(moment)
    return [_row(message) for message in session.scalars(statement)]


def _newest(query: Query, without: Sequence[int]) -> Select[Any]:
    """Return the rows of one page of what the index finds that the question finds too."""
    size = query.rows_per_page or DEFAULT_ROWS
    page = max(query.page or 1, 1)
    indexed = replace(query, contains=None, start=None, end=None)
    moment = ArchivedMessage.id if query.order == "asc" else ArchivedMessage.id.desc()
    first = _less(_matching(select(ArchivedMessage.id), indexed), without)
    first = first.order_by(moment).limit(size).offset((page - 1) * size)
    if indexed == query:
        return first
    rest = Query(contains=query.contains, start=query.start, end=query.end)
    return _matching(select(ArchivedMessage.id), rest).where(
        ArchivedMessage.id.in_(select(first.subquery().c.id))
    )


def _less(statement: Select[Any], without: Sequence[int]) -> Select[Any]:
    return statement.where(ArchivedMessage.id.not_in(without)) if without else statement


def messages(
    session: Session, concerned: Callable[[str], bool] = lambda topic: True
) -> Iterator[Message]:
    """Yield the archived messages of the topics that are concerned, the oldest first."""
    topics = session.execute(select(Topic.id, Topic.name)).all()
    wanted = [row for row, name in topics if concerned(name)]
    statement = select(ArchivedMessage).options(*WHOLE).order_by(ArchivedMessage.id)
    if len(wanted) < len(topics):
        statement = statement.where(ArchivedMessage.topic_id.in_(wanted))
    statement = statement.execution_options(yield_per=BATCH)
    for found in session.scalars(statement):
        yield Message(
            id=found.message_id,
            topic=found.topic.name,
            body=found.body,
            sent_at=found.sent_at,
            headers=found.headers,
            agent_name=found.agent_name,
            usernames=tuple(user.username for user in found.users),
            packages=tuple(package.package for package in found.packages),
        )


def _topic_ids(session: Session, incoming: Sequence[Message]) -> dict[str, int]:
    """Return the rows of topics, which are made where they are missing.

    What was found is remembered for the process, but nothing that this session made itself: its
    transaction may yet be undone.
    """
    known = _remembered.setdefault(session.get_bind(), {})
    wanted = {message.topic: message for message in incoming}
    missing = sorted(wanted.keys() - known.keys())
    if not missing:
        return known
    own: dict[str, int] = session.info.setdefault("own_topics", {})
    statement = select(Topic.name, Topic.id).where(Topic.name.in_(missing))
    found: dict[str, int] = dict(session.execute(statement).all())
    for name in missing:
        if name not in found:
            values = {"name": name, "category": wanted[name].category}
            insert_once(session, Topic, values, unique=("name",))
            own[name] = found[name] = session.scalars(select(Topic.id).filter_by(name=name)).one()
    if len(known) < MAX_REMEMBERED:
        known.update({name: row for name, row in found.items() if name not in own})
    return known | found


def _matching(statement: Select[Any], query: Query) -> Select[Any]:
    conditions = [
        *_topics(query),
        *_people(query),
        *_named(MessagePackage, MessagePackage.package, query.packages, query.not_packages),
    ]
    if query.msg_id is not None:
        conditions.append(ArchivedMessage.message_id == query.msg_id)
    if query.start is not None:
        conditions.append(ArchivedMessage.sent_at >= query.start)
    if query.end is not None:
        conditions.append(ArchivedMessage.sent_at <= query.end)
    if query.contains:
        conditions.append(or_(*(_holds(part) for part in query.contains)))
    return statement.where(*conditions)


def _holds(part: str) -> ColumnElement[bool]:
    """Whether the text of the body holds a part; LIKE would ignore case on SQLite."""
    text = cast(ArchivedMessage.body, Text)
    return func.length(func.replace(text, part, "")) < func.length(text) if part else true()


def _topics(query: Query) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for column, wanted, unwanted in (
        (Topic.name, query.topics, query.not_topics),
        (Topic.category, query.categories, query.not_categories),
    ):
        if wanted:
            ids = select(Topic.id).where(column.in_(wanted))
            conditions.append(ArchivedMessage.topic_id.in_(ids))
        if unwanted:
            ids = select(Topic.id).where(column.in_(unwanted))
            conditions.append(ArchivedMessage.topic_id.not_in(ids))
    return conditions


def _people(query: Query) -> list[ColumnElement[bool]]:
    agents = ArchivedMessage.agent_key
    conditions = _named(
        MessageUser, MessageUser.username, _keys(query.users), _keys(query.not_users)
    )
    if query.agents:
        conditions.append(agents.in_(_keys(query.agents)))
    if query.not_agents:
        conditions.append(func.coalesce(agents, "").not_in(_keys(query.not_agents)))
    return conditions


def _named(
    table: type[MessageUser | MessagePackage],
    column: InstrumentedAttribute[str],
    wanted: Sequence[str] | None,
    unwanted: Sequence[str] | None,
) -> list[ColumnElement[bool]]:
    here = table.message_ref == ArchivedMessage.id
    conditions: list[ColumnElement[bool]] = []
    if wanted:
        conditions.append(exists().where(here, column.in_(wanted)))
    if unwanted:
        conditions.append(~exists().where(here, column.in_(unwanted)))
    return conditions


def _keys(names: Sequence[str] | None) -> list[str]:
    return [name.lower() for name in names or ()]


def _row(message: ArchivedMessage) -> Row:
    return Row(
        id=message.id,
        msg_id=message.message_id,
        msg=message.body,
        topic=message.topic.name,
        category=message.topic.category,
        timestamp=message.sent_at,
        agent_name=message.agent_name,
        headers=message.headers,
        users=tuple(UserName(user.username) for user in message.users),
        packages=tuple(package.package for package in message.packages),
    )
