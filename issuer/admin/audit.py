# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit log: who did what to what, searched and taken along; nobody can change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from issuer.access import needs
from issuer.admin.parts import Section, argument, part, searched, table
from issuer.models import AuditEntry
from issuer.services import spans, trails
from issuer.services.permissions import Right
from issuer.services.trails import Sought
from issuer.site import current_site, db_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

blueprint: Blueprint = part("audit", "audit")
SECTIONS = (Section(_("Audit log"), "admin_audit.entries", Right.AUDIT, _("Site"), 330),)

MAX_FIELD = 100
FILTERS = ("actor", "action", "subject", "since", "until")
COLUMNS: dict[str, ColumnElement[Any]] = {
    "time": AuditEntry.happened_at.expression,
    "actor": AuditEntry.actor.expression,
    "action": AuditEntry.action.expression,
    "subject": AuditEntry.subject_id.expression,
}
#: The forms in which the log is taken along: media type and what writes it.
FORMS: dict[str, tuple[str, Callable[[Session, Sought], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", trails.as_csv),
    "jsonl": ("application/jsonl; charset=utf-8", trails.as_lines),
}


@blueprint.get("/")
@needs(Right.AUDIT)
def entries() -> str:
    """List what was done, the newest first."""
    asked = _filters()
    shown = table(
        db_session(),
        trails.entries(_sought(asked)),
        COLUMNS,
        usual="-time",
        key=AuditEntry.id.expression,
        filters=asked,
    )
    return render_template("admin/audit/list.html", table=shown, asked=asked, forms=FORMS)


@blueprint.get("/<int:number>")
@needs(Right.AUDIT)
def entry(number: int) -> str:
    """Show what was done, before and after."""
    found = trails.find(db_session(), number)
    return render_template("admin/audit/entry.html", entry=found, changes=trails.changes(found))


@blueprint.get("/export.csv", defaults={"form": "csv"})
@blueprint.get("/export.jsonl", defaults={"form": "jsonl"})
@needs(Right.AUDIT)
def export(form: str) -> Response:
    """Download what is looked for, however much it is."""
    sought, database = _sought(_filters()), current_site().database
    media_type, write = FORMS[form]

    def text() -> Iterator[str]:
        with database.reading() as reading:
            yield from write(reading, sought)

    response = Response(text(), content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="audit-log.{form}"'
    return response


def _filters() -> dict[str, str]:
    return {name: argument(name, MAX_FIELD) for name in FILTERS}


def _sought(asked: dict[str, str]) -> Sought:
    since, until = asked["since"], asked["until"]
    return Sought(
        actor=asked["actor"],
        action=asked["action"],
        subject=asked["subject"],
        text=searched(),
        since=spans.read_day(since) if since else None,
        until=spans.read_day(until) if until else None,
    )
