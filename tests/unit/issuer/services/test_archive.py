# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.models import ArchivedMessage, MessageUser
from issuer.services import archive
from rules.model import NOTHING, Message, Query
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MESSAGES = [
    (
        Message(
            id=f"m{number}",
            topic=f"org.example.prod.{category}.{what}",
            body={"text": text, "number": number},
            sent_at=NOW + timedelta(hours=number),
            agent_name=agent,
            usernames=users,
            packages=packages,
        ),
        users,
    )
    for number, (category, what, agent, users, packages, text) in enumerate(
        [
            ("wiki", "edit", "Asha", ("Asha",), (), "plain"),
            ("wiki", "edit", "boris", ("boris", "asha"), ("kernel",), "100% sure_"),
            ("git", "push", None, (), ("kernel", "bash"), "grün"),
            ("git", "push", "asha", ("boris",), ("bash",), 'a "quoted" word'),
            ("koji", "build", None, ("asha", "chen"), (), "plain"),
        ]
    )
]
QUERIES = {
    "everything": Query(),
    "nothing": NOTHING,
    "one topic": Query(topics=("org.example.prod.wiki.edit",)),
    "two topics": Query(topics=("org.example.prod.wiki.edit", "org.example.prod.git.push")),
    "a suffix is no topic": Query(topics=("wiki.edit",)),
    "not a topic": Query(not_topics=("org.example.prod.wiki.edit",)),
    "category": Query(categories=("git",)),
    "not a category": Query(not_categories=("git", "wiki")),
    "user without case": Query(users=("ASHA",)),
    "one of two users": Query(users=("chen", "boris")),
    "not a user": Query(not_users=("asha",)),
    "agent": Query(agents=("ASHA",)),
    "not an agent, where some have none": Query(not_agents=("asha",)),
    "package": Query(packages=("kernel",)),
    "not a package": Query(not_packages=("bash",)),
    "contains": Query(contains=("plain",)),
    "contains, in another case": Query(contains=("PLAIN",)),
    "contains nothing": Query(contains=("",)),
    "contains a wildcard": Query(contains=("%", "_")),
    "contains letters beyond ASCII": Query(contains=("grün",)),
    "contains escaped quotes": Query(contains=('\\"quoted\\"',)),
    "start": Query(start=NOW + timedelta(hours=2)),
    "end": Query(end=NOW + timedelta(hours=2)),
    "id": Query(msg_id="m3"),
    "all at once": Query(
        users=("asha",), topics=("org.example.prod.wiki.edit",), agents=("boris",)
    ),
}


@pytest.fixture
def kept(session: Session) -> list[int]:
    return [archive.store(session, message, users, now=NOW) for message, users in MESSAGES]


@pytest.mark.parametrize("name", QUERIES)
def test_the_archive_finds_what_the_engine_says(
    session: Session, kept: list[int], name: str
) -> None:
    query = QUERIES[name]
    expected = [message.id for message, users in MESSAGES if query.matches(message, users)]
    found = [row.msg_id for row in archive.rows(session, query)]
    assert found == expected[::-1]
    assert archive.count(session, query) == len(expected)


def test_a_message_is_kept_once(session: Session, kept: list[int]) -> None:
    message, users = MESSAGES[0]
    assert archive.store(session, message, users, now=NOW) is None
    assert session.scalar(select(func.count()).select_from(ArchivedMessage)) == len(MESSAGES)
    assert all(kept)


def test_users_are_kept_without_case_and_once(session: Session) -> None:
    archive.store(session, MESSAGES[0][0], ["Asha", "asha", "ASHA"], now=NOW)
    assert session.scalars(select(MessageUser.username)).all() == ["asha"]


def test_rows_are_paged_and_ordered(session: Session, kept: list[int]) -> None:
    def ids(**arguments: object) -> list[str]:
        query = Query(rows_per_page=2, **arguments)
        return [row.msg_id for row in archive.rows(session, query)]

    assert ids() == ["m4", "m3"]
    assert ids(page=2) == ["m2", "m1"]
    assert ids(order="asc") == ["m0", "m1"]


def test_a_row_has_the_form_that_rules_read(session: Session, kept: list[int]) -> None:
    (row,) = archive.rows(session, Query(msg_id="m1"))
    assert row.msg == {"text": "100% sure_", "number": 1}
    assert [user.name for user in row.users] == ["asha", "boris"]
    assert row.packages == ("kernel",)
    assert (row.topic, row.category) == ("org.example.prod.wiki.edit", "wiki")
    assert row.timestamp == NOW + timedelta(hours=1)
