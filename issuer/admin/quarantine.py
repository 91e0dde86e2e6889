# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages that were put aside: looked at, tried again, or given up."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from issuer.access import acting, needs
from issuer.admin.outbox import DropForm, PressForm
from issuer.admin.parts import REFUSED, Section, attempt, done, failed, part, searched, table
from issuer.errors import AccoladesError
from issuer.intake import Intake, policy_of
from issuer.models import QuarantinedMessage
from issuer.retrying import content_of, try_again
from issuer.services import operating, quarantine
from issuer.services.permissions import Right
from issuer.site import current_site, db_session
from issuer.telling import worded

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from werkzeug.wrappers import Response

blueprint = part("quarantine", "quarantine")
SECTIONS = (Section(_("Quarantine"), "admin_quarantine.listed", Right.OPERATE, _("Site"), 350),)

COLUMNS: dict[str, ColumnElement[Any]] = {
    "received": QuarantinedMessage.received_at.expression,
    "topic": QuarantinedMessage.topic.expression,
    "times": QuarantinedMessage.times.expression,
}
#: So much of a message is shown.
SHOWN = 100_000


@blueprint.get("/")
@needs(Right.OPERATE)
def listed() -> str:
    """List what was put aside, the newest first."""
    state = "all" if request.args.get("state") == "all" else ""
    shown = table(
        db_session(),
        operating.put_aside(with_resolved=state == "all", query=searched()),
        COLUMNS,
        usual="-received",
        key=QuarantinedMessage.id.expression,
        filters={"state": state},
    )
    return render_template("admin/quarantine/list.html", table=shown, state=state)


@blueprint.get("/<int:number>")
@needs(Right.OPERATE)
def message(number: int) -> str:
    """Show a message with all that is kept of it."""
    return _message(number, DropForm())


@blueprint.post("/<int:number>/retry")
@needs(Right.OPERATE)
def retry(number: int) -> Response:
    """Try a message again, as if it came now."""
    site, now = current_site(), datetime.now(UTC)
    if not PressForm().validate_on_submit():
        return failed(gettext("This page is too old: try again."), _page(number))
    try:
        tried = try_again(site, Intake(site, policy_of(site.settings)), number, now=now)
    except AccoladesError as error:
        return failed(worded(error), url_for(".listed"))
    with site.database.writing() as session:
        who = acting(session)
        operating.note_retry(session, who, number, awards=tried.awards, error=tried.error, now=now)
    if tried.error is not None:
        return failed(gettext("Still not: %(reason)s", reason=worded(tried.error)), _page(number))
    return done(gettext("It was handled, awards: %(number)s.", number=tried.awards), _page(number))


@blueprint.post("/<int:number>/drop")
@needs(Right.OPERATE)
def drop(number: int) -> Response | tuple[str, int]:
    """Give a message up, with the reason."""
    form = DropForm()
    attempt(
        form,
        lambda session, actor, now: operating.give_up(
            session, actor, number, form.reason.data, now=now
        ),
    )
    if form.errors or form.form_errors:
        return _message(number, form), REFUSED
    return done(gettext("It was dropped."), _page(number))


def _message(number: int, form: DropForm) -> str:
    row = quarantine.find(db_session(), number)
    content = json.dumps(content_of(row), indent=2, ensure_ascii=False)
    return render_template(
        "admin/quarantine/message.html",
        row=row,
        content=content[:SHOWN],
        cut=len(content) > SHOWN,
        form=form,
    )


def _page(number: int) -> str:
    return url_for("admin_quarantine.message", number=number)
