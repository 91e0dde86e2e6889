# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that is kept about a person, for that person: a copy that any program reads."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import inspect, or_, select

from issuer.models import (
    ApiToken,
    ArchivedMessage,
    Assertion,
    AuditEntry,
    Award,
    BackpackConnection,
    Claim,
    Counter,
    EmailIdentity,
    Export,
    Grant,
    Invitation,
    InvitationUse,
    MessageUser,
    OldName,
    OutboxMessage,
    PendingDecision,
    Push,
    TeamMember,
    Total,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from issuer.db import Base
    from issuer.models import Person

ROWS = 200
#: What is no word about anybody but a key to something.
SECRETS = {
    "api_tokens": {"token_hash"},
    "backpack_connections": {"tokens", "client"},
    "invitations": {"token"},
}


def everything(session: Session, person: Person, *, now: datetime) -> Iterator[str]:
    """Yield the JSON text of all that is kept about a person, in parts; never all at once."""
    yield f'{{"made_at": {json.dumps(now.isoformat())},\n"person": '
    yield _json(_row(person))
    for name, table, mine in _tables(person):
        yield f',\n"{name}": ['
        yield from _rows(session, table, mine)
        yield "]"
    yield "}\n"


def _tables(person: Person) -> list[tuple[str, type[Base], ColumnElement[bool]]]:
    """Return every table that may hold something about a person, and which rows of it do."""
    own_awards = select(Award.id).where(Award.person_id == person.id)
    own_backpacks = select(BackpackConnection.id).where(BackpackConnection.person_id == person.id)
    naming = select(MessageUser.message_ref).where(MessageUser.username == person.key)
    subject = (AuditEntry.subject_type == "person") & (AuditEntry.subject_id == person.username)
    return [
        ("addresses", EmailIdentity, EmailIdentity.person_id == person.id),
        ("former_names", OldName, OldName.person_id == person.id),
        ("awards", Award, Award.person_id == person.id),
        ("assertions", Assertion, Assertion.award_id.in_(own_awards)),
        ("totals", Total, Total.person_id == person.id),
        ("teams", TeamMember, TeamMember.person_id == person.id),
        ("claims", Claim, Claim.person_id == person.id),
        ("grants", Grant, Grant.person_id == person.id),
        ("invitations_made", Invitation, Invitation.created_by_id == person.id),
        ("invitations_used", InvitationUse, InvitationUse.person_id == person.id),
        ("api_tokens", ApiToken, ApiToken.person_id == person.id),
        ("backpacks", BackpackConnection, BackpackConnection.person_id == person.id),
        ("pushes", Push, Push.connection_id.in_(own_backpacks)),
        ("exports", Export, Export.person_id == person.id),
        ("audit_log", AuditEntry, or_(AuditEntry.actor_id == person.id, subject)),
        ("announcements", OutboxMessage, OutboxMessage.stream == person.key),
        ("letters", OutboxMessage, OutboxMessage.stream == f"letters-{person.id}"),
        ("counters", Counter, Counter.person_key == person.key),
        ("waiting_decisions", PendingDecision, PendingDecision.username == person.username),
        (
            "messages",
            ArchivedMessage,
            or_(ArchivedMessage.id.in_(naming), ArchivedMessage.agent_key == person.key),
        ),
    ]


def _rows(session: Session, table: type[Base], mine: ColumnElement[bool]) -> Iterator[str]:
    statement = select(table).where(mine).execution_options(yield_per=ROWS)
    before = "\n"
    for row in session.scalars(statement):
        yield before + _json(_row(row))
        before = ",\n"
        session.expunge(row)


def _row(row: Base) -> dict[str, Any]:
    hidden = SECRETS.get(row.__tablename__, set())
    columns = [attribute.key for attribute in inspect(type(row)).column_attrs]
    return {name: getattr(row, name) for name in columns if name not in hidden}


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"cannot be written as JSON: {type(value).__name__}")
