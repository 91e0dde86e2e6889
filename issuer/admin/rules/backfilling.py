# SPDX-License-Identifier: AGPL-3.0-or-later
"""Awards a badge to those who earned it before: a worker does it, and this page says how far."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField
from wtforms.validators import Optional

from issuer.access import needs
from issuer.admin.parts import REFUSED, attempt, done
from issuer.admin.rules.base import blueprint, find
from issuer.services import backfills
from issuer.services.permissions import Right
from issuer.services.tasks import Task
from issuer.site import current_site, db_session
from issuer.waking import wake

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from issuer.models import Backfill
    from issuer.services.permissions import Actor


class BackfillForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Since when awards count."""

    since = DateField(
        lazy_gettext("Earned since"),
        [Optional()],
        description=lazy_gettext("Empty: since the archive begins."),
    )


@blueprint.get("/of/<slug>/backfill")
@needs(Right.RULES)
def backfill(slug: str) -> str:
    """Show how far it is, and how it went the last times."""
    return _page(slug, BackfillForm())


@blueprint.post("/of/<slug>/backfill")
@needs(Right.RULES)
def begin_backfill(slug: str) -> Response | tuple[str, int]:
    """Let a badge be awarded to all who earned it before."""
    form = BackfillForm()
    day = form.since.data
    since = datetime.combine(day, time(), UTC) if day else None

    def change(session: Session, actor: Actor, now: datetime) -> Backfill:
        return backfills.ask(session, actor, slug, since, now=now)

    if attempt(form, change) is None:
        return _page(slug, form), REFUSED
    said = _("It was begun. You may leave this page and come back.")
    return done(said, url_for(".backfill", slug=slug))


def _page(slug: str, form: BackfillForm) -> str:
    place = find(slug)
    listed = backfills.listed(db_session(), slug)
    is_open = bool(listed) and listed[0].finished_at is None
    if is_open:
        wake(current_site(), Task.BACKFILL)
    return render_template(
        "admin/rules/backfill.html",
        place=place,
        form=form,
        listed=listed,
        is_open=is_open,
        reasons={
            backfills.TOO_LONG: _("It takes longer than it may here. Those who run the site can:"),
            backfills.BROKEN: _("It was tried several times, and whoever did it died over it."),
        },
        TOO_LONG=backfills.TOO_LONG,
    )
