# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import InvalidInputError
from issuer.models import AuditEntry, Person
from issuer.services import audits, tables
from issuer.services.permissions import Actor
from issuer.services.tables import Sort
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

COLUMNS = {"name": Person.display_name, "since": Person.created_at}


@pytest.mark.parametrize("sort", ["name", "-name", "since", "-since"])
def test_pages_join_to_the_whole_table(session: Session, sort: str) -> None:
    for number in range(11):
        session.add(
            Person(
                username=f"p{number:02}",
                display_name="abc"[number % 3],
                created_at=NOW + timedelta(days=number % 4),
            )
        )
    session.flush()
    seen, after = [], ""
    by = Sort.of(sort, COLUMNS, "name")
    statement = select(Person.username)
    while True:
        part = tables.page(
            session, statement, COLUMNS, sort=by, key=Person.id, after=after, limit=4
        )
        seen += [row.username for row in part.items]
        if not part.after:
            break
        after = part.after
    column = COLUMNS[by.column]
    order = (column.desc(), Person.id.desc()) if by.descending else (column, Person.id)
    assert seen == list(session.scalars(select(Person.username).order_by(*order)))
    assert len(seen) == 11


@pytest.mark.parametrize(
    "after", ["x", "ä", "W10", "W3siYSI6MX0sMV0", "bnVsbA", "A" * 3000, "W1tbW1tb"]
)
def test_a_made_up_place_is_refused(session: Session, after: str) -> None:
    with pytest.raises(InvalidInputError, match="not one that a list names"):
        tables.page(
            session, select(Person.id), COLUMNS, sort=Sort("name"), key=Person.id, after=after
        )


def test_an_unknown_column_is_the_usual_one() -> None:
    assert Sort.of("-evil", COLUMNS, "-since") == Sort("since", descending=True)
    assert str(Sort.of("-name", COLUMNS, "since").turned) == "name"


def test_the_audit_log_keeps_what_differs(session: Session) -> None:
    audits.record(
        session,
        Actor(username="root", origin="192.0.2.1"),
        "badge.change",
        "badge",
        "first-steps",
        before={"name": "First", "points": 1},
        after={"name": "Second", "points": 1},
        now=NOW,
    )
    session.flush()
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.before, entry.after) == (
        "root",
        {"name": "First"},
        {"name": "Second"},
    )
