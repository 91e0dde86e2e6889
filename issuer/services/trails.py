# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit log as people read it: searched, compared, and taken along."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from difflib import ndiff
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, cast, or_, select

from issuer.errors import NotFoundError
from issuer.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

ROWS = 200
RECENT = 8
MAX_LINES = 400  # of a text that is compared line by line
#: With these a spreadsheet begins a formula (OWASP: CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "id",
    "happened_at",
    "actor",
    "action",
    "subject_type",
    "subject_id",
    "before",
    "after",
    "origin",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which entries are looked for; what is empty matches all."""

    actor: str = ""
    action: str = ""  # or its beginning, like `badge`
    subject: str = ""  # a type, an id, or both: `badge first-steps`
    text: str = ""  # in any part of the entry
    since: date | None = None  # first and last day, in UTC
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one fact; ``lines`` where it is a text of several, marked +, - or neither."""

    name: str
    before: str
    after: str
    lines: tuple[tuple[str, str], ...] = ()


def entries(sought: Sought) -> Select[AuditEntry]:
    """Return the statement for the entries that are looked for, in no order."""
    statement = select(AuditEntry)
    if sought.actor:
        statement = statement.where(AuditEntry.actor.icontains(sought.actor, autoescape=True))
    if sought.action:
        statement = statement.where(AuditEntry.action.istartswith(sought.action, autoescape=True))
    kind, _, name = sought.subject.partition(" ")
    if name:
        statement = statement.where(
            AuditEntry.subject_type == kind, AuditEntry.subject_id == name.strip()
        )
    elif kind:
        statement = statement.where(
            or_(AuditEntry.subject_type == kind, AuditEntry.subject_id == kind)
        )
    if sought.text:
        statement = statement.where(
            or_(
                *(
                    cast(column, Text).icontains(sought.text, autoescape=True)
                    for column in (
                        AuditEntry.subject_id,
                        AuditEntry.action,
                        AuditEntry.actor,
                        AuditEntry.origin,
                        AuditEntry.before,
                        AuditEntry.after,
                    )
                )
            )
        )
    if sought.since:
        statement = statement.where(AuditEntry.happened_at >= _midnight(sought.since))
    if sought.until:
        following = _midnight(sought.until) + timedelta(days=1)
        statement = statement.where(AuditEntry.happened_at < following)
    return statement


def recent(session: Session) -> list[AuditEntry]:
    """Return the newest entries."""
    newest = select(AuditEntry).order_by(AuditEntry.happened_at.desc(), AuditEntry.id.desc())
    return list(session.scalars(newest.limit(RECENT)))


def find(session: Session, number: int) -> AuditEntry:
    """Return one entry; raise `NotFoundError`."""
    found = session.get(AuditEntry, number) if 0 < number < 1 << 63 else None
    if found is None:
        raise NotFoundError("audit entry %(number)s: there is none", number=number)
    return found


def changes(entry: AuditEntry) -> list[Change]:
    """Return what an entry says of each fact, by name."""
    before, after = entry.before or {}, entry.after or {}
    return [_change(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]


def as_lines(session: Session, sought: Sought) -> Iterator[str]:
    """Yield entries as JSON lines, the oldest first; never all at once."""
    for entry in _all(session, sought):
        yield json.dumps(_facts(entry), ensure_ascii=False) + "\n"


def as_csv(session: Session, sought: Sought) -> Iterator[str]:
    """Yield entries as CSV, the oldest first; no cell is a formula to a spreadsheet."""
    yield _line(COLUMNS)
    for entry in _all(session, sought):
        yield _line(tuple(_cell(value) for value in _facts(entry).values()))


def _all(session: Session, sought: Sought) -> Iterator[AuditEntry]:
    statement = entries(sought).order_by(AuditEntry.happened_at, AuditEntry.id)
    for entry in session.scalars(statement.execution_options(yield_per=ROWS)):
        yield entry
        session.expunge(entry)


def _facts(entry: AuditEntry) -> dict[str, Any]:
    facts = {name: getattr(entry, name) for name in COLUMNS}
    return facts | {"happened_at": entry.happened_at.isoformat(timespec="seconds")}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA) else text


def _line(cells: tuple[str, ...]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _change(name: str, before: Any, after: Any) -> Change:
    lines: tuple[tuple[str, str], ...] = ()
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        old, new = before.splitlines(), after.splitlines()
        if len(old) + len(new) <= MAX_LINES:
            lines = tuple(
                (line[0].strip(), line[2:]) for line in ndiff(old, new) if line[0] in " +-"
            )
    return Change(name, _shown(before), _shown(after), lines)


def _shown(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
