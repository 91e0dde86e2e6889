# SPDX-License-Identifier: AGPL-3.0-or-later
"""The archive: every message once, and the answers to what a rule asks of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Text, cast, exists, func, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from issuer.models import ArchivedMessage, MessagePackage, MessageUser, Topic
from issuer.services import keeping
from rules.model import Message, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session


#: Rows that a rule may look at when it does not say how many.
DEFAULT_ROWS = 1000
#: Messages that are in memory at once when all are looked at.
BATCH = 500
#: Messages among which the first of a period is looked for: so far may they have overtaken others.
BEGINNING = 5_000
#: A message with all that belongs to it, in three statements however many there are.
WHOLE = (
    joinedload(ArchivedMessage.topic, innerjoin=True),
    selectinload(ArchivedMessage.users),
    selectinload(ArchivedMessage.packages),
)


def everything(topic: str) -> bool:
    """Whether a topic is concerned: every one is."""
    return True


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
    return keeping.keep(session, [keeping.Entry.of(message, users)], now=now).get(message.id)


def count(
    session: Session, query: Query, *, without: Sequence[int] = (), upto: int | None = None
) -> int:
    """Return how many messages a rule's question finds, ``without`` those rows.

    With ``upto`` as it was when that row was the newest.

    A question that no index answers looks at the newest messages alone, as `rows` does.
    """
    if query.contains or query.start or query.end:
        found = _newest(query, without, upto).subquery()
        statement = select(func.count()).select_from(found)
    else:
        statement = matching(select(func.count()).select_from(ArchivedMessage), query)
        statement = _less(statement, without, upto)
    number: int = session.scalars(statement).one()
    return number


def rows(
    session: Session, query: Query, *, without: Sequence[int] = (), upto: int | None = None
) -> list[Row]:
    """Return the messages that a rule's question finds, newest first unless it says otherwise.

    They are among the newest that the indexed part of the question finds: as many as a page has.
    With ``upto`` as it was when that row was the newest.
    """
    moment = ArchivedMessage.id if query.order == "asc" else ArchivedMessage.id.desc()
    found = _newest(query, without, upto).subquery()
    # Plain columns: a rule may look at thousands of rows, and objects of them cost ten times that.
    statement = (
        select(
            ArchivedMessage.id,
            ArchivedMessage.message_id,
            ArchivedMessage.body,
            Topic.name,
            Topic.category,
            ArchivedMessage.sent_at,
            ArchivedMessage.agent_name,
            ArchivedMessage.headers,
        )
        .join(Topic)
        .where(ArchivedMessage.id.in_(select(found.c.id)))
        .order_by(moment)
    )
    plain = session.execute(statement).all()
    ids = [row.id for row in plain]
    users = _names_of(session, MessageUser.message_ref, MessageUser.username, ids)
    packages = _names_of(session, MessagePackage.message_ref, MessagePackage.package, ids)
    return [
        Row(
            id=row.id,
            msg_id=row.message_id,
            msg=row.body,
            topic=row.name,
            category=row.category,
            timestamp=row.sent_at,
            agent_name=row.agent_name,
            headers=row.headers,
            users=tuple(map(UserName, users.get(row.id, ()))),
            packages=tuple(packages.get(row.id, ())),
        )
        for row in plain
    ]


def _names_of(
    session: Session,
    ref: InstrumentedAttribute[int],
    name: InstrumentedAttribute[str],
    ids: list[int],
) -> dict[int, list[str]]:
    """Return the names that belong to rows of messages, in their order."""
    found: dict[int, list[str]] = {}
    for start in range(0, len(ids), BATCH):
        some = select(ref, name).where(ref.in_(ids[start : start + BATCH])).order_by(name)
        for row, text in session.execute(some):
            found.setdefault(row, []).append(text)
    return found


def _newest(query: Query, without: Sequence[int], upto: int | None) -> Select[Any]:
    """Return the rows of one page of what the index finds that the question finds too."""
    size = query.rows_per_page or DEFAULT_ROWS
    page = max(query.page or 1, 1)
    indexed = replace(query, contains=None, start=None, end=None)
    moment = ArchivedMessage.id if query.order == "asc" else ArchivedMessage.id.desc()
    first = _less(matching(select(ArchivedMessage.id), indexed), without, upto)
    first = first.order_by(moment).limit(size).offset((page - 1) * size)
    if indexed == query:
        return first
    rest = Query(contains=query.contains, start=query.start, end=query.end)
    return matching(select(ArchivedMessage.id), rest).where(
        ArchivedMessage.id.in_(select(first.subquery().c.id))
    )


def _less(statement: Select[Any], without: Sequence[int], upto: int | None) -> Select[Any]:
    if upto is not None:
        statement = statement.where(ArchivedMessage.id <= upto)
    return statement.where(ArchivedMessage.id.not_in(without)) if without else statement


def ids(session: Session, query: Query, *, until: datetime) -> frozenset[str]:
    """Return the ids of the messages sent before a moment that a rule's question finds."""
    statement = select(ArchivedMessage.message_id).where(ArchivedMessage.sent_at < until)
    return frozenset(session.scalars(matching(statement, query)))


