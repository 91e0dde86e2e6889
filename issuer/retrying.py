# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tries messages again that were put aside, as if they came now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from issuer.adapters.letters import Letter
from issuer.adapters.messages import from_bus
from issuer.errors import ConflictError, InvalidInputError
from issuer.services import quarantine

if TYPE_CHECKING:
    from datetime import datetime

    from issuer.intake import Intake
    from issuer.models import QuarantinedMessage
    from issuer.site import Site


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a message: how many awards it made, or why it still cannot be handled."""

    awards: int = 0
    error: str | None = None


def try_again(site: Site, intake: Intake, number: int, *, now: datetime) -> Tried:
    """Handle one message in a transaction of its own and note what became of it in another."""
    with site.database.reading() as session:
        row = quarantine.find(session, number)
        content, resolution = content_of(row), row.resolution
    try:
        if resolution is not None:
            raise ConflictError("it was resolved before: %(resolution)s", resolution=resolution)
        message = Letter.from_dict(content).open()
        required = site.settings.require_schemas
        processed = intake.handle(from_bus(message, require_schema=required), now=now)
        tried = Tried(len(processed.given))
    except ConflictError as reason:
        return Tried(error=reason.text)
    except InvalidInputError as reason:
        tried = Tried(error=reason.text)
    with site.database.writing() as session:
        row = quarantine.find(session, number)
        if tried.error is None:
            quarantine.resolve(row, f"replayed, awards: {tried.awards}", now=now)
        else:
            quarantine.note_failure(row, tried.error)
    return tried


def content_of(row: QuarantinedMessage) -> Any:
    """Return what is kept of a message."""
    try:
        return json.loads(row.content)
    except ValueError:
        return row.content  # as a former version wrote it
