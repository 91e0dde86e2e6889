# SPDX-License-Identifier: AGPL-3.0-or-later
"""The archive: every message once, and the answers to what a rule asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Text, cast, exists, func, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from issuer.db import insert_once
from issuer.models import ArchivedMessage, MessagePackage, MessageUser, Topic
from rules.model import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from rules.model import Query

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
    topic_id = _topic(session, message)
    values = {
        "message_id": message.id,
        "topic_id": topic_id,
        "sent_at": message.sent_at,
        "received_at": now,
        "agent_key": message.agent_name.lower() if message.agent_name else None,
        "agent_name": message.agent_name,
        "headers": message.headers,
        "body": message.body,
    }
    if not insert_once(session, ArchivedMessage, values, unique=("message_id",)):
        return None
    row: int = session.scalars(select(ArchivedMessage.id).filter_by(message_id=message.id)).one()
    names = dict.fromkeys(name.lower() for name in users)
    session.add_all(
        MessageUser(username=name, topic_id=topic_id, message_ref=row) for name in names
    )
    session.add_all(
        MessagePackage(package=name, topic_id=topic_id, message_ref=row)
        for name in dict.fromkeys(message.packages)
    )
    session.flush()
    return row


def count(session: Session, query: Query) -> int:
    """Return how many messages a rule's question finds."""
    statement = _matching(select(func.count()).select_from(ArchivedMessage), query)
    number: int = session.scalars(statement).one()
    return number


def rows(session: Session, query: Query) -> list[Row]:
    """Return the messages that a rule's question finds, newest first unless it says otherwise."""
    statement = _matching(select(ArchivedMessage).options(*WHOLE), query)
    moment = ArchivedMessage.id if query.order == "asc" else ArchivedMessage.id.desc()
    size = query.rows_per_page or DEFAULT_ROWS
    page = max(query.page or 1, 1)
    statement = statement.order_by(moment).limit(size).offset((page - 1) * size)
    return [_row(message) for message in session.scalars(statement)]


def messages(session: Session) -> Iterator[Message]:
    """Yield the archived messages, the oldest first."""
    statement = select(ArchivedMessage).options(*WHOLE).order_by(ArchivedMessage.id)
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


def _topic(session: Session, message: Message) -> int:
    statement = select(Topic.id).filter_by(name=message.topic)
    found = session.scalars(statement).one_or_none()
    if found is None:
        values = {"name": message.topic, "category": message.category}
        insert_once(session, Topic, values, unique=("name",))
        found = session.scalars(statement).one()
    return found


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