def ids_of(
    session: Session, concerned: Callable[[str], bool], *, until: datetime
) -> frozenset[str]:
    """Return the ids of the messages of the topics concerned that were sent before a moment."""
    statement = select(ArchivedMessage.message_id).where(ArchivedMessage.sent_at < until)
    return frozenset(session.scalars(_concerned(session, statement, concerned)))


def present(session: Session, names: Sequence[str]) -> frozenset[str]:
    """Return which of a few ids are those of messages in the archive."""
    statement = select(ArchivedMessage.message_id).where(ArchivedMessage.message_id.in_(names))
    return frozenset(session.scalars(statement))


def messages(session: Session, concerned: Callable[[str], bool] = everything) -> Iterator[Message]:
    """Yield the archived messages of the topics that are concerned, the oldest first."""
    return (message for _, message in numbered(session, concerned))


def size(session: Session, concerned: Callable[[str], bool] = everything) -> int:
    """Return how many messages of the topics that are concerned the archive holds."""
    statement = _concerned(session, select(func.count()).select_from(ArchivedMessage), concerned)
    number: int = session.scalars(statement).one()
    return number


def numbered(
    session: Session, concerned: Callable[[str], bool] = everything, *, after: int = 0
) -> Iterator[tuple[int, Message]]:
    """Yield messages as `messages` does, with their rows, from after a row."""
    statement = select(ArchivedMessage).options(*WHOLE).where(ArchivedMessage.id > after)
    statement = _concerned(session, statement, concerned).order_by(ArchivedMessage.id)
    for found in session.scalars(statement.execution_options(yield_per=BATCH)):
        yield found.id, _message(found)


def begin_of(session: Session, since: datetime) -> int | None:
    """Return a row before which no message was sent since a moment, None where none was.

    Messages come nearly in the order in which they were sent: the first of many are looked at.
    """
    first = (
        select(ArchivedMessage.id)
        .where(ArchivedMessage.sent_at >= since)
        .order_by(ArchivedMessage.sent_at)
        .limit(BEGINNING)
        .subquery()
    )
    found: int | None = session.scalars(select(func.min(first.c.id))).one()
    return found


def batch(
    session: Session, concerned: Callable[[str], bool], *, after: int
) -> list[tuple[int, Message]]:
    """Return the next messages as `numbered` does, one batch of them."""
    statement = select(ArchivedMessage).options(*WHOLE).where(ArchivedMessage.id > after)
    statement = _concerned(session, statement, concerned).order_by(ArchivedMessage.id)
    found = session.scalars(statement.limit(BATCH)).all()
    return [(row.id, _message(row)) for row in found]


def fetch(session: Session, rows: Collection[int]) -> Iterator[tuple[int, Message]]:
    """Yield a few messages by their rows."""
    statement = select(ArchivedMessage).options(*WHOLE).where(ArchivedMessage.id.in_(rows))
    for found in session.scalars(statement):
        yield found.id, _message(found)


def _concerned(
    session: Session, statement: Select[Any], concerned: Callable[[str], bool]
) -> Select[Any]:
    topics = session.execute(select(Topic.id, Topic.name)).all()
    wanted = [row for row, name in topics if concerned(name)]
    if len(wanted) == len(topics):
        return statement
    return statement.where(ArchivedMessage.topic_id.in_(wanted))


def _message(found: ArchivedMessage) -> Message:
    return Message(
        id=found.message_id,
        topic=found.topic.name,
        body=found.body,
        sent_at=found.sent_at,
        headers=found.headers,
        agent_name=found.agent_name,
        usernames=tuple(user.username for user in found.users),
        packages=tuple(package.package for package in found.packages),
    )


def matching(statement: Select[Any], query: Query) -> Select[Any]:
    """Return a statement about messages, limited to those that a rule's question finds."""
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
