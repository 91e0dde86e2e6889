# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is not sent: messages to the bus and letters to people, tried again or given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from issuer.access import needs
from issuer.admin.parts import Section, attempt, done, failed, part, searched, table
from issuer.models import OutboxMessage
from issuer.services import operating
from issuer.services.permissions import Right
from issuer.site import db_session

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from werkzeug.wrappers import Response

blueprint = part("outbox", "outbox")
SECTIONS = (Section(_("Outbox"), "admin_outbox.listed", Right.OPERATE, _("Site"), 340),)

COLUMNS: dict[str, ColumnElement[Any]] = {
    "age": OutboxMessage.id.expression,
    "tries": OutboxMessage.attempts.expression,
    "topic": OutboxMessage.topic.expression,
}


class PressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Asks for nothing but the token of the session."""


class DropForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Asks why something is given up."""

    reason = StringField(_("Reason"), [DataRequired(), Length(max=operating.MAX_REASON)])


@blueprint.get("/")
@needs(Right.OPERATE)
def listed() -> str:
    """List what is not sent, the oldest first."""
    state = request.args.get("state", "")
    state = state if state in operating.STATES else ""
    shown = table(
        db_session(),
        operating.unsent(state, searched()),
        COLUMNS,
        usual="age",
        key=OutboxMessage.id.expression,
        filters={"state": state},
    )
    return render_template(
        "admin/outbox/list.html", table=shown, state=state, states=operating.STATES
    )


@blueprint.post("/<int:number>/retry")
@needs(Right.OPERATE)
def retry(number: int) -> Response:
    """Let one be tried again at once."""
    form = PressForm()
    attempt(form, lambda session, actor, now: operating.retry(session, actor, number, now=now))
    if form.errors or form.form_errors:
        return failed("; ".join(form.form_errors), url_for(".listed"))
    return done(gettext("It is tried again at once."), url_for(".listed"))


@blueprint.post("/<int:number>/drop")
@needs(Right.OPERATE)
def drop(number: int) -> Response:
    """Give one up, with the reason."""
    form = DropForm()
    attempt(
        form,
        lambda session, actor, now: operating.drop(
            session, actor, number, form.reason.data, now=now
        ),
    )
    if form.errors or form.form_errors:
        told = "; ".join(form.form_errors) or gettext("Say why it is dropped.")
        return failed(told, url_for(".listed"))
    log = url_for("admin_audit.entries", subject=f"outbox {number}")
    return done(
        gettext("It was dropped."), url_for(".listed"), link=log, link_text=gettext("Audit log")
    )
