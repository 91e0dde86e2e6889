# SPDX-License-Identifier: AGPL-3.0-or-later
"""How messages get into the archive: each once, with its people, under the locks of counting."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import insert, select

from issuer.db import insert_new, insert_once
from issuer.models import ArchivedMessage, MessagePackage, MessageUser, Topic
from rules.counting import anchors_of, locks_of, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from rules.model import Message

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


def keep(session: Session, entries: Sequence[Entry], *, now: datetime) -> dict[str, int]:
    """Keep messages with their people; return the rows of those that were not kept before.

    For databases with one writer at a time; on PostgreSQL `standings.take` does it under locks.
    """
    topics = topic_ids(session, [entry.message for entry in entries])
    values = [
        {
            "message_id": message.id,
            "topic_id": topics[message.topic],
            "sent_at": message.sent_at,
            "received_at": now,
            "agent_key": entry.agent,
            "agent_name": message.agent_name,
            "headers": message.headers,
            "body": message.body,
        }
        for entry in entries
        for message in [entry.message]
    ]
    keep_new = insert_new(session, ArchivedMessage, unique=("message_id",)).returning(
        ArchivedMessage.message_id, ArchivedMessage.id
    )
    rows: dict[str, int] = dict(session.execute(keep_new, values).all())
    new = [entry for entry in entries if entry.message.id in rows]
    people = [
        {"username": name, **_place_of(entry, rows, topics)}
        for entry in new
        for name in entry.users
    ]
    packages = [
        {"package": name, **_place_of(entry, rows, topics)}
        for entry in new
        for name in entry.packages
    ]
    for table, named in ((MessageUser, people), (MessagePackage, packages)):
        if named:
            session.execute(insert(table), named)
    return rows


def _place_of(entry: Entry, rows: dict[str, int], topics: dict[str, int]) -> dict[str, int]:
    return {"topic_id": topics[entry.message.topic], "message_ref": rows[entry.message.id]}


def lock_places(entries: Iterable[Entry], alone: Iterable[str]) -> list[int]:
    """Return the locks of messages in the order in which everybody takes them.

    Those in ``alone`` keep everybody else out until the transaction ends; the others, which are
    below zero, are shared with all who need none of them alone.
    """
    whole = {_place(name) for name in alone}
    shared = {
        _place(name) for entry in entries for name in locks_of(entry.names, entry.message.topic)
    }
    return sorted([*whole, *(-place for place in shared - whole)], key=abs)


def _place(name: str) -> int:
    # So few that any number of names fits into the server's table of locks.
    return 1 + zlib.crc32(name.encode("utf-8", "surrogatepass")) % LOCKS


def topic_ids(session: Session, incoming: Sequence[Message]) -> dict[str, int]:
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
