# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from issuer.errors import NotFoundError
from issuer.models import AuditEntry, OldName
from issuer.services import audits, erasing, persons, trails
from issuer.services.permissions import Actor
from issuer.services.trails import Sought
from tests.issuing import NOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@pytest.fixture
def log(session: Session) -> Session:
    """Return a log in which Asha changed a badge, and Boris named a person like a formula."""
    for name in ("asha", "boris"):
        persons.ensure(session, name, now=NOW)
    asha, boris = (persons.find(session, name).id for name in ("asha", "boris"))
    origin = "192.0.2.1"
    before, after = {"name": "Ten%", "points": 1}, {"name": "Ten%", "points": 5}
    who = Actor(username="asha", person_id=asha, origin=origin)
    audits.record(session, who, "badge.edit", "badge", "ten", now=NOW, before=before, after=after)
    who = Actor(username="boris", person_id=boris, origin=origin)
    later = NOW + timedelta(days=1)
    audits.record(session, who, "person.rename", "person", "=cmd|' /C calc'!A0", now=later)
    session.flush()
    return session


CASES = (
    (Sought(), ["badge.edit", "person.rename"]),
    (Sought(actor="ASH"), ["badge.edit"]),
    (Sought(actor="%"), []),
    (Sought(action="badge"), ["badge.edit"]),
    (Sought(subject="badge"), ["badge.edit"]),
    (Sought(subject="ten"), ["badge.edit"]),
    (Sought(subject="badge ten"), ["badge.edit"]),
    (Sought(subject="person ten"), []),
    (Sought(text="POINTS"), ["badge.edit"]),
    (Sought(text="calc'"), ["person.rename"]),
    (Sought(since=date(2026, 3, 2)), ["person.rename"]),
    (Sought(until=date(2026, 3, 1)), ["badge.edit"]),
)


def test_entries_are_found_by_who_what_to_what_and_when(log: Session) -> None:
    """predecessors 5.1, #780: what is done on the admin panel is recorded, and can be found."""
    for sought, found in CASES:
        statement = trails.entries(sought).order_by(AuditEntry.id)
        assert [entry.action for entry in log.scalars(statement)] == found, sought


def test_what_is_taken_along_is_whole_and_no_formula(log: Session) -> None:
    lines = [json.loads(line) for line in trails.as_lines(log, Sought())]
    assert [line["subject_id"] for line in lines] == ["ten", "=cmd|' /C calc'!A0"]
    assert (lines[0]["before"], lines[0]["after"]) == ({"points": 1}, {"points": 5})
    rows = list(csv.DictReader("".join(trails.as_csv(log, Sought())).splitlines()))
    assert [row["subject_id"] for row in rows] == ["ten", "'=cmd|' /C calc'!A0"]
    assert rows[0]["after"] == '{"points": 5}'


def test_a_change_of_a_long_text_is_told_line_by_line() -> None:
    entry = AuditEntry(
        before={"text": "a\nb\nc", "on": True}, after={"text": "a\nx\nc", "on": False}
    )
    switch, words = trails.changes(entry)
    assert (switch.name, switch.before, switch.after) == ("on", "true", "false")
    assert words.lines == (("", "a"), ("-", "b"), ("+", "x"), ("", "c"))


def test_an_entry_that_is_not_there_is_named(session: Session) -> None:
    for number in (0, 7, 1 << 70):
        with pytest.raises(NotFoundError, match=f"audit entry {number}"):
            trails.find(session, number)


REFUSED = (
    "DELETE FROM audit_log",
    "UPDATE audit_log SET action = 'login'",
    "UPDATE audit_log SET before = NULL",
    "UPDATE audit_log SET happened_at = '2020-01-01 00:00:00'",
    "UPDATE audit_log SET actor = 'boris'",
    "UPDATE audit_log SET origin = ''",
    "UPDATE audit_log SET origin = '203.0.113.9', actor = '(erased)'",
    "UPDATE audit_log SET actor_id = NULL",
    "UPDATE audit_log SET actor_id = (SELECT max(id) FROM persons)",
    "INSERT OR REPLACE INTO audit_log (id, happened_at, actor, action, subject_type, "
    "subject_id, origin) VALUES (1, '2020-01-01', '', '', '', '', '')",
    "TRUNCATE audit_log",
)


def test_the_database_refuses_to_change_what_was_noted(log: Session) -> None:
    on_sqlite = log.get_bind().dialect.name == "sqlite"
    foreign = "TRUNCATE" if on_sqlite else "INSERT OR"  # statements that this database has not
    before = [trails._facts(entry) for entry in log.scalars(select(AuditEntry))]
    for statement in REFUSED:
        if not statement.startswith(foreign):
            with pytest.raises(IntegrityError, match="rows are only added"), log.begin_nested():
                log.execute(text(statement))
    log.expire_all()
    assert [trails._facts(entry) for entry in log.scalars(select(AuditEntry))] == before


def test_who_is_erased_is_forgotten_by_the_log_too(log: Session) -> None:
    erasing.erase(log, persons.find(log, "asha"), "anonymise", now=NOW)
    log.expire_all()
    found = log.scalars(select(AuditEntry).filter_by(action="badge.edit")).one()
    assert (found.actor, found.origin, found.after) == (erasing.SOMEBODY, "", {"points": 5})


def test_an_entry_follows_its_actor_to_the_account_that_took_the_name_over(log: Session) -> None:
    boris = persons.find(log, "boris").id
    log.add(OldName(key="asha", person_id=boris, changed_at=NOW))
    log.flush()
    log.execute(update(AuditEntry).filter_by(actor="asha").values(actor_id=boris))
    assert {entry.actor_id for entry in log.scalars(select(AuditEntry))} == {boris}
