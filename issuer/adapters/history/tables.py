# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of datanommer, as far as they are read (datanommer.models 1.x)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    any_,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.selectable import Alias

    from rules.model import Query

METADATA = MetaData()
MESSAGES = Table(
    "messages",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("msg_id", Text),
    Column("topic", Text),
    Column("timestamp", DateTime, primary_key=True),  # in UTC, without a zone
    Column("category", Text),
    Column("agent_name", Text),
    Column("msg", Text),  # JSON, but kept as text
    Column("headers", JSONB),
)


def _names(name: str) -> Table:
    return Table(name, METADATA, Column("id", Integer, primary_key=True), Column("name", Text))


def _links(name: str, to: str) -> Table:
    return Table(
        name,
        METADATA,
        Column(to, Integer, primary_key=True),
        Column("msg_id", Integer, primary_key=True),  # of the row
        Column("msg_timestamp", DateTime, primary_key=True),
    )


USERS, PACKAGES = _names("users"), _names("packages")
USERS_MESSAGES = _links("users_messages", "user_id")
PACKAGES_MESSAGES = _links("packages_messages", "package_id")


def identity(messages: Table | Alias = MESSAGES) -> ColumnElement[str]:
    """Return the id of a message; very old ones have none, and get one that is their own."""
    return func.coalesce(messages.c.msg_id, func.concat("datanommer-", messages.c.id))


def linked(links: Table) -> ColumnElement[bool]:
    """Whether a link is one of the message."""
    return (links.c.msg_id == MESSAGES.c.id) & (links.c.msg_timestamp == MESSAGES.c.timestamp)


def is_first() -> ColumnElement[bool]:
    """Whether a message is the first with its id: the table has room for more."""
    other = MESSAGES.alias()
    earlier = func.row(other.c.timestamp, other.c.id) < func.row(
        MESSAGES.c.timestamp, MESSAGES.c.id
    )
    return ~exists().where(other.c.msg_id == MESSAGES.c.msg_id, earlier)


def conditions(query: Query) -> list[ColumnElement[bool]]:
    """Return what a question asks of a message; people compare without case, as everywhere.

    An agent is looked for in lower case, as it is asked for, and as the table of users writes it:
    the index knows no other way.
    """
    category, topic = MESSAGES.c.category, MESSAGES.c.topic
    found: list[ColumnElement[bool]] = []
    for column, wanted, unwanted in (
        (topic, query.topics, query.not_topics),
        (category, query.categories, query.not_categories),
    ):
        if wanted:
            found.append(is_one(column, wanted))
        if unwanted:
            found.append(~is_one(column, unwanted))
    if query.users:
        found.append(_has_user(query.users))
    if query.not_users:
        found.append(~_has_user(query.not_users))
    if query.packages:
        found.append(_has_package(query.packages))
    if query.not_packages:
        found.append(~_has_package(query.not_packages))
    return [*found, *_of_agents(query), *_between(query)]


def _of_agents(query: Query) -> Iterator[ColumnElement[bool]]:
    agent = MESSAGES.c.agent_name
    if query.agents:
        written = literal([*query.agents, *_lower(query.agents)], ARRAY(Text))
        yield agent == any_(func.array_cat(written, _found(USERS.c.name, query.agents)))
    if query.not_agents:
        yield ~is_one(func.lower(func.coalesce(agent, "")), _lower(query.not_agents))


def _between(query: Query) -> Iterator[ColumnElement[bool]]:
    if query.start is not None:
        yield MESSAGES.c.timestamp >= naive(query.start)
    if query.end is not None:
        yield MESSAGES.c.timestamp <= naive(query.end)


def is_one(column: ColumnElement[Any], values: Collection[str]) -> ColumnElement[bool]:
    """Whether a text is one of some, which are one parameter however many they are."""
    return column == any_(literal(list(values), ARRAY(Text)))


def naive(moment: datetime) -> datetime:
    """Return a moment as the tables write it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _has_user(names: Collection[str]) -> ColumnElement[bool]:
    user = USERS_MESSAGES.c.user_id
    return exists().where(linked(USERS_MESSAGES), user == any_(_found(USERS.c.id, names)))


def _found(column: ColumnElement[Any], names: Collection[str]) -> ColumnElement[Any]:
    """Return a column of the users of some names, as one array: it is found once, before all."""
    chosen = select(column).where(is_one(func.lower(USERS.c.name), _lower(names)))
    return func.array(chosen.scalar_subquery(), type_=ARRAY(column.type))


def _has_package(names: Collection[str]) -> ColumnElement[bool]:
    package = PACKAGES_MESSAGES.c.package_id
    chosen = select(PACKAGES.c.id).where(is_one(PACKAGES.c.name, names)).scalar_subquery()
    return exists().where(
        linked(PACKAGES_MESSAGES), package == any_(func.array(chosen, type_=ARRAY(Integer)))
    )


def _lower(names: Collection[str]) -> list[str]:
    return [name.lower() for name in names]
