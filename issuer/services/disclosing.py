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
    ApiRequest,
    ApiToken,
    App,
    AppAccess,
    ArchivedMessage,
    Assertion,
    AuditEntry,
    Award,
    BackpackConnection,
    Batch,
    BatchLine,
    Claim,
    Counter,
    EmailIdentity,
    Endorsement,
    Export,
    Grant,
    Invitation,
    InvitationUse,
    Login,
    MessageUser,
    OldName,
    OutboxMessage,
    PendingDecision,
    Push,
    TeamMember,
    Total,
    WalletOffer,
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
    "app_accesses": {"code_hash", "code_challenge"},
    "apps": {"secret_hash"},
    "batches": {"content"},
    "backpack_connections": {"tokens"},
    "exports": {"name", "words"},
    "invitations": {"token", "token_hash"},
    "logins": {"mark_hash"},
    "wallet_offers": {"token_hash"},
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
    own_assertions = select(Assertion.document_id).where(Assertion.award_id.in_(own_awards))
    own_backpacks = select(BackpackConnection.id).where(BackpackConnection.person_id == person.id)
    own_apps = select(AppAccess.app_id).where(AppAccess.person_id == person.id)
    naming = select(MessageUser.message_ref).where(MessageUser.username == person.key)
    former = select(OldName.key).where(OldName.person_id == person.id)
    named = AuditEntry.subject_id.in_((person.username, person.key))
    subject = (AuditEntry.subject_type == "person") & (named | AuditEntry.subject_id.in_(former))
    return [
        ("addresses", EmailIdentity, EmailIdentity.person_id == person.id),
        ("logins", Login, Login.person_id == person.id),
        ("former_names", OldName, OldName.person_id == person.id),
        ("awards", Award, Award.person_id == person.id),
        ("endorsements", Endorsement, Endorsement.subject.in_(own_assertions)),
        ("assertions", Assertion, Assertion.award_id.in_(own_awards)),
        ("totals", Total, Total.person_id == person.id),
        ("teams", TeamMember, TeamMember.person_id == person.id),
        ("claims", Claim, Claim.person_id == person.id),
        ("grants", Grant, Grant.person_id == person.id),
        ("lists_made", Batch, Batch.made_by_id == person.id),
        ("lines_of_lists", BatchLine, BatchLine.person_id == person.id),
        ("invitations_made", Invitation, Invitation.created_by_id == person.id),
        ("invitations_used", InvitationUse, InvitationUse.person_id == person.id),
        ("api_tokens", ApiToken, ApiToken.person_id == person.id),
        ("api_requests", ApiRequest, ApiRequest.person_id == person.id),
        ("apps_let_in", AppAccess, AppAccess.person_id == person.id),
        ("apps", App, App.id.in_(own_apps)),
        ("backpacks", BackpackConnection, BackpackConnection.person_id == person.id),
        ("pushes", Push, Push.connection_id.in_(own_backpacks)),
        ("exports", Export, Export.person_id == person.id),
        ("wallets", WalletOffer, WalletOffer.person_id == person.id),
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
